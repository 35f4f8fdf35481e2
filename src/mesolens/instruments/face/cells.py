"""Traits by angles: how far each angle moves each trait, in what is said and not in who says it.

A reply's score for a trait is its log-likelihood under the order that asks for the trait less that under the order for
its opposite, in nats. A cell is the mean change of the score against the same prompt un-turned, over replies that are
somebody's. Whether a trait's scores would rank voices and angles the same way on other prompts is its reliability;
below 0.7 its cells are shown and none of them is called.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesolens.evidence.discoveries import either
from mesolens.evidence.paired import paired_tests
from mesolens.evidence.reliability import reliable
from mesolens.evidence.shards import Json
from mesolens.evidence.worst import worst_of
from mesolens.instruments.face.grid import Grid
from mesolens.instruments.face.spec import BASELINE
from mesolens.instruments.face.turned import RATE, number

_FEWEST = 4
"""Pairs of scored replies below which a cell is left empty."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What the heat map shows: a row for each trait and angle, and one for each trait's reliability."""

    cells: list[dict[str, Json]]
    reliability: list[dict[str, Json]]

    @property
    def called(self) -> int:
        """How many cells are called."""
        return sum(cell["called"] is True for cell in self.cells)


def cells_of(grid: Grid, traits: Sequence[str], controls: Bool[np.ndarray, " N"], seed: int) -> Cells:
    """All cells, with false discoveries held at 5 % over those of reliable traits and angles that are no controls."""
    if not traits:
        return Cells([], [])
    kept = [reliable(_complete(scores_IN).T, grid.clusters) for scores_IN in grid.traits]
    shifts_QIN = grid.traits - grid.traits[:, :, [grid.column(BASELINE)]]
    few_QN = (~np.isnan(shifts_QIN)).sum(1) < _FEWEST
    shifts_QIN[np.broadcast_to(few_QN[:, None], shifts_QIN.shape)] = np.nan
    found = [paired_tests(shifts_IN, grid.clusters, seed=seed) for shifts_IN in shifts_QIN]
    p_QN = np.array([np.where(np.isnan(each.mean), np.nan, each.flip) for each in found])
    barred_QN = np.array([each.refused for each in kept])[:, None] | controls
    tried_QIN = np.where(barred_QN[:, None], np.nan, shifts_QIN)
    largest = worst_of(np.concatenate(list(tried_QIN), axis=1), grid.clusters, seed=seed)
    q_QN = either(np.where(barred_QN, np.nan, p_QN), largest.p.reshape(p_QN.shape))
    rows: list[dict[str, Json]] = [
        {
            "trait": trait,
            "angle": angle,
            "shift": number(found[q].mean[n]),
            "low": number(found[q].low[n]),
            "high": number(found[q].high[n]),
            "p": number(p_QN[q, n]),
            "called": bool(q_QN[q, n] <= RATE),
            "reliable": not kept[q].refused,
        }
        for q, trait in enumerate(traits)
        for n, angle in enumerate(grid.angles)
        if angle != BASELINE
    ]
    return Cells(
        rows,
        [
            _reliability(trait, each.value, each.low, each.high, each.refused)
            for trait, each in zip(traits, kept, strict=True)
        ],
    )


def _complete(scores_IN: Float[np.ndarray, "I N"]) -> Float[np.ndarray, "I M"]:
    """The angles under which every prompt has a reply that is somebody's; all, where there are fewer than three."""
    whole_N = ~np.isnan(scores_IN).any(0)
    return scores_IN[:, whole_N] if whole_N.sum() > 2 else scores_IN


def _reliability(trait: str, value: float, low: float, high: float, refused: bool) -> dict[str, Json]:
    return {"trait": trait, "value": number(value), "low": number(low), "high": number(high), "refused": bool(refused)}
