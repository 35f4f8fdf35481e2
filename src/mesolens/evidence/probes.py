"""Linear probes: is a label written in a state, on items that the probe was not fitted on?

On the training items of a fold, with states centred (X) and one column of Y for each label (centred as well), ridge
regression fits

    W = (XᵀX + λ I)⁻¹ Xᵀ Y

and a held-out item is given the label whose column is largest. λ is chosen among :data:`RIDGES` times the mean square
of X's columns, for each set of labels by itself, where the squared error of leaving one training item out is least; it
follows from the fit as (y − ŷ)/(1 − h), with h the item's leverage (Allen, *The relationship between variable selection
and data augmentation and a method for prediction*, Technometrics 16, 1974). One decomposition of X serves all λ and all
sets of labels, shuffled ones included, so a control costs next to nothing and is the same procedure to the letter.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

RIDGES = (1e-4, 1e-2, 1e-1, 1.0, 10.0, 100.0)
"""Strengths that are tried, in parts of the states' mean square times the number of items."""
NONE = -1
"""What is said of an item where nothing could be fitted."""
_TINY = 1e-10


@dataclass(frozen=True, slots=True)
class _Parts:
    """The training states of a fold, centred, as U S Vᵀ."""

    mean: Float[np.ndarray, " W"]
    left: Float[np.ndarray, "I R"]
    size: Float[np.ndarray, " R"]
    right: Float[np.ndarray, "W R"]


def cross_fitted(
    states_IW: Float[np.ndarray, "I W"], labels_DI: Int[np.ndarray, "D I"], folds_I: Int[np.ndarray, " I"]
) -> Int[np.ndarray, "D I"]:
    """The label that each item is given by a probe of the other folds, for D sets of labels.

    An item whose fold leaves nothing to fit on gets :data:`NONE`.

    >>> states = np.repeat(np.eye(3), 4, axis=0)
    >>> labels = np.repeat([5, 7, 9], 4)[None]
    >>> bool((cross_fitted(states, labels, np.tile([0, 1], 6)) == labels).all())
    True
    """
    said_DI = np.full(labels_DI.shape, NONE)
    for train_I, held_I in splits(folds_I):
        parts = _parts(states_IW[train_I].astype(np.float64))
        moved = (states_IW[held_I].astype(np.float64) - parts.mean) @ parts.right
        for labels_I, said_I in zip(labels_DI, said_DI, strict=True):
            said_I[held_I] = _said(parts, moved, labels_I[train_I])
    return said_DI


def commonest(labels_I: Int[np.ndarray, " I"], folds_I: Int[np.ndarray, " I"]) -> Int[np.ndarray, " I"]:
    """What a probe says that sees nothing: the commonest label of the other folds (the least of those that tie)."""
    said_I = np.full(labels_I.shape, NONE)
    for train_I, held_I in splits(folds_I):
        values, counts = np.unique(labels_I[train_I], return_counts=True)
        said_I[held_I] = values[counts.argmax()]
    return said_I


def splits(folds_I: Int[np.ndarray, " I"]) -> Iterator[tuple[Bool[np.ndarray, " I"], Bool[np.ndarray, " I"]]]:
    """For each fold the items of the others, and its own; a fold without others is left out."""
    for fold in np.unique(folds_I):
        held_I = folds_I == fold
        if not held_I.all():
            yield ~held_I, held_I


def _parts(states_IW: Float[np.ndarray, "I W"]) -> _Parts:
    mean = states_IW.mean(0)
    centred = states_IW - mean
    if len(centred) <= centred.shape[1]:
        squares, left = np.linalg.eigh(centred @ centred.T)
        kept = squares > _TINY * max(float(squares[-1]), _TINY)
        size, left = np.sqrt(squares[kept]), left[:, kept]
        return _Parts(mean, left, size, centred.T @ left / size)
    squares, right = np.linalg.eigh(centred.T @ centred)
    kept = squares > _TINY * max(float(squares[-1]), _TINY)
    size, right = np.sqrt(squares[kept]), right[:, kept]
    return _Parts(mean, centred @ right / size, size, right)


def _said(parts: _Parts, moved_JR: Float[np.ndarray, "J R"], labels_I: Int[np.ndarray, " I"]) -> Int[np.ndarray, " J"]:
    values, place_I = np.unique(labels_I, return_inverse=True)
    targets_IC = np.eye(len(values))[place_I]
    mean_C = targets_IC.mean(0)
    seen_RC = parts.left.T @ (targets_IC - mean_C)
    scale = float((parts.size**2).sum()) / max(len(parts.mean), 1)
    ridge = min(RIDGES, key=lambda each: _left_out(parts, seen_RC, targets_IC - mean_C, each * scale))
    weights_RC = (parts.size / (parts.size**2 + ridge * scale + _TINY))[:, None] * seen_RC
    return values[(moved_JR @ weights_RC + mean_C).argmax(1)]


def _left_out(
    parts: _Parts, seen_RC: Float[np.ndarray, "R C"], targets_IC: Float[np.ndarray, "I C"], ridge: float
) -> float:
    """The squared error of leaving one item out."""
    shrunk_R = parts.size**2 / (parts.size**2 + ridge + _TINY)
    leverage_I = (parts.left**2) @ shrunk_R + 1 / len(targets_IC)
    errors_IC = targets_IC - parts.left @ (shrunk_R[:, None] * seen_RC)
    return float(((errors_IC / np.maximum(1 - leverage_I, _TINY)[:, None]) ** 2).sum())
