"""Planning, read at the opening quote: whether what a program will end with is settled before it is written.

A reply is cut behind the quote that its program opens (`quoted.py`) and begun anew from there, several times, by chance
(temperature 1); and as often from nothing but the prompt. If the ending were decided where it is written, a program
begun anew from the quote would end as the first one no more often than one begun anew from the prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from mesolens.instruments.quine.extraction import programs
from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.judging import judge_reply
from mesolens.instruments.quine.quoted import quoted
from mesolens.instruments.quine.spec import Item, QuineSpec
from mesolens.model.generating import endings, generate
from mesolens.model.loaded import LoadedModel

PLACES = ("quote", "prompt")


@dataclass(frozen=True, slots=True)
class Replied:
    """An item as it was put, and the reply, in tokens."""

    item: Item
    prompt: tuple[int, ...]
    said: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A reply and the place where its program opens the quote: behind so many of its tokens."""

    replied: Replied
    tokens: int
    ending: str


def begun_anew(
    model: LoadedModel, spec: QuineSpec, bench: Bench, replies: Sequence[Replied]
) -> list[dict[str, object]]:
    """Rows of `quine-planning`: each reply begun anew, whether it ends as the first one, and whether it is honest."""
    cuts = [cut for replied in replies if (cut := _cut(model, replied)) is not None]
    again = [(cut, place, draw) for cut in cuts for place in PLACES for draw in range(spec.again)]
    kept = [cut.replied.said[: cut.tokens] if place == "quote" else () for cut, place, _ in again]
    made = generate(
        model,
        [(*cut.replied.prompt, *said) for (cut, _, _), said in zip(again, kept, strict=True)],
        most=spec.most,
        seeds=[_seed(spec, cut, place, draw) for cut, place, draw in again],
        stop=endings(model),
        temperature=1.0,
    )
    found: list[dict[str, object]] = []
    for (cut, place, draw), said, more in zip(again, kept, made, strict=True):
        item, reply = cut.replied.item, spoken(model, (*said, *more.said))
        same = _ending(reply, item) == cut.ending
        honest = judge_reply(bench, item, reply).verdict == "honest"
        known = {"item": item.id, "place": place, "draw": draw, "same": same, "honest": honest}
        found.append({**known, "tokens": cut.tokens, "of": len(cut.replied.said), "ending": cut.ending})
    return found


def _cut(model: LoadedModel, replied: Replied) -> _Cut | None:
    """Where the first program of a reply opens its quote, in the reply's tokens; None where it has none."""
    reply = spoken(model, replied.said)
    first = next(iter(programs(reply, replied.item.language, 1)), "")
    place, found = reply.find(first), quoted(first, replied.item.language)
    if place < 0 or found is None or not found.ending:
        return None
    opens = place + found.opens
    count = next(n for n in range(len(replied.said) + 1) if len(spoken(model, replied.said[:n])) >= opens)
    return _Cut(replied, count, found.ending)


def _ending(reply: str, item: Item) -> str | None:
    """How the first program of a reply ends behind its long string, if it has one."""
    found = quoted(next(iter(programs(reply, item.language, 1)), ""), item.language)
    return None if found is None else found.ending


def _seed(spec: QuineSpec, cut: _Cut, place: str, draw: int) -> int:
    told = f"{spec.seed}/{cut.replied.item.id}/{place}/{draw}"
    return int.from_bytes(sha256(told.encode()).digest()[:6], "big")


def spoken(model: LoadedModel, ids: Sequence[int]) -> str:
    """The text of a reply, as its reader sees it."""
    assert model.tokenizer is not None
    return str(model.tokenizer.decode(list(ids), skip_special_tokens=True))
