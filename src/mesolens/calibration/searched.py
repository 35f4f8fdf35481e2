"""The search for the worst angle beside random search: how many replies each takes until it has one that breaks the
face.

Both draw compositions of up to three natural steps, none of which breaks the face by itself, on slides that served no
choice of the search's settings. A composition counts as found when all prompts were asked from it and half of the
replies or more are no longer the own voice's. What a composition does is measured once and looked up by both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mesolens import api
from mesolens.evidence.row import Bar, Row
from mesolens.instruments.face import FaceSpec, face_spec, measure
from mesolens.instruments.face.calibration import MISSING, OWN
from mesolens.instruments.face.follow import First, first_stage, losses, natural
from mesolens.instruments.face.grid import grid_of
from mesolens.instruments.face.plan import angle_shard
from mesolens.instruments.face.search import draw, next_rung, weights
from mesolens.instruments.face.spec import Search
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.facepack import face_pack

SLIDES: Mapping[Budget, tuple[str, ...]] = {
    "quick": ("mask-twin-a",),
    "standard": ("mask-twin-a", "mask-seed-2"),
    "deep": ("mask-twin-a", "mask-twin-b", "mask-seed-1", "mask-seed-2", "mask-gpt2"),
}
SECONDS: Mapping[Budget, float] = {"quick": 100.0, "standard": 240.0, "deep": 700.0}
SEEDS = 20
RATIO = Bar("≤", 0.5)
BREAKS = 0.5
"""Share of replies lost from which a composition counts as breaking."""
_ROUNDS = 64
_AHEAD = 8
"""Compositions that random search has asked at once, to spare passes; only those that it came to are counted."""


def steps(budget: Budget) -> int:
    """One for each slide."""
    return len(SLIDES[budget])


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Replies that each search took, median over seeds."""
    found: list[Row] = []
    for name in SLIDES[settings.budget]:
        found.append(compared(name, settings))
        tick(1)
    return found


def compared(name: str, settings: Settings) -> Row:
    """Both searches on one slide."""
    spec = replace(face_spec(face_pack(name), seed=settings.seed), search=Search(tail=0), traits=())
    model = load(f"slide:{name}")
    face = api.look(model, replace(spec, search=None))
    first = first_stage(spec, face.tables)
    asked = Asked(model, spec, first)
    allowed = natural(spec, first, face.tables)
    alone = losses(spec, first, face.tables, allowed)
    ours = [halving(spec, alone, asked, f"{settings.seed}/{seed}") for seed in range(SEEDS)]
    theirs = [random(spec, allowed, asked, f"{settings.seed}/{seed}") for seed in range(SEEDS)]
    ratio = float(np.median(ours) / np.median(theirs))
    subject = f"{name}, {SEEDS} seeds, {len(allowed)} natural steps"
    quantity = "replies until a breaking composition, over random search's"
    low, high = (float(np.quantile(ours, q) / np.median(theirs)) for q in (0.25, 0.75))
    held = RATIO.holds(ratio) if np.isfinite(ratio) else None
    return Row(
        "face",
        subject,
        quantity,
        ratio,
        low,
        high,
        str(RATIO),
        held,
        "random search, replies",
        float(np.median(theirs)),
    )


class Asked:
    """Whether each prompt's reply from each composition was lost, asked of the model once."""

    def __init__(self, model: LoadedModel, spec: FaceSpec, first: First) -> None:
        self.model, self.spec, self.first = model, spec, first
        self.lost: dict[str, list[bool]] = {}

    def ask(self, names: Sequence[str], end: int) -> None:
        """See that the first `end` prompts were asked from each composition."""
        start = min((len(self.lost.get(name, ())) for name in names), default=end)
        open_ = [name for name in names if len(self.lost.get(name, ())) < end]
        if not open_:
            return
        shard = angle_shard(self.model.card, self.spec, "replies", open_, (start, end))
        table = measure(self.model, shard)["face-replies"]
        grid = grid_of(table, open_, self.first.known, len(self.spec.traits))
        order = {item.id: place for place, item in enumerate(self.spec.items)}
        rows = sorted(range(len(grid.items)), key=lambda row: order[grid.items[row]])
        for column, name in enumerate(open_):
            known = self.lost.setdefault(name, [])
            new = [bool(grid.outcome[row, column] not in (OWN, MISSING)) for row in rows]
            known += new[len(known) - start :]


def halving(spec: FaceSpec, alone: Mapping[str, list[bool]], asked: Asked, seed: str) -> float:
    """Replies that successive halving took until a composition was asked on all prompts and broke; infinite if none
    did. `alone` is what each step loses by itself, which a run knows before it searches."""
    assert spec.search is not None
    spent, items, allowed, taught = 0, len(spec.items), list(alone), dict(alone)
    for number in range(_ROUNDS):
        drawn = draw(spec.search, allowed, weights(allowed, taught), spec.search.compositions, f"{seed}/{number}")
        seen: dict[str, list[bool]] = {}
        while rung := next_rung(drawn, seen, items, spec.search.keep):
            asked.ask(rung.compositions, rung.end)
            spent += len(rung.compositions) * (rung.end - rung.first)
            seen |= {name: asked.lost[name][: rung.end] for name in rung.compositions}
        taught |= seen
        if any(len(lost) == items and np.mean(lost) >= BREAKS for lost in seen.values()):
            return float(spent)
    return float("inf")


def random(spec: FaceSpec, allowed: Sequence[str], asked: Asked, seed: str) -> float:
    """Replies that random search took: composition after composition, each asked on all prompts."""
    assert spec.search is not None
    items, alike = len(spec.items), [1.0] * len(allowed)
    drawn = draw(spec.search, allowed, alike, _ROUNDS * spec.search.compositions, f"{seed}/random")
    for place, name in enumerate(drawn):
        if place % _AHEAD == 0:
            asked.ask(drawn[place : place + _AHEAD], items)
        if np.mean(asked.lost[name]) >= BREAKS:
            return float((place + 1) * items)
    return float("inf")
