"""Questions that are answered at once, with no step written down: sums, and chains of facts that are told.

A puzzle has one short answer that its question fixes, and a difficulty: how many operations a sum has, how many facts a
chain goes through. All words here are our own, and puzzles are drawn, so none was ever read before.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.traits.integers import integer
from mesolens.traits.sums import draw_sum, value_of, written

SUMS, CHAINS = "arithmetic", "multi-hop"
_OPENING = re.compile(r"[\s*`\"'“‘:=(]*(?:the\s+)?", re.IGNORECASE)
NAMES = ("Ann", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Ivy", "Jack")


@dataclass(frozen=True, slots=True)
class Puzzle:
    """One question with its answer.

    Attributes:
        family: puzzles of one kind, whose difficulties can be compared.
        answer: as text; a whole number where there are no choices.
        choices: the words among which the answer is; empty for a whole number.
        group: the cluster for intervals; "" makes it one of its own.
    """

    family: str
    id: str
    question: str
    answer: str
    difficulty: float
    choices: tuple[str, ...] = ()
    group: str = ""

    def __post_init__(self) -> None:
        name = printable(repr(self.id), 60)
        if self.choices and self.answer not in self.choices:
            raise BadInput(
                f"puzzle {name} is answered {printable(repr(self.answer), 40)}, which is none of its choices"
            )
        if not self.choices and str(integer(self.answer)) != self.answer:
            raise BadInput(f"puzzle {name} is answered {printable(repr(self.answer), 40)}, which is no whole number")

    @property
    def cluster(self) -> str:
        """The group, or the puzzle's own name."""
        return self.group or f"{self.family} {self.id}"


def said(puzzle: Puzzle, reply: str, *, cut: bool = False) -> str | None:
    """What a reply answers, in the form of `answer`; None where it gives no answer of the kind that is asked for.

    Args:
        cut: whether the reply was stopped at its greatest length.

    >>> said(Puzzle(SUMS, "1", "What is 2 + 2?", "4", 1.0), " 4.")
    '4'
    >>> said(Puzzle(CHAINS, "1", "Who?", "Ann", 1.0, ("Ann", "Ben")), " Ben, of course"), said(
    ...     Puzzle(CHAINS, "1", "Who?", "Ann", 1.0, ("Ann", "Ben")), "Anna")
    ('Ben', None)
    """
    if not puzzle.choices:
        found = integer(reply, cut=cut)
        return None if found is None else str(found)
    opening = _OPENING.match(reply)
    rest = reply[opening.end() if opening else 0 :]
    fits = [each for each in puzzle.choices if rest.lower().startswith(each.lower()) and _ends(rest[len(each) :], cut)]
    return max(fits, key=len) if fits else None


def _ends(rest: str, cut: bool) -> bool:
    """Whether a word is over where it is followed by this."""
    return not cut if not rest else not (rest[0].isalnum() or rest[0] in "-_")


def draw_sums(
    each: int, operations: Sequence[int] = (1, 2, 3, 4, 5, 6), *, digits: int = 2, seed: int = 0
) -> list[Puzzle]:
    """So many sums for each number of operations, no two alike; the difficulty is the number of operations.

    >>> [puzzle.difficulty for puzzle in draw_sums(2, (1, 3))]
    [1.0, 1.0, 3.0, 3.0]

    Raises:
        BadInput: a dial is out of range, or there are not so many different sums.
    """
    rng, seen = np.random.default_rng(seed), set[str]()
    found: list[Puzzle] = []
    for count in operations:
        for number in range(each):
            text, value = _new(rng, count, digits, seen)
            found.append(Puzzle(SUMS, f"{count}.{number}", f"What is {text}?", value, float(count)))
    return found


def _new(rng: np.random.Generator, operations: int, digits: int, seen: set[str]) -> tuple[str, str]:
    for _ in range(1000):
        drawn = draw_sum(rng, operations, digits)
        text = written(drawn)
        if text not in seen:
            seen.add(text)
            return text, str(value_of(drawn))
    raise BadInput(f"no more sums of {operations} operations on {digits} digits; ask for fewer, or for more digits")


def draw_chains(each: int, hops: Sequence[int] = (1, 2, 3, 4, 5), *, people: int = 8, seed: int = 0) -> list[Puzzle]:
    """So many chains for each number of facts that the answer goes through.

    All people teach one another in a ring, so who is asked about is never the answer, and all others are as likely.

    >>> draw_chains(1, (2,), people=3)[0].choices
    ('Ann', 'Ben', 'Clara')

    Raises:
        BadInput: there are too few people for the hops, or too many for the names.
    """
    if not max(hops, default=0) < people <= len(NAMES) or min(hops, default=1) < 1:
        raise BadInput(f"{people} people with {list(hops)} hops; give more people than hops, and at most {len(NAMES)}")
    rng, names = np.random.default_rng(seed), NAMES[:people]
    return [_chain(rng, names, count, f"{count}.{number}") for count in hops for number in range(each)]


def _chain(rng: np.random.Generator, names: Sequence[str], hops: int, name: str) -> Puzzle:
    ring = [names[int(place)] for place in rng.permutation(len(names))]
    facts = [f"{ring[place]} is taught by {ring[(place + 1) % len(ring)]}." for place in range(len(ring))]
    told = " ".join(facts[place] for place in rng.permutation(len(facts)).tolist())
    asked = f"Who is {'the teacher of ' * hops}{ring[0]}?"
    return Puzzle(CHAINS, name, f"{told} {asked}", ring[hops], float(hops), tuple(names))
