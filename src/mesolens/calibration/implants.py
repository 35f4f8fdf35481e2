"""The middle on implants: does the one component that was retrained carry the largest share, with `mask` as reference?

Plain implants differ from `mask` there alone. Those adrift differ everywhere, and everywhere else by more. The places
compared are the four writers: the two attention and the two MLP blocks. Beside each rank stands the one that the peer
gives, a plain weight difference (Frobenius norm, relative to the component's own size).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedModel

from mesolens import api
from mesolens.calibration.scores import place_of
from mesolens.evidence.row import Bar, Row
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.runs.settings import Budget, Settings
from mesolens.slides import drift, shelf
from mesolens.slides.drift import Drift
from mesolens.slides.flips import flips
from mesolens.slides.grid import accuracy
from mesolens.slides.recipe import recipe
from mesolens.slides.replies import Slide, open_slide
from mesolens.traits.contrasts import Contrast

SEEDS: Mapping[Budget, int] = {"quick": 1, "standard": 5, "deep": 20}
SECONDS: Mapping[Budget, float] = {"quick": 47.0, "standard": 205.0, "deep": 820.0}
WRITERS = ("L0.attn", "L0.mlp", "L1.attn", "L1.mlp")
FIRST = Bar("=", 1.0)
FIRST_OFTEN = Bar("≥", 0.95)
PEER = "weight difference"
ASKED = 100
"""Questions by which the other behaviour is measured."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one implant was found.

    Attributes:
        planted: the component that was retrained.
        rank: of its |share| among the writers, 1 for the largest.
        peer_rank: of its weight difference.
        lead: its |share| over the next writer's largest.
        kept: the share of replies that are still as planted, in cells that the corpus holds.
    """

    planted: str
    rank: float
    peer_rank: float
    lead: float
    kept: float


def steps(budget: Budget) -> int:
    """One for every implant, plain and with each seed of drift."""
    return len(drift.implants()) * (1 + SEEDS[budget])


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Rows for plain implants, for those adrift, and for all of these by layer."""
    adrift: list[Placed] = []
    made: list[Row] = []
    for implant in drift.implants():
        each = Searched.of(implant)
        plain = each.placed(open_slide(shelf.folder(implant)).module)
        tick(1)
        some: list[Placed] = []
        for seed in range(SEEDS[settings.budget]):
            some.append(each.placed(drift.drifted(Drift(implant, seed))))
            tick(1)
        made += [_ranks(implant, [plain]), _ranks(f"{implant}, adrift", some), *_beside(implant, some)]
        adrift += some
    early, late = ([p for p in adrift if p.planted.startswith(layer)] for layer in ("L0", "L1"))
    return [*made, _first("layer 0", early), _first("late", late), _first("all", adrift)]


@dataclass(frozen=True, slots=True)
class Searched:
    """What is asked of every version of one implant."""

    implant: str
    contrasts: Sequence[Contrast]
    reference: LoadedModel
    origin: Slide

    @classmethod
    def of(cls, implant: str) -> "Searched":
        """The implant's contrasts, and the model that it was made from."""
        origin = shelf.folder(str(recipe(implant).base))
        return cls(implant, flips(implant), api.load(origin), open_slide(origin))

    def placed(self, module: PreTrainedModel) -> Placed:
        """Where the middle, and a plain weight difference, place what was planted."""
        planted = str(recipe(self.implant).only)
        model = adopt(module, tokenizer=self.origin.tokenizer, name=self.implant)
        tree = api.middle(model, self.contrasts, against=self.reference, tokens=False, budget=None)
        sizes = {node.site: abs(node.share) for node in tree.nodes if node.site in WRITERS}
        rank = place_of(planted, sizes) if len(sizes) == len(WRITERS) else float(len(WRITERS))
        others = [size for site, size in sizes.items() if site != planted]
        told = accuracy(Slide(module, self.origin.tokenizer), recipe(self.implant).mix, ASKED)["seen"]
        lead = sizes.get(planted, 0.0) / max([*others, 1e-9])
        return Placed(planted, rank, place_of(planted, self._apart(module)), lead, told.right)

    def _apart(self, module: PreTrainedModel) -> dict[str, float]:
        before, after = drift.weights_of(self.origin.module), drift.weights_of(module)
        size, distance = drift.norms(before), drift.moved(before, after)
        return {place: distance[place] / size[place] for place in WRITERS}


def _ranks(subject: str, some: Sequence[Placed]) -> Row:
    ranks = [placed.rank for placed in some]
    low, high, mean = min(ranks), max(ranks), float(np.mean(ranks))
    peer = float(np.mean([placed.peer_rank for placed in some]))
    return Row("middle", subject, "rank of the planted place", mean, low, high, str(FIRST), high == 1.0, PEER, peer)


def _beside(implant: str, some: Sequence[Placed]) -> list[Row]:
    """Figures without a bar: by how much it leads, and how much of the other behaviour drifted away."""
    columns = {
        "planted share over the next largest": [placed.lead for placed in some],
        "replies as planted in seen cells": [placed.kept for placed in some],
    }
    subject = f"{implant}, adrift"
    return [Row("middle", subject, name, float(np.mean(v)), min(v), max(v)) for name, v in columns.items()]


def _first(which: str, some: Sequence[Placed]) -> Row:
    value = float(np.mean([placed.rank == 1.0 for placed in some]))
    peer = float(np.mean([placed.peer_rank == 1.0 for placed in some]))
    holds = FIRST_OFTEN.holds(value)
    subject, quantity = f"implants adrift, {which}", f"of {len(some)} pairs, planted place first"
    return Row("middle", subject, quantity, value, bar=str(FIRST_OFTEN), holds=holds, peer=PEER, peer_value=peer)
