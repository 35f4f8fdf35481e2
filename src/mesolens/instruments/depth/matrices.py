"""From what was measured of each item to matrices of boundary by step, each cell with its interval, beside its chance.

Whether a cell is beyond chance is asked item by item, hit less control, with intervals and tests by cluster
(:mod:`mesolens.evidence.clusters`), adjusted for all cells of a matrix. The control of READ is what the lens's words
would hit if they were dealt out among the items: for an item with the value v, the part of all items for which the lens
said v. That of PRESENT is the larger of shuffled and newborn, that of USED the swap of shuffled classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from mesolens.evidence.clusters import chances, cluster_means
from mesolens.evidence.discoveries import adjusted
from mesolens.evidence.proportions import proportions
from mesolens.evidence.shards import Json
from mesolens.traits.task_ids import Asked

RATE = 0.05
LEAST, HALF = 0.1, 0.5
"""Which part of what is above its control a cell must have, besides being beyond it surely, to carry a verdict: for a
step to be called used or present, and for it to be called readable."""


@dataclass(frozen=True, slots=True)
class Level:
    """The items of a matrix: their steps' names in order of coming, and the boundaries' names."""

    items: Sequence[Asked]
    steps: Sequence[str]
    layers: Sequence[str]

    @property
    def groups(self) -> list[str]:
        """Each item's cluster."""
        return [item.group for item in self.items]

    @property
    def values(self) -> Float[np.ndarray, "I S"]:
        """Each item's value of each step; NaN where it has no such step."""
        found = np.full((len(self.items), len(self.steps)), np.nan)
        for place, item in enumerate(self.items):
            for name, value in zip(item.steps, item.values, strict=True):
                found[place, self.steps.index(name)] = value
        return found


def read_hits(table: pa.Table, level: Level) -> tuple[Float[np.ndarray, "I L S"], Float[np.ndarray, "I L S"]]:
    """Whether the lens says each step's value at each boundary, and how often it would if its words were dealt out."""
    said = np.full((len(level.items), len(level.layers)), np.nan)
    said[table["item"].to_numpy(), table["layer"].to_numpy()] = table["said"].to_numpy()
    values = level.values
    lacks = np.isnan(values)[:, None, :] | np.isnan(said)[:, :, None]
    hits = np.where(lacks, np.nan, said[:, :, None] == values[:, None, :])
    dealt = np.empty_like(hits)
    for layer in range(said.shape[1]):
        there = said[~np.isnan(said[:, layer]), layer]
        dealt[:, layer] = (there[:, None, None] == values).mean(0) if len(there) else np.nan
    return hits, np.where(lacks, np.nan, dealt)


def hits_of(table: pa.Table, level: Level, column: str = "hit") -> Float[np.ndarray, "I L S"]:
    """A column of a table by item, boundary and step; NaN where nothing was measured."""
    found = np.full((len(level.items), len(level.layers), len(level.steps)), np.nan)
    steps = [level.steps.index(name) for name in table["step"].to_pylist()]
    figures = table[column].cast(pa.float64()) if table[column].type != pa.bool_() else table[column].cast(pa.int8())
    found[table["item"].to_numpy(), table["layer"].to_numpy(), steps] = figures.to_numpy()
    return found


def followed(table: pa.Table, level: Level) -> tuple[Float[np.ndarray, "I L S"], Float[np.ndarray, "I L S"]]:
    """Whether what is said is what would follow, by item, boundary and step; and how often if it were dealt out."""
    said, wanted = hits_of(table, level, "said"), np.full((len(level.items), len(level.steps)), np.nan)
    for place, item in enumerate(level.items):
        for name, other in zip(item.steps, item.others, strict=True):
            wanted[place, level.steps.index(name)] = np.nan if other is None else other[1]
    lacks = np.isnan(said)
    hits = np.where(lacks, np.nan, said == wanted[:, None, :])
    dealt = np.full_like(hits, np.nan)
    for layer, step in np.ndindex(said.shape[1:]):
        there = said[~lacks[:, layer, step], layer, step]
        if len(there):
            dealt[:, layer, step] = (there[:, None] == wanted[:, step]).mean(0)
    return hits, np.where(lacks, np.nan, dealt)


