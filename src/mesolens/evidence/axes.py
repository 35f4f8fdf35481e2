"""Axial clustering: rows that point along the same line, whichever way, are put together.

A leaf that always pulls against its fellows at the same moments acts with them, so rows u and −u are alike. Each
cluster has a unit axis c; a row belongs to the axis with the largest |⟨u, c⟩|, and an axis is the mean of its rows,
each turned to its side and weighted. What is made as large as can be is the mean of |⟨u, c⟩|, by Lloyd's steps from
several starts: the spherical k-means of Dhillon and Modha (*Concept decompositions for large sparse text data using
clustering*, Machine Learning 42, 2001) for axial data, seeded as k-means++ is (Arthur and Vassilvitskii, SODA 2007).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

_STEPS = 30
_STILL = 1e-5
_TINY = 1e-12
_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Axes:
    """A clustering of N rows.

    Attributes:
        of: each row's cluster.
        likeness: |cosine| of each row with its axis.
        axis: unit axes.
        explained: the weighted mean of `likeness`.
    """

    of: Int[np.ndarray, " N"]
    likeness: Float[np.ndarray, " N"]
    axis: Float[np.ndarray, "K I"]
    explained: float


def unit(rows: Float[np.ndarray, "*N I"]) -> Float[np.ndarray, "*N I"]:
    """Rows at length one; a row of zeros stays."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), _TINY)


def axes(
    unit_NI: Float[np.ndarray, "N I"],
    weight_N: Float[np.ndarray, " N"],
    count: int,
    rng: np.random.Generator,
    starts: int = 4,
    steps: int = _STEPS,
) -> Axes:
    """The best of some starts.

    Args:
        unit_NI: rows of length one.
        weight_N: what each row counts, not negative, and not all zero.
        count: of clusters, K; some may end up empty.
        rng: decides the starts.
        starts: how many.
        steps: of Lloyd, at most.

    >>> rows = unit(np.array([[1.0, 0.1], [-1.0, 0.0], [0.1, 1.0], [0.0, -1.0]]))
    >>> found = axes(rows, np.ones(4), 2, np.random.default_rng(0))
    >>> bool(found.of[0] == found.of[1] != found.of[2] == found.of[3])
    True
    """
    axis_SKI = np.stack([_seeded(unit_NI, weight_N, count, rng) for _ in range(starts)])
    for _ in range(steps):
        moved_SKI = np.stack([_moved(unit_NI, weight_N, axis_KI) for axis_KI in axis_SKI])
        still = np.abs(moved_SKI - axis_SKI).max() < _STILL
        axis_SKI = moved_SKI
        if still:
            break
    found = [_of(unit_NI, weight_N, axis_KI) for axis_KI in axis_SKI]
    return max(found, key=lambda each: each.explained)


def _of(
    unit_NI: Float[np.ndarray, "N I"], weight_N: Float[np.ndarray, " N"], axis_KI: Float[np.ndarray, "K I"]
) -> Axes:
    parts = [np.abs(unit_NI[rows] @ axis_KI.T) for rows in _blocks(len(unit_NI))]
    of = np.concatenate([part.argmax(1) for part in parts])
    likeness = np.concatenate([part.max(1) for part in parts]).astype(np.float64)
    return Axes(of, likeness, axis_KI, float(weight_N @ likeness / weight_N.sum()))


def _blocks(count: int) -> list[slice]:
    """Rows that are taken together, so that a table of very many needs no second one of its size."""
    return [slice(start, start + _BLOCK) for start in range(0, count, _BLOCK)]


def _seeded(
    unit_NI: Float[np.ndarray, "N I"], weight_N: Float[np.ndarray, " N"], count: int, rng: np.random.Generator
) -> Float[np.ndarray, "K I"]:
    """Rows as first axes, each the likelier the farther it is from those that were picked."""
    picked = [_picked(weight_N, rng)]
    nearest_N = np.abs(unit_NI @ unit_NI[picked[0]])
    for _ in range(count - 1):
        picked.append(_picked(weight_N * np.clip(1 - nearest_N, 0, None), rng))
        nearest_N = np.maximum(nearest_N, np.abs(unit_NI @ unit_NI[picked[-1]]))
    return unit_NI[picked]


def _picked(weight_N: Float[np.ndarray, " N"], rng: np.random.Generator) -> int:
    bounds = weight_N.astype(np.float64).cumsum()
    return min(int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right")), len(bounds) - 1)


def _moved(
    unit_NI: Float[np.ndarray, "N I"], weight_N: Float[np.ndarray, " N"], axis_KI: Float[np.ndarray, "K I"]
) -> Float[np.ndarray, "K I"]:
    """Each axis as the mean of its rows; one without rows stays where it is."""
    sum_KI = np.zeros_like(axis_KI)
    for rows in _blocks(len(unit_NI)):
        side_NK = unit_NI[rows] @ axis_KI.T
        picks = np.arange(len(side_NK)), np.abs(side_NK).argmax(1)
        pull_NK = np.zeros_like(side_NK)
        pull_NK[picks] = weight_N[rows] * np.sign(side_NK[picks])
        sum_KI += pull_NK.T @ unit_NI[rows]
    empty_K = np.linalg.norm(sum_KI, axis=1) <= _TINY
    return np.where(empty_K[:, None], axis_KI, unit(sum_KI))
