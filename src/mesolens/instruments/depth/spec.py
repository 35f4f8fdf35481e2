"""What is asked of depth: a task in token ids, what is asked besides for k50, and how much is spent.

A specification holds token ids only, so a plan needs no tokenizer and a shard nothing beside itself and the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mesolens.instruments.depth.myopia import TwinSpec
from mesolens.instruments.depth.planning_setting import PlanSpec
from mesolens.instruments.depth.silent_setting import SilentSpec
from mesolens.traits.task_ids import Asked, Ids

FOLDS = 5
"""Of the probes."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a budget spends.

    Attributes:
        most: items of the matrices.
        each: items for each k of a presentation that is asked for k50.
        deepest: the largest k of presentations that are made here.
        draws: of each bootstrap.
        puzzles: for each difficulty, asked with no visible step.
        sums: at most, of a file of sums.
        replies: to each story, for planning.
    """

    most: int
    each: int
    deepest: int
    draws: int
    puzzles: int
    sums: int
    replies: int


BUDGETS: Mapping[str, Budget] = {
    "quick": Budget(160, 32, 4, 1000, 4, 100, 4),
    "standard": Budget(320, 64, 6, 2000, 16, 400, 8),
    "deep": Budget(1280, 256, 6, 5000, 64, 10_000, 16),
}


@dataclass(frozen=True, slots=True)
class DepthSpec:
    """A task and the protocol under which it is read.

    Attributes:
        name: of the task.
        items: of the task; matrices are taken on one level of it.
        beside: items that count for k50 alone.
        refused: for each presentation that this model cannot be asked, why.
        each: items of a level (one presentation at one k) that are asked first; 0 is all of them. The others are asked
            where matrices are taken on that level.
        texts: rows on which the tuned lens is fitted; without any the items' own prompts, half by half.
        most: items of the matrices.
        silent: puzzles that are asked with no visible step; None for none.
        stories: what is asked about planning; None for nothing.
        ahead: what a myopic twin is scored on beside the model; None where there is no twin.
        tuned, newborn: whether the tuned lens and the newborn model are tried.
        shard_items: items in a shard, the unit that a kill can lose.
        batch_tokens: most padded tokens in one forward pass.
        draws: of each bootstrap.
        seed: of halves, shuffles, donors and draws.
    """

    name: str
    items: tuple[Asked, ...]
    beside: tuple[Asked, ...] = ()
    refused: tuple[str, ...] = ()
    each: int = 0
    texts: tuple[Ids, ...] = ()
    most: int = 160
    silent: SilentSpec | None = None
    stories: PlanSpec | None = None
    ahead: TwinSpec | None = None
    tuned: bool = True
    newborn: bool = True
    shard_items: int = 256
    batch_tokens: int = 4096
    draws: int = 1000
    seed: int = 0
