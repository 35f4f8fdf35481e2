"""The geometry of states at the decision position: how far from the persona's own, and whether towards other roles.

Three readings of a state h at each layer, all from plain arrays:

*distance*: Mahalanobis, to the persona's states on clean prompts, divided by √W so that an ordinary one lies near 1.
The covariance is shrunk towards a multiple of the identity by the oracle-approximating rule (Chen, Wiesel, Eldar and
Hero, IEEE Trans. Signal Processing 58, 2010), since there are fewer prompts than columns.

*displacement*: h − h₀, split into what lies in the space that the bank's role means span (principal components) and
what lies outside, in units of the mean distance of the role means from their centre.

*axis*: the projection of the displacement on own mean minus mean of the roles, 0 unmoved and −1 moved as far as the
roles.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Cloud:
    """States of the persona at one layer: their mean, principal directions, shrunk variances, and that of all else."""

    mean: Float[np.ndarray, " W"]
    directions: Float[np.ndarray, "C W"]
    variances: Float[np.ndarray, " C"]
    rest: float


def cloud(states_IW: Float[np.ndarray, "I W"]) -> Cloud:
    """The cloud that some states make."""
    count, width = states_IW.shape
    mean_W = states_IW.mean(0)
    _, singular, directions_CW = np.linalg.svd(states_IW - mean_W, full_matrices=False)
    values = singular**2 / max(1, count)
    trace, squares = float(values.sum()), float((values**2).sum())
    spread = (count + 1 - 2 / width) * (squares - trace**2 / width)
    shrunk = 1.0 if spread <= _TINY * trace**2 else min(1.0, ((1 - 2 / width) * squares + trace**2) / spread)
    floor = max(shrunk * trace / width, _TINY)
    return Cloud(mean_W, directions_CW, (1 - shrunk) * values + floor, floor)


def distances(around: Cloud, states_IW: Float[np.ndarray, "I W"]) -> Float[np.ndarray, " I"]:
    """Mahalanobis distance of each state over √W."""
    off_IW = states_IW - around.mean
    along_IC = off_IW @ around.directions.T
    rest_I = np.maximum((off_IW**2).sum(1) - (along_IC**2).sum(1), 0.0)
    squares_I = (along_IC**2 / around.variances).sum(1) + rest_I / around.rest
    return np.sqrt(squares_I / states_IW.shape[1])


@dataclass(frozen=True, slots=True)
class RoleSpace:
    """What the role means of a bank span at one layer.

    Attributes:
        basis: orthonormal directions.
        unit: mean distance of the role means from their centre.
        axis: from the mean of the roles to the persona's own mean.
    """

    basis: Float[np.ndarray, "C W"]
    unit: float
    axis: Float[np.ndarray, " W"]


def role_space(means_KW: Float[np.ndarray, "K W"]) -> RoleSpace:
    """The space of a bank's role means, the persona's own mean first."""
    off_KW = means_KW - means_KW.mean(0)
    _, singular, basis_CW = np.linalg.svd(off_KW, full_matrices=False)
    kept = singular > 1e-6 * max(float(singular.max(initial=0.0)), _TINY)
    unit = max(float(np.linalg.norm(off_KW, axis=1).mean()), _TINY)
    return RoleSpace(basis_CW[kept], unit, means_KW[0] - means_KW[1:].mean(0))


def displaced(
    space: RoleSpace, moves_IW: Float[np.ndarray, "I W"]
) -> tuple[Float[np.ndarray, " I"], Float[np.ndarray, " I"], Float[np.ndarray, " I"]]:
    """Length of each move inside and outside the role space, in units of the bank's spread, and its part of the
    axis."""
    along_IC = moves_IW @ space.basis.T
    inside_I = np.linalg.norm(along_IC, axis=1)
    outside_I = np.sqrt(np.maximum((moves_IW**2).sum(1) - inside_I**2, 0.0))
    length = max(float(space.axis @ space.axis), _TINY)
    return inside_I / space.unit, outside_I / space.unit, moves_IW @ space.axis / length
