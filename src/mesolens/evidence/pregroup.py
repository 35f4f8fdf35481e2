"""Very many rows as a few hundred: rows that nearly agree are taken together before groups are sought.

Rows are compared in a sketch: their products with random directions, in which cosines are kept up to about 1/√d
(Johnson and Lindenstrauss, 1984; Achlioptas, *Database-friendly random projections*, JCSS 66, 2003). Each small group
then stands for its rows with their sum, each row turned to the side of its fellows, so nothing is lost of the total.
"""

import numpy as np
from jaxtyping import Float, Int

from mesolens.evidence.axes import axes, unit

SKETCH = 64
"""Directions of the sketch."""
_STEPS = 8
_SIGN = 1e-12


def pregrouped(
    rows_NI: Float[np.ndarray, "N I"], most: int, seed: int
) -> tuple[Int[np.ndarray, " N"], Float[np.ndarray, "M I"]]:
    """Each row's small group, and the groups' profiles; with no more rows than `most`, each is a group of its own.

    >>> of, sums = pregrouped(np.array([[1.0, 0.0], [-2.0, 0.0], [0.0, 1.0]]), 2, 0)
    >>> bool(of[0] == of[1] != of[2]), np.abs(sums).max(1).tolist() in ([3.0, 1.0], [1.0, 3.0])
    (True, True)
    """
    if len(rows_NI) <= most:
        return np.arange(len(rows_NI)), rows_NI
    rng = np.random.default_rng(seed)
    sketch = unit(_sketched(rows_NI, rng))
    weight_N = np.linalg.norm(rows_NI, axis=1)
    found = axes(sketch, weight_N.astype(sketch.dtype), most, rng, 1, _STEPS)
    side_N = np.sign((sketch * found.axis[found.of]).sum(1) + _SIGN)
    return _joined(rows_NI, found.of, side_N)


def _sketched(rows_NI: Float[np.ndarray, "N I"], rng: np.random.Generator) -> Float[np.ndarray, "N S"]:
    if rows_NI.shape[1] <= SKETCH:
        return rows_NI.astype(np.float32)
    directions = rng.choice([-1.0, 1.0], (rows_NI.shape[1], SKETCH)).astype(rows_NI.dtype)
    return (rows_NI @ directions).astype(np.float32)


def _joined(
    rows_NI: Float[np.ndarray, "N I"], of_N: Int[np.ndarray, " N"], side_N: Float[np.ndarray, " N"]
) -> tuple[Int[np.ndarray, " N"], Float[np.ndarray, "M I"]]:
    """The sums of groups that have rows, numbered without gaps."""
    _, of_N = np.unique(of_N, return_inverse=True)
    order = np.argsort(of_N, kind="stable")
    starts = np.searchsorted(of_N[order], np.arange(of_N.max() + 1))
    sums_MI = np.empty((len(starts), rows_NI.shape[1]))
    for group, (first, end) in enumerate(zip(starts, [*starts[1:], len(order)], strict=True)):
        rows = order[first:end]
        sums_MI[group] = side_N[rows] @ rows_NI[rows]
    return of_N, sums_MI
