"""Which number foretells that an angle breaks the face: measured, not assumed.

Over all replies from angles that are no controls, where the same prompt un-turned was the own voice's: the chance that
a reply that broke has the larger number than one that did not (area under the ROC curve), by clusters of prompts, and
once more within strata of like length, since long prompts both cost more bits and break more.
"""

import numpy as np
from jaxtyping import Bool

from mesolens.evidence.auc import areas, strata_of
from mesolens.evidence.shards import Json
from mesolens.instruments.face.calibration import MISSING, OWN
from mesolens.instruments.face.commons import MEASURES, Commons
from mesolens.instruments.face.grid import Grid
from mesolens.instruments.face.spec import BASELINE
from mesolens.instruments.face.turned import number

_STRATA = 5
_RISING = {"bits": 1.0, "coverage": -1.0, "distance": 1.0, "base": -1.0}
"""Whether a larger number is expected where the face breaks, or a smaller one."""


def predictors(grid: Grid, commons: Commons, asked: Bool[np.ndarray, " N"]) -> list[dict[str, Json]]:
    """For each measure that was taken its area, with its interval and by strata of length; none where nothing broke."""
    own_I = grid.outcome[:, grid.column(BASELINE)] == OWN
    counts_IN = (grid.outcome != MISSING) & own_I[:, None] & asked
    rows_I, columns_N = np.nonzero(counts_IN)
    broken = grid.outcome[counts_IN] != OWN
    if not len(broken) or broken.all() or not broken.any():
        return []
    clusters = [grid.clusters[row] for row in rows_I]
    taken = [name for name in MEASURES if np.isfinite(commons.value[name][counts_IN]).any()]
    numbers = np.stack([_RISING[name] * commons.value[name][counts_IN] for name in taken], 1)
    strata = strata_of(commons.tokens[rows_I, columns_N], _STRATA)
    plain, matched = areas(numbers, broken, clusters), areas(numbers, broken, clusters, strata)
    return [
        {
            "measure": name,
            "auc": number(plain.value[p]),
            "low": number(plain.low[p]),
            "high": number(plain.high[p]),
            "matched": number(matched.value[p]),
            "broken": plain.broken,
            "held": plain.held,
        }
        for p, name in enumerate(taken)
    ]