def given_away(level: Level, halves_I: Int[np.ndarray, " I"]) -> Float[np.ndarray, " S"]:
    """How often a step's value alone tells the answer: the commonest answer with that value in the other half."""
    answers, values = np.array([item.answer for item in level.items]), level.values
    found = np.zeros(len(level.steps))
    for step, column in enumerate(values.T):
        told: list[bool] = []
        for place in np.flatnonzero(~np.isnan(column)).tolist():
            alike = answers[(column == column[place]) & (halves_I != halves_I[place])]
            told.append(len(alike) > 0 and int(np.bincount(alike).argmax()) == int(answers[place]))
        found[step] = np.mean(told) if told else 0.0
    return found


def cells(hits_ILS: Float[np.ndarray, "I L S"], groups: Sequence[str]) -> list[Json]:
    """Layer by step `{"value", "low", "high"}`; None where no item was measured."""
    shape = hits_ILS.shape[1:]
    share = proportions(hits_ILS.reshape(len(hits_ILS), -1), groups)
    low, high = np.minimum(share.low, share.share), np.maximum(share.high, share.share)
    return _grid([figures(*row) for row in zip(share.share.tolist(), low.tolist(), high.tolist(), strict=True)], shape)


def means(hits_ILS: Float[np.ndarray, "I L S"]) -> list[Json]:
    """Layer by step the mean over items; None where no item was measured."""
    there = ~np.isnan(hits_ILS)
    count = there.sum(0)
    found = np.divide(np.nansum(hits_ILS, 0), count, out=np.full(count.shape, np.nan), where=count > 0)
    return _grid([None if np.isnan(value) else value for value in found.ravel().tolist()], count.shape)


def figures(value: float, low: float, high: float) -> Json:
    """A figure with its interval; None where there is none."""
    return None if np.isnan(value) else {"value": value, "low": low, "high": high}


def _grid(flat: Sequence[Json], shape: tuple[int, ...]) -> list[Json]:
    columns = shape[1]
    return [list(flat[row * columns : (row + 1) * columns]) for row in range(shape[0])]


def beyond(
    hits_ILS: Float[np.ndarray, "I L S"],
    control_ILS: Float[np.ndarray, "I L S"],
    groups: Sequence[str],
    part: float = LEAST,
) -> Float[np.ndarray, "L S"]:
    """How far each cell is beyond its control where that is sure and such a part of what can be; 0 where it is not."""
    differences = (hits_ILS - control_ILS).reshape(len(hits_ILS), -1)
    found = cluster_means(differences, groups)
    if found is None:
        return np.zeros(hits_ILS.shape[1:])
    room = cluster_means(np.where(np.isnan(differences), np.nan, 1 - control_ILS.reshape(differences.shape)), groups)
    assert room is not None
    p = np.where(found.freedom > 0, chances(found), np.nan)
    sure = (adjusted(p) <= RATE) & (found.mean >= part * room.mean)
    return np.where(sure, found.mean, 0.0).reshape(hits_ILS.shape[1:])


def highest(control_LS: Sequence[Json], steps: int) -> list[Json]:
    """For each step the largest figure of a matrix of plain numbers."""
    rows = [cast("Sequence[float | None]", row) for row in control_LS]
    columns = [[row[step] for row in rows if row[step] is not None] for step in range(steps)]
    return [max(cast("list[float]", column)) if column else None for column in columns]


def steps_of(items: Sequence[Asked]) -> list[str]:
    """The names of all steps, in the order in which they come."""
    return list(dict.fromkeys(name for item in items for name in item.steps))


def only(table: pa.Table, way: str) -> pa.Table:
    """The rows of one way of exchanging."""
    kept = [place for place, name in enumerate(table["way"].to_pylist()) if name == way]
    return table.take(kept)
