"""How many groups there are, and which of them come again when the items are drawn anew.

For each number of groups k the rows are clustered (:mod:`mesolens.evidence.axes`) on bootstrap resamples of the items.
Two numbers are read off the clusterings.

- *Ambiguity*: 4 c (1 − c) on average over pairs of rows, by weight, where c is the part of the resamples that put the
  two together (one less the dispersion of consensus matrices in Kim and Park, Bioinformatics 23, 2007; consensus
  clustering is that of Monti and others, Machine Learning 52, 2003). It is held against the same of *rotated* rows:
  their covariance over items, and so everything that whole items have in common, is kept, and whatever groups the rows
  form is gone (John and others, *M3C*, Scientific Reports 10, 2020). The number of groups is that with the smallest
  ambiguity beside its null. Whether there are any is tested by how many standard deviations the log ambiguity lies
  below its null, at the number where it lies lowest: where a rotation lies as far below its fellows in more than α of
  them, there are none.
- *Stability* of a group: the Jaccard overlap, by weight, with the likest group of each resample, on average (Hennig,
  *Cluster-wise assessment of cluster stability*, CSDA 52, 2007).

An item may come several times, as the same question from several angles: those rows of the table are drawn together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from mesolens.evidence.axes import Axes, axes, unit

STABLE = 0.8
"""The stability from which a group is called stable."""
_STARTS = 8
_COMPARED = 20
"""Resamples on which rows and rotated rows are compared."""
_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Count:
    """One number of groups, tried.

    Attributes:
        ambiguous: of the rows; `null`: the mean over rotations.
        stability: mean over groups, by weight.
    """

    groups: int
    ambiguous: float
    null: float
    stability: float


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups of rows.

    Attributes:
        counts: every number that was tried.
        p: the part of rotations that beat their fellows as far, at whatever number.
        chosen: the number of groups, 0 where the rows form none.
        axes: the groups at that number, or at the best one where there are none.
        stability: of each group; `low`: what it exceeds in nineteen of twenty resamples.
    """

    counts: tuple[Count, ...]
    p: float
    chosen: int
    axes: Axes
    stability: Float[np.ndarray, " K"]
    low: Float[np.ndarray, " K"]


def grouped(
    rows_NI: Float[np.ndarray, "N I"],
    weight_N: Float[np.ndarray, " N"],
    items: Sequence[str],
    strata: Sequence[str],
    *,
    most: int = 16,
    resamples: int = 50,
    rotations: int = 20,
    alpha: float = 0.05,
    seed: int = 0,
) -> Grouping:
    """Groups of rows that move together over items.

    Args:
        rows_NI: one profile a row, of any length.
        weight_N: what each row counts.
        items, strata: each column's item, drawn as a whole, and the stratum (a trait) within which it is drawn.
        most: the largest number of groups that is tried; the smallest is two.
        resamples: of the items, for each number.
        rotations: null tables.
        alpha: of the comparison with them.
        seed: of everything that is drawn.
    """
    rng = np.random.default_rng(seed)
    drawn = [_drawn(items, strata, rng) for _ in range(resamples)]
    tried = range(2, min(most, len(rows_NI) - 1) + 1)
    if not tried or not rotations:
        return _nothing(rows_NI, weight_N)
    few = drawn[:_COMPARED]
    tables = (_rotated(rows_NI, weight_N, rng) for _ in range(rotations))
    null_MK = np.array([_ambiguities(table, weight_N, few, tried, rng) for table in tables])
    kept = [_tried(rows_NI, weight_N, drawn, groups, rng) for groups in tried]
    mean_K = null_MK.mean(0)
    counts = tuple(replace(each.counts[0], null=float(mean)) for each, mean in zip(kept, mean_K, strict=True))
    ambiguous_K = np.array([count.ambiguous for count in counts])
    best = int(((ambiguous_K + _LEAST) / (mean_K + _LEAST)).argmin())
    p = _chance(ambiguous_K, null_MK)
    return replace(kept[best], counts=counts, p=p, chosen=kept[best].chosen if p <= alpha else 0)


def _chance(ambiguous_K: Float[np.ndarray, " K"], null_MK: Float[np.ndarray, "M K"]) -> float:
    """The part of rotations that lie as far below their fellows, at whatever number, as the rows do."""
    logs_MK = np.log(null_MK + _LEAST)
    level_K, spread_K = logs_MK.mean(0), logs_MK.std(0) + _LEAST
    below = float(((np.log(ambiguous_K + _LEAST) - level_K) / spread_K).min())
    null_M = ((logs_MK - level_K) / spread_K).min(1)
    return float((1 + (null_M <= below).sum()) / (1 + len(null_M)))


def _tried(
    rows_NI: Float[np.ndarray, "N I"],
    weight_N: Float[np.ndarray, " N"],
    drawn: Sequence[Int[np.ndarray, " J"]],
    groups: int,
    rng: np.random.Generator,
) -> Grouping:
    """The groups at one number, with how they come again."""
    whole = axes(unit(rows_NI), weight_N, groups, rng, _STARTS)
    again_RN = _again(rows_NI, weight_N, drawn, groups, rng)
    overlap_RK = np.array([overlaps(whole.of, each, weight_N, groups) for each in again_RN])
    size_K = np.bincount(whole.of, weight_N, groups) / weight_N.sum()
    count = Count(groups, ambiguity(again_RN[:_COMPARED], weight_N), 1.0, float(size_K @ overlap_RK.mean(0)))
    return Grouping((count,), 1.0, groups, whole, overlap_RK.mean(0), np.quantile(overlap_RK, 0.05, axis=0))


