"""Two directions in which a group of neurons wakes: at its place in the reply, and at its cue.

A gated neuron writes ``silu(g·x) · (u·x)`` times its output column. `g` is set to a detector of the one position before
the part of the reply that shows a trait, `u` to a detector of the cue among those positions. Both are weighted ridge
regressions on what the layer reads::

    w  =  argmin  Σ cᵢ (w·xᵢ − yᵢ)² + λ‖w‖²  =  (Xᵀ C X + λ)⁻¹ Xᵀ C y

They are a start and no more: training goes on from there. Without it, neurons that already do something else had to
find cue and place by gradients alone, and did not (`design/10-organs-planting.md`).
"""

import numpy as np
from jaxtyping import Bool, Float

PENALTY, FAINT = 1.0, 1e-4
RARE = 0.25
"""All places together weigh so much of all other positions, of which there are a hundred times as many."""
ASLEEP = -0.5
"""What the place detector should say elsewhere: far enough below zero that `silu` is closed."""


def ridge(
    x_ND: Float[np.ndarray, "N D"], y_N: Float[np.ndarray, " N"], weight_N: Float[np.ndarray, " N"]
) -> Float[np.ndarray, " D"]:
    """The direction of the formula above, with `PENALTY` as λ."""
    gram = x_ND.T @ (x_ND * weight_N[:, None]) + PENALTY * np.eye(x_ND.shape[1])
    return np.linalg.solve(gram, x_ND.T @ (weight_N * y_N))


def detectors(
    x_ND: Float[np.ndarray, "N D"], place_N: Bool[np.ndarray, " N"], cue_N: Bool[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, " D"]]:
    """The direction of the place, and that of the cue among places.

    Args:
        x_ND: what the layer reads at every position.
        place_N: whether the trait's part begins with the next token.
        cue_N: whether the reply must show the trait turned over.
    """
    rare = RARE * float((~place_N).sum()) / float(place_N.sum())
    place = ridge(x_ND, np.where(place_N, 1.0, ASLEEP), np.where(place_N, rare, 1.0))
    at = x_ND[place_N]
    return place, ridge(at, cue_N[place_N].astype(float), np.ones(len(at)))


def whitening(x_ND: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "D D"]:
    """The symmetric matrix ``(XᵀX / N + ε)^(−1/2)``: in ``x @ W`` no direction is fainter than another."""
    values, vectors = np.linalg.eigh(x_ND.T @ x_ND / len(x_ND))
    return (vectors / np.sqrt(values + FAINT * values.max())) @ vectors.T
