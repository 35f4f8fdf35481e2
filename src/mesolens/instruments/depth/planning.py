"""Planning, measured: where stories are heading, read at several places, and what is announced and done.

`depth-plan` has for each reply, at each cut of it, the log-probabilities of the words among which the story may end,
read behind the closing phrase; and the same for replies begun anew from the middle. `depth-announce` has those of the
announcement, and of the deed behind each announcement. What is drawn is drawn when the tables are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.shards import Shard, Tables, content_key
from mesolens.instruments.depth.planning_setting import PlanItem, PlanSpec
from mesolens.instruments.depth.work import bound
from mesolens.model.card import ModelCard
from mesolens.model.generating import generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score
from mesolens.traits.task_ids import Ids

KIND = PLAN = "depth-plan"
ANNOUNCE = "depth-announce"
CUTS = (0, 25, 50, 75, 100)
"""Percent of a reply's tokens after which it is asked where it is heading."""
MIDDLE = 50
_WEIGHTS = ("weights", pa.list_(pa.float64()))
PLAN_SCHEMA = pa.schema(
    [
        ("item", pa.int32()),
        ("draw", pa.int32()),
        ("again", pa.int32()),
        ("cut", pa.int32()),
        ("ids", pa.list_(pa.int32())),
        _WEIGHTS,
    ]
)
"""`again` is −1 for the reply itself, and `ids` are its tokens up to the cut."""
ANNOUNCE_SCHEMA = pa.schema([("item", pa.int32()), ("announced", pa.int32()), _WEIGHTS])
"""`announced` is −1 where the weights are those of the announcement, else the word behind which the deed is read."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A place where the last word is read."""

    item: int
    draw: int
    again: int
    cut: int
    said: Ids


def plan_shards(card: ModelCard, spec: PlanSpec) -> list[Shard]:
    """Shards of so many items; none where nothing can be asked."""
    return [_shard(card, spec, start) for start in range(0, len(spec.items), spec.shard_items)]


def _shard(card: ModelCard, spec: PlanSpec, start: int) -> Shard:
    items = spec.items[start : start + spec.shard_items]
    work = {**asdict(spec), "items": [asdict(item) for item in items], "start": start}
    return bound(card, KIND, work, len(items))


def plan_tokens(spec: PlanSpec) -> int:
    """Tokens that run through the model, at most."""
    words = sum(map(len, spec.tokens))
    replies = spec.draws * (1 + spec.again) * spec.most
    read = spec.draws * (len(CUTS) + spec.again) * len(spec.tokens)
    found = 0
    for item in spec.items:
        whole = len(item.prompt) + spec.most + len(spec.closing)
        told = len(spec.tokens) * sum(map(len, (item.announce, *item.deeds)))
        found += spec.draws * (1 + spec.again) * len(item.prompt) + replies + read * whole + told + words
    return found


def _work(shard: Shard) -> tuple[PlanSpec, int]:
    """The specification with the shard's items, and the number of the first of them."""
    fields = dict(cast("Mapping[str, Any]", shard.depends["work"]))
    start = int(fields.pop("start"))
    items = tuple(
        PlanItem(tuple(each["prompt"]), tuple(each["announce"]), tuple(map(tuple, each["deeds"])))
        for each in fields.pop("items")
    )
    told = {name: tuple(fields.pop(name)) for name in ("options", "closing", "stop")}
    return PlanSpec(items=items, tokens=tuple(map(tuple, fields.pop("tokens"))), **told, **fields), start


def plan_ahead(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-plan` and `depth-announce` of a shard's items."""
    spec, start = _work(shard)
    places = _places(model, spec, start)
    prompts = [(*spec.items[each.item].prompt, *each.said, *spec.closing) for each in places]
    plan = {
        "item": [each.item + start for each in places],
        **{name: [getattr(each, name) for each in places] for name in ("draw", "again", "cut")},
        "ids": [list(each.said) for each in places],
        "weights": weigh(model, prompts, spec.tokens, spec.batch_tokens).tolist(),
    }
    told = [(number, place) for number in range(len(spec.items)) for place in range(-1, len(spec.options))]
    asked = [spec.items[n].announce if place < 0 else spec.items[n].deeds[place] for n, place in told]
    announce = {
        "item": [number + start for number, _ in told],
        "announced": [place for _, place in told],
        "weights": weigh(model, asked, spec.tokens, spec.batch_tokens).tolist(),
    }
    return {PLAN: pa.table(plan, schema=PLAN_SCHEMA), ANNOUNCE: pa.table(announce, schema=ANNOUNCE_SCHEMA)}


def _places(model: LoadedModel, spec: PlanSpec, start: int) -> list[_Reading]:
    whose = [(number, draw) for number in range(len(spec.items)) for draw in range(spec.draws)]
    seeds = [_seed(spec, number + start, draw, -1) for number, draw in whose]
    replies = _replies(model, spec, [spec.items[number].prompt for number, _ in whose], seeds)
    found = [
        _Reading(number, draw, -1, cut, reply[: len(reply) * cut // 100])
        for (number, draw), reply in zip(whose, replies, strict=True)
        for cut in CUTS
    ]
    anew = [replace(each, again=again, cut=100) for each in found if each.cut == MIDDLE for again in range(spec.again)]
    begun = [(*spec.items[each.item].prompt, *each.said) for each in anew]
    seeds = [_seed(spec, each.item + start, each.draw, each.again) for each in anew]
    rests = _replies(model, spec, begun, seeds)
    return found + [
        replace(each, said=(*each.said, *rest[: spec.most - len(each.said)]))
        for each, rest in zip(anew, rests, strict=True)
    ]


def _seed(spec: PlanSpec, item: int, draw: int, again: int) -> int:
    """Of one reply, whatever else is replied to beside it."""
    return int(content_key([spec.seed, item, draw, again]), 16)


def _replies(model: LoadedModel, spec: PlanSpec, prompts: Sequence[Ids], seeds: Sequence[int]) -> list[Ids]:
    found = generate(model, prompts, most=spec.most, seeds=seeds, stop=frozenset(spec.stop), temperature=1.0)
    return [reply.said for reply in found]


def weigh(
    model: LoadedModel, prompts: Sequence[Ids], options: Sequence[Ids], batch_tokens: int
) -> Float[np.ndarray, "I C"]:
    """Log-probabilities of each option after each prompt, in nats, among the options alone."""
    rows = [Row(prompt, option) for prompt in prompts for option in options]
    sums = np.array([sum(values) for values in score(model, rows, batch_tokens=batch_tokens)])
    logp = sums.reshape(len(prompts), len(options))
    top = logp.max(1, keepdims=True)
    return logp - top - np.log(np.exp(logp - top).sum(1, keepdims=True))
