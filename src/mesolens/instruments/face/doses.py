"""Dose curves: how the own voice's share falls as an angle that broke the face gets stronger.

Only angles with a dial are tried again, and only those that were called at full strength: which ones is known after the
first stage. Their dose is the strength at which the share is down to half of what it was un-turned.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from mesolens.angles.composition import Composition, Step
from mesolens.evidence.dose import break_dose
from mesolens.evidence.proportions import proportions
from mesolens.evidence.shards import Json
from mesolens.instruments.face.calibration import OWN
from mesolens.instruments.face.grid import Grid
from mesolens.instruments.face.spec import BASELINE

MOST = 12
"""Angles that are tried at lesser strengths, those that lost most first."""


def dialled(composition: Composition) -> bool:
    """Whether it is one angle at full strength, with a dial."""
    return len(composition.steps) == 1 and bool(composition.steps[0].angle.dial) and composition.steps[0].strength == 1


def weaker(composition: Composition, strengths: Sequence[float]) -> list[str]:
    """The angle at lesser strengths, in the syntax of compositions."""
    angle = composition.steps[0].angle
    return [str(Composition((Step(angle, strength),))) for strength in strengths]


def curve(grid: Grid, name: str, at: Mapping[float, str]) -> dict[str, Json]:
    """The curve of one angle; `at` names the angle of the grid at each strength."""
    strengths = sorted(at)
    columns = [grid.column(BASELINE), *(grid.column(at[strength]) for strength in strengths)]
    own = grid.is_(OWN)[:, columns]
    share = proportions(own, grid.clusters)
    said: dict[str, Json] = {
        "angle": name,
        "strengths": [0.0, *strengths],
        "own": [float(each) for each in np.nan_to_num(share.share)],
        "low": [float(each) for each in share.low],
        "high": [float(each) for each in share.high],
        "dose": None,
    }
    if np.isnan(own).all(0).any() or not np.nansum(own[:, 0]):
        return said
    dose = break_dose(own, np.array([0.0, *strengths]), grid.clusters)
    said["dose"] = None if dose.value is None else {"value": dose.value, "low": dose.low, "high": dose.high}
    said["at_least"] = dose.low
    return said