def _nothing(rows_NI: Float[np.ndarray, "N I"], weight_N: Float[np.ndarray, " N"]) -> Grouping:
    """Rows too few to be told apart: one group."""
    whole = axes(unit(rows_NI), weight_N, 1, np.random.default_rng(0), 1)
    return Grouping((), 1.0, 0, whole, np.ones(1), np.ones(1))


def _ambiguities(
    rows_NI: Float[np.ndarray, "N I"],
    weight_N: Float[np.ndarray, " N"],
    drawn: Sequence[Int[np.ndarray, " J"]],
    tried: Sequence[int],
    rng: np.random.Generator,
) -> list[float]:
    return [ambiguity(_again(rows_NI, weight_N, drawn, groups, rng), weight_N) for groups in tried]


def _again(
    rows_NI: Float[np.ndarray, "N I"],
    weight_N: Float[np.ndarray, " N"],
    drawn: Sequence[Int[np.ndarray, " J"]],
    groups: int,
    rng: np.random.Generator,
) -> Int[np.ndarray, "R N"]:
    """The groups in every resample."""
    return np.stack([axes(unit(rows_NI[:, columns]), weight_N, groups, rng, 2).of for columns in drawn])


def _drawn(items: Sequence[str], strata: Sequence[str], rng: np.random.Generator) -> Int[np.ndarray, " J"]:
    """Columns of a bootstrap resample: whole items, as many in each stratum as it has."""
    names, stratum = np.asarray(items), np.asarray(strata)
    columns: list[int] = []
    for each in np.unique(stratum):
        here = np.flatnonzero(stratum == each)
        there = np.unique(names[here])
        for name in there[rng.integers(0, len(there), len(there))]:
            columns += here[names[here] == name].tolist()
    return np.array(columns)


def _rotated(
    rows_NI: Float[np.ndarray, "N I"], weight_N: Float[np.ndarray, " N"], rng: np.random.Generator
) -> Float[np.ndarray, "N I"]:
    """Rows drawn with the table's own covariance over items, each as long as the row in whose place it stands."""
    scatter_II = rows_NI.T.astype(np.float64) @ rows_NI
    values, vectors_II = np.linalg.eigh(scatter_II)
    noise_NI = rng.normal(size=rows_NI.shape) * np.sqrt(np.clip(values, 0, None))
    return unit(noise_NI @ vectors_II.T) * weight_N[:, None]


def ambiguity(groups_RN: Int[np.ndarray, "R N"], weight_N: Float[np.ndarray, " N"]) -> float:
    """How undecided clusterings are on which rows belong together: 0 where all agree, at most 1.

    >>> ambiguity(np.array([[0, 0, 1], [1, 1, 0]]), np.ones(3)), ambiguity(np.array([[0, 0], [0, 1]]), np.ones(2))
    (0.0, 1.0)
    """
    member_RNK = (groups_RN[..., None] == np.arange(groups_RN.max() + 1)).astype(np.float32)
    flat_NM = member_RNK.transpose(1, 0, 2).reshape(groups_RN.shape[1], -1)
    together_NN = (flat_NM @ flat_NM.T).astype(np.float64) / len(groups_RN)
    pair_NN = np.outer(weight_N, weight_N)
    np.fill_diagonal(pair_NN, 0)
    return float((pair_NN * 4 * together_NN * (1 - together_NN)).sum() / max(float(pair_NN.sum()), 1e-300))


def overlaps(
    one_N: Int[np.ndarray, " N"], other_N: Int[np.ndarray, " N"], weight_N: Float[np.ndarray, " N"], groups: int
) -> Float[np.ndarray, " K"]:
    """For each group of one clustering, the Jaccard overlap by weight with the likest group of the other.

    >>> overlaps(np.array([0, 0, 1]), np.array([1, 1, 1]), np.ones(3), 2).round(3).tolist()
    [0.667, 0.333]
    """
    shared_KK = np.zeros((groups, groups))
    np.add.at(shared_KK, (one_N, other_N), weight_N)
    whole_KK = shared_KK.sum(1)[:, None] + shared_KK.sum(0) - shared_KK
    return (shared_KK / np.where(whole_KK > 0, whole_KK, 1.0)).max(1)


def agreement_of_groups(one_N: Int[np.ndarray, " N"], other_N: Int[np.ndarray, " N"]) -> float:
    """The adjusted Rand index: 1 for the same groups, 0 on average for groups dealt at random.

    Hubert and Arabie, *Comparing partitions*, Journal of Classification 2, 1985.

    >>> agreement_of_groups(np.array([0, 0, 1, 1]), np.array([5, 5, 3, 3]))
    1.0
    """
    shared = np.unique(one_N, return_inverse=True)[1], np.unique(other_N, return_inverse=True)[1]
    table = np.zeros((shared[0].max() + 1, shared[1].max() + 1))
    np.add.at(table, shared, 1)
    whole = np.array(float(len(one_N)))
    both, one, other, every = (_pairs(counts) for counts in (table, table.sum(1), table.sum(0), whole))
    chance = one * other / every if every else 0.0
    return 1.0 if (one + other) / 2 == chance else (both - chance) / ((one + other) / 2 - chance)


def _pairs(counts: Float[np.ndarray, "..."]) -> float:
    return float((counts * (counts - 1) / 2).sum())
