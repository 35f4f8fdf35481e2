"""The verdict in words, with its figures.

==================  ==============================================================================================
thinks in steps     a step between question and answer is used beyond its control, and the lens reads it somewhere
                    (used: by swap or patch, and not where the step's value alone gives the answer away)
steps not readable  one is used, and the lens reads none of those that are
present, not used   none is used beyond its control, and a probe finds one beyond both of its controls
cannot              no level with a step between is solved
not determined      none of these is sure
==================  ==============================================================================================
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesolens.evidence.serial import Serial


@dataclass(frozen=True, slots=True)
class Beyond:
    """How far beyond its control each cell is; 0 where that is not sure. None for what was not measured.

    In `used` a column is NaN where the step's value alone gives the answer away.
    """

    read: Float[np.ndarray, "L S"]
    present: Float[np.ndarray, "L S"]
    used: Float[np.ndarray, "L S"] | None


def concluded(
    beyond: Beyond, between_S: Bool[np.ndarray, " S"], steps: Sequence[str], layers: Sequence[str]
) -> tuple[str, str]:
    """Verdict and sentence of a level that is solved.

    >>> grid = np.array([[0.9], [0.0]])
    >>> concluded(Beyond(grid, grid, grid), np.array([True]), ["step 1"], ["embed", "L0"])[0]
    'thinks in steps'
    >>> concluded(Beyond(grid, grid, 0 * grid), np.array([True]), ["step 1"], ["embed", "L0"])[0]
    'present, not used'
    """
    if not between_S.any():
        return "not determined", "no step lies between question and answer"
    if beyond.used is None:
        return "not determined", "no step has a counterfactual that could be tried, so nothing is known of what is used"
    between_S = between_S & ~np.isnan(beyond.used).any(0)
    if not between_S.any():
        return (
            "not determined",
            "each step's value alone gives the answer away, so an exchange may move the answer itself",
        )
    used_S, read_S, present_S = ((grid > 0).any(0) & between_S for grid in (beyond.used, beyond.read, beyond.present))
    if used_S.any():
        best = _best(beyond.used, used_S, steps, layers)
        if (used_S & read_S).any():
            return "thinks in steps", f"{_list(steps, used_S)} used ({best}), {_list(steps, used_S & read_S)} readable"
        return "steps not readable", f"{_list(steps, used_S)} used ({best}), and the lens reads none of them"
    if present_S.any():
        best = _best(beyond.present, present_S, steps, layers)
        return "present, not used", f"{_list(steps, present_S)} found by a probe ({best}), and no swap moves the answer"
    return "not determined", "no step between is used or found beyond its controls"


def cannot(found: Mapping[str, Serial], refused: Sequence[str]) -> str:
    """The sentence where nothing with a step between is solved."""
    told = [f"{name}: {_deepest(each)}" for name, each in found.items()]
    return "; ".join([*told, *refused]) or "no item has a step between question and answer"


def _deepest(each: Serial) -> str:
    several = [level for level in each.levels if level.k > 1] or list(each.levels)
    level = several[0]
    share = f"accuracy {level.accuracy:.2f} [{level.low:.2f}, {level.high:.2f}]"
    return f"{share} at k = {level.k}, chance {level.chance:.2f}"


def _list(steps: Sequence[str], which_S: Bool[np.ndarray, " S"]) -> str:
    names = [name for name, here in zip(steps, which_S, strict=True) if here]
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _best(
    grid_LS: Float[np.ndarray, "L S"], which_S: Bool[np.ndarray, " S"], steps: Sequence[str], layers: Sequence[str]
) -> str:
    there = np.where(which_S, grid_LS, -1.0)
    layer, step = divmod(int(there.argmax()), there.shape[1])
    return f"{steps[step]} at {layers[layer]}, {there[layer, step]:.2f} beyond its control"
