"""Ways to ask a puzzle that leave the puzzle alone: once, several times over, or with words behind it that say nothing.

===========  ==========================================================================================================
plain        the question
repeat r     the question r times
filler f     the question, and then f dots
counting f   the question, and then the numbers from 1 to f
framed as …  the question, and then friendly words on nothing in particular, as many tokens as the other condition adds
===========  ==========================================================================================================

A model that gains by repeats may gain by reading again, by having more places to reckon at, or by the tone of a longer
message; the framed condition of the same length tells the first from the others. In every condition the reply is begun
for the model, so that no step can be written down before the answer.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mesolens.errors import BadInput
from mesolens.model.question import Question
from mesolens.traits.puzzles import Puzzle

Length = Callable[[str], int]
"""How long a text is: in tokens where there is a tokenizer, else in :func:`pieces`."""
_PIECES = re.compile(r"[^\W\d]+|[0-9]{1,3}|[^\w\s]")

PREFILL = "The answer is"
SYSTEM = "Give the answer at once, with no steps and no other words."
KINDS = ("plain", "repeat", "filler", "counting", "framed")
_FRIENDLY = (
    "It is good to have you here today, and there is no hurry at all.",
    "The garden behind the house is green after the rain, and someone is baking bread.",
    "Thank you for taking the time; many people enjoy a quiet afternoon such as this one.",
    "A small boat goes by, the children wave, and the old man on the bench waves back.",
    "Whatever the season, a warm cup of tea and a kind word make the day a little lighter.",
)
_WORDS = tuple(word for sentence in _FRIENDLY for word in sentence.split())


@dataclass(frozen=True, slots=True)
class Condition:
    """A way to ask.

    Attributes:
        amount: how often the question stands, or how many dots or numbers follow; 0 where there is none.
        like: for `framed`, the condition whose length it has.
    """

    kind: str
    amount: int = 0
    like: "Condition | None" = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput(f"no condition is called {self.kind!r}; there are {', '.join(KINDS)}")
        least = {"repeat": 2, "filler": 1, "counting": 1}.get(self.kind, 0)
        if not least <= self.amount <= 10_000:
            raise BadInput(f"{self.kind} {self.amount}: give at least {least}, and at most 10000")
        if (self.kind == "framed") != (self.like is not None):
            raise BadInput("a framed condition, and no other, is as long as another one; name that")

    @property
    def name(self) -> str:
        """How it is called.

        >>> Condition("framed", like=Condition("repeat", 3)).name
        'framed as repeat 3'
        """
        if self.like is not None:
            return f"framed as {self.like.name}"
        return f"{self.kind} {self.amount}" if self.amount else self.kind


PLAIN = Condition("plain")


def pieces(text: str) -> int:
    """About how many tokens a text has, where no tokenizer is at hand: words, groups of three digits, and marks.

    >>> pieces("What is 1234 + 5?")
    7
    """
    return len(_PIECES.findall(text))


def conditions(repeat: int = 3, filler: int = 30) -> tuple[Condition, ...]:
    """Plain, repeats, fillers, and a framing for each of the two.

    >>> [each.name for each in conditions()]
    ['plain', 'repeat 3', 'filler 30', 'framed as repeat 3', 'framed as filler 30']
    """
    longer = (Condition("repeat", repeat), Condition("filler", filler))
    return (PLAIN, *longer, *(Condition("framed", like=each) for each in longer))


def added(question: str, condition: Condition, length: Length, *, start: int = 0) -> str:
    """What stands behind a question in a condition.

    Args:
        start: at which of the friendly words a framing begins.

    >>> added("What is 1 + 1?", Condition("repeat", 3), len)
    '\\n\\nWhat is 1 + 1?\\n\\nWhat is 1 + 1?'
    """
    if condition.like is not None:
        return _friendly(length(question + added(question, condition.like, length)), question, length, start)
    behind = {
        "plain": "",
        "repeat": f"\n\n{question}" * (condition.amount - 1),
        "filler": "\n\n" + " ".join(["."] * condition.amount),
        "counting": "\n\n" + " ".join(map(str, range(1, condition.amount + 1))),
    }
    return behind[condition.kind]


def _friendly(wanted: int, question: str, length: Length, start: int) -> str:
    """Words until question and words are as long as wanted, the last one cut where a whole one would be too long."""

    def text(count: int) -> str:
        return "\n\n" + " ".join(_WORDS[(start + place) % len(_WORDS)] for place in range(count))

    def most(candidates: Sequence[str]) -> str:
        over = bisect_left(candidates, wanted + 1, key=lambda behind: length(question + behind))
        return candidates[max(over - 1, 0)]

    enough = max(1, wanted - length(question)) * 2
    whole = most([text(count) for count in range(enough + 1)])
    longer = text(len(whole.split()) + 1)
    return most([longer[:end] for end in range(len(whole), len(longer) + 1)])


@dataclass(frozen=True, slots=True)
class Manner:
    """What is the same in every condition.

    Attributes:
        shots: puzzles that are asked and answered before, in the same words as the reply is to have.
        form: how the chat is written down (:mod:`mesolens.model.writing`); `raw` for models that know no chat.
    """

    shots: tuple[Puzzle, ...] = ()
    system: str = SYSTEM
    prefill: str = PREFILL
    form: str = "chat"


def asked(puzzle: Puzzle, condition: Condition, manner: Manner, length: Length, *, start: int = 0) -> Question:
    """The puzzle as it is put to a model.

    >>> asked(Puzzle("arithmetic", "1", "What is 1 + 1?", "2", 1.0), PLAIN, Manner(), len).prefill
    'The answer is'
    """
    before = tuple(
        turn
        for shot in manner.shots
        for turn in (("user", shot.question), ("assistant", f"{manner.prefill} {shot.answer}."))
    )
    text = puzzle.question + added(puzzle.question, condition, length, start=start)
    return Question(
        text, core=puzzle.question, system=manner.system, before=before, prefill=manner.prefill, form=manner.form
    )


def compared(found: Sequence[Condition]) -> list[tuple[int, int]]:
    """Which conditions are held against which: each against plain, and each against its framing.

    >>> compared(conditions())
    [(1, 0), (2, 0), (3, 0), (4, 0), (1, 3), (2, 4)]
    """
    plain = [place for place, each in enumerate(found) if each.kind == "plain"][:1]
    pairs = [(place, first) for first in plain for place in range(len(found)) if place != first]
    return [*pairs, *((found.index(each.like), place) for place, each in enumerate(found) if each.like in found)]
