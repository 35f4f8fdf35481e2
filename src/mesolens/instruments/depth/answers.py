"""What the model answers with no token between, and which level of the task it solves.

A level is one presentation at one k. Matrices are taken on one level, so that every item has the same steps: the one
with most steps that is solved; where none with a step between is solved, the one with fewest, to see what is there all
the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.folds import folds_of
from mesolens.evidence.probes import commonest
from mesolens.evidence.proportions import proportions
from mesolens.evidence.serial import Serial, serial
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.depth.passing import decide
from mesolens.instruments.depth.spec import DepthSpec
from mesolens.instruments.depth.work import AnswersWork
from mesolens.model.loaded import LoadedModel
from mesolens.traits.task_ids import Asked

TABLE = "depth-answers"
SCHEMA = pa.schema([("item", pa.int32()), ("said", pa.int32()), ("free", pa.int32())])


def answer(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-answers`: for each item the likeliest of its choices, and of the whole vocabulary."""
    work = AnswersWork.of(shard)
    found = decide(
        model,
        [item.prompt for item in work.items],
        [item.choices for item in work.items],
        batch_tokens=work.batch_tokens,
    )
    columns = {"item": work.numbers, "said": found.said, "free": found.free}
    return {TABLE: pa.table(columns, schema=SCHEMA)}


@dataclass(frozen=True, slots=True)
class Answered:
    """What items were answered: whether rightly among their choices, and among all tokens; NaN where not asked.

    Attributes:
        items: the task's and those asked besides.
        first: the numbers of those that were asked first.
    """

    items: tuple[Asked, ...]
    right: Float[np.ndarray, " I"]
    free: Float[np.ndarray, " I"]
    first: tuple[int, ...]


def every(spec: DepthSpec) -> tuple[Asked, ...]:
    """The task's items and those asked besides."""
    return (*spec.items, *spec.beside)


def first_asked(spec: DepthSpec) -> tuple[int, ...]:
    """The numbers of the items that are asked first: so many of each level."""
    seen: dict[tuple[str, int], int] = {}
    found: list[int] = []
    for place, item in enumerate(every(spec)):
        level = (item.presentation, item.k)
        seen[level] = seen.get(level, 0) + 1
        if not spec.each or seen[level] <= spec.each:
            found.append(place)
    return tuple(found)


def answered(spec: DepthSpec, tables: Tables) -> Answered:
    """All items, with the answers of those that were asked."""
    items, rows = every(spec), tables[TABLE]
    truth = np.array([item.answer for item in items])
    numbers = rows["item"].to_numpy()
    right, free = (np.full(len(items), np.nan) for _ in range(2))
    right[numbers] = rows["said"].to_numpy() == truth[numbers]
    free[numbers] = rows["free"].to_numpy() == truth[numbers]
    return Answered(items, right, free, first_asked(spec))


def curves(told: Answered, spec: DepthSpec) -> dict[str, Serial]:
    """Accuracy by k of each presentation, over the items asked first, in the order in which presentations come."""
    found: dict[str, Serial] = {}
    for name in dict.fromkeys(item.presentation for item in told.items):
        here = [place for place in told.first if told.items[place].presentation == name]
        items = [told.items[place] for place in here]
        ks = np.array([item.k for item in items])
        groups = [item.group for item in items]
        chance = floors(items, ks, spec.seed)
        found[name] = serial(told.right[here], ks, chance, groups, draws=spec.draws, seed=spec.seed)
    return found


def floors(items: Sequence[Asked], ks: np.ndarray, seed: int) -> Float[np.ndarray, " I"]:
    """Each item's chance: by ruling out, or by naming the commonest answer of other items of its k where that is surely
    better."""
    floor = np.array([item.chance for item in items])
    answers = np.array([item.answer for item in items])
    folds = folds_of([item.group for item in items], 2, seed)
    for k in np.unique(ks):
        here = ks == k
        named = commonest(answers[here], folds[here]) == answers[here]
        share = proportions(
            named.astype(float)[:, None], [items[place].group for place in np.flatnonzero(here).tolist()]
        )
        if share.low[0] > floor[here].mean():
            floor[here] = np.maximum(floor[here], share.share[0])
    return np.minimum(floor, 1 - 1e-9)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The level on which matrices are taken.

    Attributes:
        items: their places in the task, at most as many as the specification wants.
        solved: whether the level is solved.
    """

    presentation: str
    k: int
    items: tuple[int, ...]
    solved: bool


def chosen(spec: DepthSpec, told: Answered, found: dict[str, Serial]) -> Chosen | None:
    """The level with most steps that is solved, or the one with fewest; None where no item has a step between."""
    levels: dict[tuple[str, int], list[int]] = {}
    for place, item in enumerate(spec.items):
        levels.setdefault((item.presentation, item.k), []).append(place)
    levels = {level: here for level, here in levels.items() if any(between([spec.items[p] for p in here]).values())}
    if not levels:
        return None
    solved = {(name, level.k): level.solved for name, each in found.items() for level in each.levels}
    reached = [level for level in levels if solved[level]]
    name, k = max(reached, key=lambda level: level[1]) if reached else min(levels, key=lambda level: level[1])
    here = [place for place in levels[name, k] if spec.items[place].steps]
    kept = np.sort(np.random.default_rng(spec.seed).permutation(len(here))[: spec.most])
    return Chosen(name, k, tuple(here[place] for place in kept.tolist()), bool(reached))


def between(items: Sequence[Asked]) -> dict[str, bool]:
    """For each step whether it lies between question and answer; one that is always last and the answer does not."""
    found: dict[str, bool] = {}
    for item in items:
        for place, (name, value) in enumerate(zip(item.steps, item.values, strict=True), 1):
            found[name] = found.get(name, False) or place < len(item.steps) or value != item.answer
    return found
