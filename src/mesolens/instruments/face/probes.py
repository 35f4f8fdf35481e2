"""Questions about oneself, written down for one tokenizer: prompts, and every way of writing each answer.

A model may answer `Yes`, ` Yes` or `yes`, whichever its tokenizer and its training made likely; that is one answer, and
its mass is the sum. An answer is read from the prompt's own pass where it is one token that no other answer begins
with; answers such as ` (A)` and ` (B)`, which are several tokens and begin alike, keep all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.batches import Ids
from mesolens.model.chat import encode_continuation
from mesolens.model.chats import encode_chats
from mesolens.model.loaded import LoadedModel

Ways = tuple[Ids, ...]
"""The ways of writing one answer; none is the beginning of another."""


@dataclass(frozen=True, slots=True)
class Posed:
    """An item in one order of its options.

    Attributes:
        question: the user's whole message.
        answers: all answers that it leaves open.
        matching: which of them somebody gives who has the trait.
    """

    question: str
    answers: tuple[str, ...]
    matching: int


@dataclass(frozen=True, slots=True)
class Probe:
    """An item as token ids, once for each order in which it is put.

    Attributes:
        prompts: for each order the prompt, up to where the answer begins.
        answers: for each order its answers, each with its ways of being written.
        matching: for each order which answer somebody gives who has the trait.
    """

    id: str
    trait: str
    prompts: tuple[Ids, ...]
    answers: tuple[tuple[Ways, ...], ...]
    matching: tuple[int, ...]


Item = tuple[str, str, Sequence[Posed]]
"""An item's id, its trait, and the item in each of its orders."""


def written(model: LoadedModel, items: Sequence[Item], system: str = "") -> list[Probe]:
    """The items as probes, in their order.

    Args:
        system: a system message before every question; "" for none.

    Raises:
        BadInput: an item has fewer than two answers or two alike, `matching` names none, the model has no tokenizer,
            or its template refuses the chat.
    """
    posed = [each for _, _, orders in items for each in orders]
    for each in posed:
        _check(each)
    chats = [_chat(each.question, system) for each in posed]
    prompts = iter(encode_chats(model.tokenizer, chats))
    ways: dict[tuple[str, ...], tuple[Ways, ...]] = {}
    for each, chat in zip(posed, chats, strict=True):
        if each.answers not in ways:  # every prompt ends as the template ends it, so the seam is the same for all
            ways[each.answers] = _ways(model, chat, each.answers)
    return [
        Probe(
            name,
            trait,
            tuple(next(prompts) for _ in orders),
            tuple(ways[each.answers] for each in orders),
            tuple(each.matching for each in orders),
        )
        for name, trait, orders in items
    ]


def _chat(question: str, system: str) -> list[Mapping[str, str]]:
    user = {"role": "user", "content": question}
    return [{"role": "system", "content": system}, user] if system else [user]


def spellings(answer: str) -> tuple[str, ...]:
    """How an answer may be written: as it is given, and with no space before it or in small letters.

    >>> spellings(" Yes")
    (' Yes', 'Yes', ' yes', 'yes')
    """
    return tuple(dict.fromkeys((answer, answer.strip(), answer.lower(), answer.strip().lower())))


def _ways(model: LoadedModel, chat: Sequence[Mapping[str, str]], answers: tuple[str, ...]) -> tuple[Ways, ...]:
    """Every answer's ways: single tokens where each answer has some of its own, else all that can be told apart."""
    every = [
        tuple(dict.fromkeys(encode_continuation(model.tokenizer, chat, text) for text in spellings(each)))
        for each in answers
    ]
    single = [tuple(way for way in ways if len(way) == 1) for ways in every]
    if all(single) and not _overlap(single):
        return tuple(single)
    kept = [_apart(ways) for ways in every]
    return tuple(ways[:1] for ways in every) if _overlap(kept) else tuple(kept)


def _overlap(answers: Sequence[Ways]) -> bool:
    """Whether a way of one answer is the beginning of a way of another."""
    told = [(place, way) for place, ways in enumerate(answers) for way in ways]
    return any(a != b and other[: len(way)] == way for a, way in told for b, other in told)


def _apart(ways: Ways) -> Ways:
    """The ways that begin with no other: what follows a shorter one is counted with it already."""
    return tuple(way for way in ways if not any(way != other and way[: len(other)] == other for other in ways))


def _check(posed: Posed) -> None:
    if len(set(posed.answers)) != len(posed.answers) or len(posed.answers) < 2:
        shown = ", ".join(printable(repr(each), 40) for each in posed.answers) or "none"
        raise BadInput(f"a question about oneself needs two different answers or more, and has {shown}")
    if not 0 <= posed.matching < len(posed.answers):
        raise BadInput(f"answer {posed.matching} matches, and there are {len(posed.answers)}, counted from 0")
