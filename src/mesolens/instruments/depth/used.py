"""USED: does the answer follow when a step's value is exchanged in the stream?

At one boundary the state h of an item whose step has the value v, and might have had v′, becomes

    swap      h + mean(v′) − mean(v),     means over items of the other half, of which this one is none
    shuffled  the same with that half's values dealt out anew: what a push of such a kind does by itself
    mean      mean(v′) itself, without what else the state held
    patch     the state of an item of the other half whose step has the value v′

and it counts when the model's choice becomes what the answer would be if the step had the value v′. Only items that the
model answers rightly take part, on either side. A patch carries over all else that the other item holds as well, so it
asks for more than a swap where that gets in the way, and for less where the value is not linear.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.depth.passing import Push, decide
from mesolens.instruments.depth.work import LevelWork
from mesolens.model.loaded import LoadedModel
from mesolens.traits.task_ids import Asked

TABLE = "depth-used"
WAYS = ("swap", "shuffled", "mean", "patch")
SCHEMA = pa.schema(
    [("item", pa.int32()), ("layer", pa.int32()), ("step", pa.string()), ("way", pa.string()), ("said", pa.int32())]
)
_FEWEST = 2
"""Items of a value, below which a mean is no mean."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One thing to try: of which item which step, at which boundary, and what is added there."""

    item: int
    step: int
    layer: int
    way: str
    vector: Float[np.ndarray, " W"]


def use(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-used`: for each item, boundary, step and way what the model says."""
    work = LevelWork.of(shard)
    taking = [place for place, right in enumerate(work.right) if right]
    items = [work.items[place] for place in taking]
    prompts, choices = [item.prompt for item in items], [item.choices for item in items]
    seen = decide(model, prompts, choices, batch_tokens=work.batch_tokens, look=True) if items else None
    states = {place: seen.states[n] for n, place in enumerate(taking)} if seen is not None else {}
    rows: list[dict[str, object]] = []
    for fold in sorted(set(work.folds)):
        other = [place for place in taking if work.folds[place] != fold]
        mine = [place for place in taking if work.folds[place] == fold and place in set(work.places)]
        changes = [change for place in mine for change in _changes(work, place, other, states)]
        rows += _tried(model, work, changes)
    return {TABLE: pa.Table.from_pylist(rows, schema=SCHEMA)}


def _tried(model: LoadedModel, work: LevelWork, changes: Sequence[_Change]) -> Iterator[dict[str, object]]:
    items = [work.items[change.item] for change in changes]
    push = Push([change.layer for change in changes], lambda rows: np.stack([changes[row].vector for row in rows]))
    prompts, choices = [item.prompt for item in items], [item.choices for item in items]
    said = decide(model, prompts, choices, batch_tokens=work.batch_tokens, push=push).said if items else []
    for change, item, word in zip(changes, items, said, strict=True):
        yield {
            "item": change.item,
            "layer": change.layer,
            "step": item.steps[change.step],
            "way": change.way,
            "said": word,
        }


def _changes(
    work: LevelWork, place: int, other: Sequence[int], states: dict[int, Float[np.ndarray, "B W"]]
) -> Iterator[_Change]:
    """All that is tried of one item, with what the other half knows."""
    item = work.items[place]
    for step, name in enumerate(item.steps):
        told, own = item.others[step], item.values[step]
        if told is None or told[1] == item.answer:
            continue
        have = {there: _value(work.items[there], name) for there in other if name in work.items[there].steps}
        ways = {
            "swap": _difference(have, own, told[0], states),
            "shuffled": _difference(_dealt(have, work.seed), own, told[0], states),
            "mean": _mean(have, told[0], states, place),
            "patch": _exchange(work, place, [there for there, value in have.items() if value == told[0]], states),
        }
        for way, vectors_BW in ways.items():
            if vectors_BW is not None:
                yield from (_Change(place, step, layer, way, vector) for layer, vector in enumerate(vectors_BW))


def _value(item: Asked, name: str) -> int:
    return item.values[item.steps.index(name)]


def _dealt(have: dict[int, int], seed: int) -> dict[int, int]:
    values = np.random.default_rng(seed).permutation(list(have.values())).tolist()
    return dict(zip(have, values, strict=True))


def _difference(
    have: dict[int, int], own: int, other: int, states: dict[int, Float[np.ndarray, "B W"]]
) -> Float[np.ndarray, "B W"] | None:
    """mean(other) − mean(own) at every boundary; None where either has too few items."""
    sides = [[states[there] for there, value in have.items() if value == wanted] for wanted in (other, own)]
    if min(map(len, sides)) < _FEWEST:
        return None
    return np.mean(sides[0], axis=0) - np.mean(sides[1], axis=0)


def _mean(
    have: dict[int, int], other: int, states: dict[int, Float[np.ndarray, "B W"]], place: int
) -> Float[np.ndarray, "B W"] | None:
    """From the item's own state to mean(other); None where there are too few items."""
    side = [states[there] for there, value in have.items() if value == other]
    return np.mean(side, axis=0) - states[place] if len(side) >= _FEWEST else None


def _exchange(
    work: LevelWork, place: int, donors: Sequence[int], states: dict[int, Float[np.ndarray, "B W"]]
) -> Float[np.ndarray, "B W"] | None:
    """The difference to a donor, one whose prompt is as long where there is one; None where there is no donor."""
    length = len(work.items[place].prompt)
    alike = [there for there in donors if len(work.items[there].prompt) == length] or list(donors)
    if not alike:
        return None
    return states[alike[int(np.random.default_rng((work.seed, place)).integers(len(alike)))]] - states[place]
