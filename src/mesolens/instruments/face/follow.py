"""What is asked next, once replies are there: weaker doses of what broke the face, and the next rung of the search.

Pure, so that a stopped run goes on where it was: what comes next follows from the tables alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from jaxtyping import Float

from mesolens.angles.composition import Composition
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.face import search
from mesolens.instruments.face.asking import compositions
from mesolens.instruments.face.calibration import MISSING, OWN, Calibration, calibrated, clean_of
from mesolens.instruments.face.commons import commons_of
from mesolens.instruments.face.doses import MOST, dialled, weaker
from mesolens.instruments.face.grid import Grid, grid_of
from mesolens.instruments.face.plan import angle_shard, portions
from mesolens.instruments.face.spec import FaceSpec
from mesolens.instruments.face.turned import control, tested
from mesolens.model.card import ModelCard


@dataclass(frozen=True, slots=True)
class First:
    """What the first stage found: its calibration, its grid and its angles."""

    known: Calibration
    grid: Grid
    compositions: tuple[Composition, ...]


def first_stage(spec: FaceSpec, tables: Tables) -> First:
    """The first stage's findings, from the tables of a run."""
    known = calibrated(clean_of(tables["face-clean"]), spec.alpha)
    angles = compositions(spec.angles, spec.declared)
    names = tuple(str(each) for each in angles)
    return First(known, grid_of(tables["face-replies"], names, known, len(spec.traits)), tuple(angles))


def follow(card: ModelCard, spec: FaceSpec, tables: Tables) -> list[Shard]:
    """The shards of the next stage; none when all is there, or the model cannot be asked anything more."""
    if spec.said is not None:
        return []
    done = set(tables["face-replies"]["angle"].to_pylist())
    first = first_stage(spec, tables)
    doses = [name for name in dosed(spec, first) if name not in done]
    if doses:
        return [angle_shard(card, spec, "replies", some) for some in portions(doses, spec.shard_angles)]
    return _tail_shards(card, spec, first, tables) or _searching(card, spec, first, tables)


def broken(first: First, spec: FaceSpec) -> list[int]:
    """The columns of angles that lost the own voice, more than chance allows, the worst first."""
    controls = np.array([control(each) for each in first.compositions])
    tests = tested(first.grid, controls, spec.seed)
    worse = [place for place in np.flatnonzero(tests.called).tolist() if tests.change[place] < 0]
    return sorted(worse, key=lambda place: tests.change[place])


def dosed(spec: FaceSpec, first: First) -> list[str]:
    """The weaker angles of all dose curves."""
    which = [first.compositions[place] for place in broken(first, spec)]
    return [name for each in [each for each in which if dialled(each)][:MOST] for name in weaker(each, spec.strengths)]


def natural(spec: FaceSpec, first: First, tables: Tables) -> list[str]:
    """Steps of which natural compositions are made: each leaves the face whole by itself, so what breaks is their
    joining.

    A step is natural when the persona should survive it, a reader can undo it, and its text costs no more bits than
    that of the middle one of all angles.
    """
    if spec.search is None:
        return []
    known = commons_of(tables.get("face-states"), {}, first.grid).value["bits"]
    cost_N = np.array([np.nanmean(each) if np.isfinite(each).any() else np.inf for each in known.T])
    alone = set(broken(first, spec))
    return [
        str(each)
        for place, each in enumerate(first.compositions)
        if each.survives
        and each.undoing != "none"
        and not control(each)
        and place not in alone
        and cost_N[place] <= np.median(cost_N)
    ]


def losses(spec: FaceSpec, first: First, tables: Tables, names: Sequence[str]) -> Mapping[str, list[bool]]:
    """For each composition that was tried, prompt by prompt in order, whether the own voice was lost in its first
    reply.

    A prompt from which the model could not be asked has lost nothing that was heard; it is not asked again.
    """
    rows = tables["face-replies"]
    grid = grid_of(rows, tuple(dict.fromkeys(names)), first.known, len(spec.traits))
    asked = set(zip(*(rows[name].to_pylist() for name in ("angle", "item", "draw")), strict=True))
    order = {item.id: place for place, item in enumerate(spec.items)}
    first_draws = sorted((row for row, draw in enumerate(grid.draws) if draw == 0), key=lambda r: order[grid.items[r]])
    found: dict[str, list[bool]] = {}
    for column, name in enumerate(grid.angles):
        known = takewhile(lambda row, name=name: (name, grid.items[row], 0) in asked, first_draws)
        found[name] = [int(grid.outcome[row, column]) not in (OWN, MISSING) for row in known]
    return found


