"""Where twins part: how far their outcomes diverge, in bits, beyond what sampling alone makes them.

The divergence of Jensen and Shannon, H((p + q)/2) − (H(p) + H(q))/2 with base 2, is 0 for one and the same distribution
and 1 for two without overlap (Lin, *Divergence measures based on the Shannon entropy*, IEEE Transactions on Information
Theory 37, 1991). From samples it comes out too large: two samples of one distribution differ too. So within each item
the replies of both twins are shuffled between them, which keeps all but the difference between twins; the mean over
shuffles is taken off, their upper 5 % is the floor that a difference must exceed, and the part that reaches the one
found is its p-value. The interval leaves out one cluster at a time (:mod:`mesolens.evidence.jackknife`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import entr

from mesolens.evidence.jackknife import jackknifed


def js_bits(p: Float[np.ndarray, "*B V"], q: Float[np.ndarray, "*B V"]) -> Float[np.ndarray, "*B"]:
    """The divergence of distributions over the last axis, in bits, such as of next tokens at every position.

    >>> js_bits(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.5, 0.5], [0.0, 1.0]])).tolist()
    [0.0, 1.0]
    """
    nats = entr((p + q) / 2).sum(-1) - (entr(p).sum(-1) + entr(q).sum(-1)) / 2
    return np.asarray(np.clip(nats / np.log(2), 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Split:
    """How far two models' outcomes diverge.

    Attributes:
        bits: the divergence less its mean over shuffles; below 0 where it is smaller than sampling makes it.
        low, high: ends of its interval, from 0 to 1.
        floor: what sampling alone stays below in nineteen of twenty shuffles, on the scale of `bits`.
        p: of no difference between the two.
        items: those with every reply of both; others are left out.
    """

    bits: float
    low: float
    high: float
    floor: float
    p: float
    items: int


def split(
    one_IJ: Int[np.ndarray, "I J"],
    other_IJ: Int[np.ndarray, "I J"],
    clusters: Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    shuffles: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Split:
    """The divergence of outcomes 0, 1, … over J replies to each item; a negative outcome is a missing reply.

    Distributions are compared within each group of items and the mean over groups is taken, by their sizes: without
    `groups` all items are one; with a group for each item, twins are compared item by item, which takes two replies or
    more.

    >>> found = split(np.zeros((30, 1), int), np.ones((30, 1), int), [str(k) for k in range(30)])
    >>> found.bits > 0.9, found.p < 0.01, found.items
    (True, True, 30)

    Raises:
        ValueError: no item has every reply.
    """
    there_I = (one_IJ >= 0).all(1) & (other_IJ >= 0).all(1)
    if not there_I.any():
        raise ValueError("no item has every reply of both models, so there is nothing to compare")
    both_IJ = np.concatenate([one_IJ, other_IJ], axis=1)[there_I]
    groups = groups if groups is not None else [""] * len(one_IJ)
    group_I, place_I = (np.unique(np.asarray(part)[there_I], return_inverse=True)[1] for part in (groups, clusters))
    replies = one_IJ.shape[1]
    found = _bits(_counts(both_IJ[None], replies, group_I))[0]
    keys = np.random.default_rng(seed).random((shuffles, *both_IJ.shape))
    null_R = _bits(_counts(np.take_along_axis(both_IJ[None], keys.argsort(-1), -1), replies, group_I))
    without_G = _bits(_without(both_IJ, replies, group_I, place_I))
    mean, upper = float(null_R.mean()), float(np.quantile(null_R, level))
    low, high = jackknifed(np.array([found - mean]), without_G[:, None] - mean, level=level)
    p = float((1 + (null_R >= found - 1e-12).sum()) / (1 + shuffles))
    ends = float(np.clip(low[0], 0, 1)), float(np.clip(high[0], 0, 1))
    return Split(float(found) - mean, *ends, upper - mean, p, len(both_IJ))


def _counts(
    both_RIJ: Int[np.ndarray, "R I J"], replies: int, group_I: Int[np.ndarray, " I"]
) -> Float[np.ndarray, "2 R M C"]:
    """How often each outcome stands in each group, for the first `replies` of each item and for the others."""
    draws, groups, classes = len(both_RIJ), int(group_I.max()) + 1, int(both_RIJ.max()) + 1
    base_RI1 = ((np.arange(draws)[:, None] * groups + group_I) * classes)[..., None]
    sides = both_RIJ[..., :replies], both_RIJ[..., replies:]
    size = draws * groups * classes
    counts = [np.bincount((base_RI1 + side).ravel(), minlength=size) for side in sides]
    return np.stack(counts).reshape(2, draws, groups, classes).astype(float)


def _without(
    both_IJ: Int[np.ndarray, "I J"], replies: int, group_I: Int[np.ndarray, " I"], place_I: Int[np.ndarray, " I"]
) -> Float[np.ndarray, "2 G M C"]:
    """The counts of all clusters but one, for each."""
    clusters, groups = int(place_I.max()) + 1, int(group_I.max()) + 1
    cells = _counts(both_IJ[None], replies, place_I * groups + group_I)
    missing = clusters * groups - cells.shape[2]
    by_cluster = np.pad(cells[:, 0], ((0, 0), (0, missing), (0, 0))).reshape(2, clusters, groups, -1)
    return by_cluster.sum(1, keepdims=True) - by_cluster


def _bits(counts: Float[np.ndarray, "2 R M C"]) -> Float[np.ndarray, " R"]:
    """The divergence of both sides within groups, averaged over groups by their sizes."""
    size_RM = counts[0].sum(-1)
    shares = np.divide(counts, size_RM[..., None], out=np.zeros_like(counts), where=size_RM[..., None] > 0)
    total_R = size_RM.sum(-1)
    weighed_R = (js_bits(shares[0], shares[1]) * size_RM).sum(-1)
    return np.divide(weighed_R, total_R, out=np.zeros_like(total_R), where=total_R > 0)
