"""A task to shards: first its answers, then, on the level that they choose, what can be read, found and exchanged."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mesolens.errors import BadInput
from mesolens.evidence.folds import folds_of
from mesolens.evidence.shards import Cost, Shard, Tables
from mesolens.instruments.depth.affine import memory
from mesolens.instruments.depth.answers import TABLE, Answered, Chosen, answered, chosen, curves, every, first_asked
from mesolens.instruments.depth.lenses import READ
from mesolens.instruments.depth.myopia import twin_shards
from mesolens.instruments.depth.planning import plan_shards, plan_tokens
from mesolens.instruments.depth.silent import silent_shards, silent_tokens
from mesolens.instruments.depth.spec import FOLDS, DepthSpec
from mesolens.instruments.depth.work import NAME, AnswersWork, LevelWork, shard_of
from mesolens.model.card import ModelCard

__all__ = ["NAME", "cost", "follow", "plan"]

MOST_BYTES = 2**31
"""Beyond which the sums of a tuned lens, or the weights of a newborn model, are not taken."""
HALVES = 2


def plan(card: ModelCard, spec: DepthSpec) -> list[Shard]:
    """The first stage: what every item is answered, puzzles with no visible step, planning, and a myopic twin.

    A model that no presentation fits gets one empty shard for its items.

    Raises:
        BadInput: there is no item, and no reason why.
    """
    first = first_asked(spec)
    if not first and not spec.refused:
        raise BadInput("no items: depth needs a task with at least one")
    items = _answers(card, spec, first) or [shard_of(card, "answers", AnswersWork((), (), spec.batch_tokens), 1)]
    silent = [] if spec.silent is None else silent_shards(card, spec.silent)
    ahead = [] if spec.ahead is None else twin_shards(card, spec.ahead)
    return [*items, *silent, *([] if spec.stories is None else plan_shards(card, spec.stories)), *ahead]


def _answers(card: ModelCard, spec: DepthSpec, numbers: Sequence[int]) -> list[Shard]:
    items, size = every(spec), spec.shard_items
    parts = [tuple(numbers[start : start + size]) for start in range(0, len(numbers), size)]
    works = [AnswersWork(tuple(items[number] for number in part), part, spec.batch_tokens) for part in parts]
    return [shard_of(card, "answers", work, len(work.items)) for work in works]


def follow(card: ModelCard, spec: DepthSpec, tables: Tables) -> list[Shard]:
    """The other items of the level that the answers choose, then what is measured on it; nothing where all is."""
    if READ in tables or not spec.items or TABLE not in tables:
        return []
    told = answered(spec, tables)
    level = chosen(spec, told, curves(told, spec))
    if level is None:
        return []
    unasked = [place for place in level.items if np.isnan(told.right[place])]
    return _answers(card, spec, unasked) or level_shards(card, spec, told, level)


def tuned_fits(card: ModelCard) -> bool:
    """Whether the sums of a tuned lens have room."""
    return memory(len(card.anatomy.blocks), card.anatomy.stream_width) <= MOST_BYTES


def newborn_fits(card: ModelCard) -> bool:
    """Whether a second model of that size has room."""
    return 4 * card.parameters <= MOST_BYTES


def level_shards(card: ModelCard, spec: DepthSpec, told: Answered, level: Chosen) -> list[Shard]:
    """The shards of a level: lenses, probes on all of it, and exchanges where it is solved."""
    groups = [spec.items[place].group for place in level.items]
    halves, folds = (tuple(folds_of(groups, count, spec.seed).tolist()) for count in (HALVES, FOLDS))
    shards = [_level(card, spec, told, level, "read", folds)]
    if spec.tuned and tuned_fits(card):
        shards += _tuned(card, spec, told, level, halves)
    shards.append(_level(card, spec, told, level, "present", folds))
    if spec.newborn and newborn_fits(card):
        shards.append(_level(card, spec, told, level, "newborn", folds))
    if level.solved:
        size = max(1, spec.shard_items // 4)
        parts = [range(start, min(start + size, len(groups))) for start in range(0, len(groups), size)]
        shards += [_used(card, spec, told, level, halves, part) for part in parts]
    return shards


def _work(
    spec: DepthSpec, told: Answered, level: Chosen, folds: Sequence[int], kept: Sequence[int], places: Sequence[int]
) -> LevelWork:
    """Work on the items of the level at `kept`."""
    items = tuple(spec.items[level.items[place]] for place in kept)
    right = tuple(bool(told.right[level.items[place]] == 1) for place in kept)
    return LevelWork(
        items, tuple(places), tuple(folds[place] for place in kept), right, (), spec.batch_tokens, spec.seed
    )


def _level(card: ModelCard, spec: DepthSpec, told: Answered, level: Chosen, kind: str, folds: Sequence[int]) -> Shard:
    whole = range(len(level.items))
    return shard_of(card, kind, _work(spec, told, level, folds, whole, whole), len(whole))


def _used(
    card: ModelCard, spec: DepthSpec, told: Answered, level: Chosen, halves: Sequence[int], part: Sequence[int]
) -> Shard:
    whole = range(len(level.items))
    return shard_of(card, "used", _work(spec, told, level, halves, whole, part), len(part))


def _tuned(card: ModelCard, spec: DepthSpec, told: Answered, level: Chosen, halves: Sequence[int]) -> list[Shard]:
    """One shard on the texts that were given, or one for each half, fitted on the prompts of the other."""
    shards: list[Shard] = []
    for half in sorted(set(halves)) if not spec.texts else [None]:
        mine = [place for place in range(len(halves)) if half is None or halves[place] == half]
        rest = [spec.items[level.items[place]].prompt for place in range(len(halves)) if halves[place] != half]
        fit = spec.texts or tuple(rest)
        if fit:
            work = replace(_work(spec, told, level, halves, mine, mine), fit=fit)
            shards.append(shard_of(card, "tuned", work, len(mine)))
    return shards


def cost(card: ModelCard, spec: DepthSpec) -> Cost:
    """Operations at most: every item once, and the items of a level some eight times, with a token for each push."""
    items = every(spec)
    tokens = sum(len(items[number].prompt) for number in first_asked(spec)) + _beside(spec)
    level = sorted((len(item.prompt) for item in spec.items), reverse=True)[: spec.most]
    steps = max((len(item.steps) for item in spec.items), default=0)
    boundaries = len(card.anatomy.blocks) + 1
    pushed = 5 * boundaries * steps * len(level)
    flops = 2.0 * card.parameters * (tokens + 8 * sum(level) + pushed)
    states = 4.0 * len(level) * boundaries * card.anatomy.stream_width
    vectors = 4.0 * min(pushed, 4 * boundaries * steps * max(1, spec.shard_items // 4)) * card.anatomy.stream_width
    batch = 64.0 * spec.batch_tokens * card.anatomy.stream_width + 8.0 * card.vocabulary * 256
    kept = memory(len(card.anatomy.blocks), card.anatomy.stream_width) if spec.tuned and tuned_fits(card) else 0
    fresh = 4.0 * card.parameters if spec.newborn and newborn_fits(card) else 0.0
    return Cost(flops, states * 3 + vectors + batch + kept + fresh)


def _beside(spec: DepthSpec) -> int:
    """Tokens of puzzles and stories, at most, and twice those that a twin is scored on."""
    silent = 0 if spec.silent is None else sum(silent_tokens(row, spec.silent.most) for row in spec.silent.rows)
    ahead = 0 if spec.ahead is None else 2 * sum(len(given) + len(due) for given, due in spec.ahead.rows)
    return silent + ahead + (0 if spec.stories is None else plan_tokens(spec.stories))