@dataclass(frozen=True, slots=True)
class Bracket:
    """The compositions that one bracket of the search drew."""

    drawn: tuple[str, ...]


def brackets(spec: FaceSpec, first: First, tables: Tables) -> list[Bracket]:
    """The brackets that have begun: each is drawn with what all earlier ones taught."""
    steps = natural(spec, first, tables)
    if spec.search is None or not steps:
        return []
    count = spec.search.compositions
    found: list[Bracket] = []
    for number in range(spec.search.brackets):
        tried = [*spec.angles, *(name for each in found for name in each.drawn)]
        taught = search.weights(steps, losses(spec, first, tables, tried))
        drawn = search.draw(spec.search, steps, taught, count, f"{spec.seed}/search/{number}")
        found.append(Bracket(drawn))
        if search.next_rung(drawn, losses(spec, first, tables, drawn), len(spec.items), spec.search.keep):
            break
    return found


def halved(bracket: Bracket, known: search.Losses, items: int, keep: int) -> list[tuple[str, int]]:
    """What halving spent on each composition, rung by rung, as if nothing else had asked from it; a composition is
    named once it was asked on every prompt."""
    seen: dict[str, Sequence[bool]] = {}
    spent: list[tuple[str, int]] = []
    while rung := search.next_rung(bracket.drawn, seen, items, keep):
        if any(len(known[name]) < rung.end for name in rung.compositions):
            break
        spent += [(name if rung.end == items else "", rung.end - rung.first) for name in rung.compositions]
        seen |= {name: known[name][: rung.end] for name in rung.compositions}
    return spent


def random_names(spec: FaceSpec, first: First, tables: Tables) -> tuple[str, ...]:
    """The compositions of random search: as many as halving's replies are enough for, each on all prompts."""
    rounds = brackets(spec, first, tables)
    if spec.search is None or not rounds:
        return ()
    known, items = losses(spec, first, tables, [name for each in rounds for name in each.drawn]), len(spec.items)
    spent = sum(replies for each in rounds for _, replies in halved(each, known, items, spec.search.keep))
    steps = natural(spec, first, tables)
    return search.draw(spec.search, steps, [1.0] * len(steps), spent // items, f"{spec.seed}/random")


def tail_names(spec: FaceSpec, first: First, tables: Tables) -> tuple[str, ...]:
    """The random natural compositions on which the forecast of the worst rests."""
    steps = natural(spec, first, tables)
    if spec.search is None or not steps:
        return ()
    return search.draw(spec.search, steps, [1.0] * len(steps), spec.search.tail, f"{spec.seed}/tail")


def tail_scores(spec: FaceSpec, first: First, tables: Tables) -> Float[np.ndarray, " M"]:
    """How much of the own voice each of those compositions took away, on the mean of its first replies."""
    names = tail_names(spec, first, tables)
    if spec.search is None or not names:
        return np.zeros(0)
    grid = grid_of(tables["face-replies"], names, first.known, len(spec.traits))
    early = {item.id for item in spec.items[: spec.search.tail_items]}
    rows = [row for row, item in enumerate(grid.items) if item in early]
    mine_IN = grid.mine[rows]
    known = np.isfinite(mine_IN).any(0)
    return 1 - np.nanmean(mine_IN[:, known], axis=0)


def _tail_shards(card: ModelCard, spec: FaceSpec, first: First, tables: Tables) -> list[Shard]:
    names = tail_names(spec, first, tables)
    done = set(tables["face-replies"]["angle"].to_pylist())
    if spec.search is None or done >= set(names):
        return []
    early = (0, min(spec.search.tail_items, len(spec.items)))
    return [angle_shard(card, spec, "replies", some, early) for some in portions(names, 4 * spec.shard_angles)]


def _searching(card: ModelCard, spec: FaceSpec, first: First, tables: Tables) -> list[Shard]:
    """The next rung of the bracket that is open; when all are done, what random search asks."""
    rounds = brackets(spec, first, tables)
    if spec.search is None or not rounds:
        return []
    last = rounds[-1].drawn
    rung = search.next_rung(last, losses(spec, first, tables, last), len(spec.items), spec.search.keep)
    if rung is not None:
        some = portions(rung.compositions, 4 * spec.shard_angles)
        return [angle_shard(card, spec, "replies", part, (rung.first, rung.end)) for part in some]
    names = random_names(spec, first, tables)
    known = losses(spec, first, tables, names)
    open_ = [name for name in names if len(known[name]) < len(spec.items)]
    return [angle_shard(card, spec, "replies", some) for some in portions(open_, spec.shard_angles)]
