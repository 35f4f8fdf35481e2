"""How far the source may be from its average, at each position, by what the weights say of their own contexts.

A weight λ in a bucket of contexts that were seen c times is that of a Dirichlet prior: with precision θ around what
shorter contexts say, the posterior mean after c observations is λ q + (1 − λ) a with λ = c / (c + θ), and its precision
is θ + c = c / λ (MacKay and Bauman Peto, *A hierarchical Dirichlet language model*, 1995). So weights that were fitted
on text left out tell how far sources stray from what shorter contexts say, and what so many observations leave open:
one part in 1 + c / λ of the variance that a certain answer would have. That part is the **doubt** κ. At a position it
is the largest among its contexts, since longer ones share their few observations with shorter ones; and to it comes
what the next longer context, which never occurred, would have told: one in 1 + θ, which is the weight λ of a context
that was seen once.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from mesolens.corpus.average import BUCKETS, FIRST_COPY, GROUPS, Average, count_cells
from mesolens.corpus.copying import copies, copy_cells
from mesolens.corpus.smoothing import weights_of

_MOST = 1 - 1e-9


def doubts(
    average: Average,
    text: Sequence[int],
    without: int | None = None,
    beside: Float[np.ndarray, " T"] | None = None,
) -> Float[np.ndarray, " T"]:
    """The doubt at each position of a text, from 0 (the source is the average) to 1 (it may be any one token).

    `beside` is what a rung that the average does not know of leaves open (:func:`left_open`); the larger one counts.
    """
    counts_TN = average.counts.ladder(text, average.most, without).context_TN
    lambda_TN = weights_of(count_cells(counts_TN), average.lambdas)
    seen_TN = left_open(lambda_TN, counts_TN)
    seen = np.maximum(seen_TN.max(1, initial=0.0), _of_copies(average, text))
    if beside is not None:
        seen = np.maximum(seen, beside)
    longest = (counts_TN > 0).sum(1) - 1
    return np.clip(1 - (1 - seen) * (1 - _unseen(average, longest)), 1e-12, _MOST)


def left_open(
    weights: Float[np.ndarray, "*T"], counts: Int[np.ndarray, "*T"] | Float[np.ndarray, "*T"]
) -> Float[np.ndarray, "*T"]:
    """1 / (1 + c / λ) of rungs with weight λ that rest on c observations; 0 where nothing was seen.

    >>> left_open(np.array([0.5, 0.5]), np.array([1, 0])).round(3).tolist()
    [0.333, 0.0]
    """
    return np.divide(weights, counts + weights, out=np.zeros(weights.shape), where=counts > 0)


def _of_copies(average: Average, text: Sequence[int]) -> Float[np.ndarray, " T"]:
    found = copies(text)
    heard = np.array([len(places) for places in found.places], np.int64)
    return left_open(weights_of(copy_cells(found, FIRST_COPY), average.lambdas), heard)


def _unseen(average: Average, longest_T: Int[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """The weight of a context one longer, seen once; 0 where no longer ones are asked for."""
    group_T = np.searchsorted(GROUPS, longest_T + 1, side="right") - 1
    return np.where(longest_T < average.most, average.lambdas[group_T * BUCKETS], 0.0)
