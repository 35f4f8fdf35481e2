"""How good an attribution is, by retraining: the linear datamodeling score.

A model is trained again on each of S random subsets of the documents. For a text the attribution predicts of subset s
the sum Σ_{d in s} w_d; what log p it has in fact is known. The score of a text is Spearman's correlation of the two
over subsets, and the LDS its mean over texts (Ilyas and others, *Datamodels*, 2022; Park and others, *TRAK*, 2023).
Intervals draw subsets and texts at once, each with replacement: percentiles of the resampled mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from mesolens.evidence.clusters import cluster_draws

LEAST_SUBSETS = 3


@dataclass(frozen=True, slots=True)
class Lds:
    """The score with its 95 % interval."""

    value: float
    low: float
    high: float


def lds(
    weights_TD: Float[np.ndarray, "T D"],
    inside_SD: Bool[np.ndarray, "S D"],
    actual_ST: Float[np.ndarray, "S T"],
    *,
    together: Sequence[str] | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Lds:
    """The linear datamodeling score of influences on T texts, by S retrainings.

    Args:
        together: for each of the T, a name; those of one name, such as the tokens of a text, are drawn together.

    >>> inside = np.array([[True, False, True], [True, True, False], [False, True, True]])
    >>> lds(np.array([[3.0, 2.0, 1.0]]), inside, np.array([[4.0], [5.0], [3.0]]), resamples=10).value
    1.0
    """
    predicted_ST = inside_SD.astype(float) @ weights_TD.T
    rng, (subsets, texts) = np.random.default_rng(seed), actual_ST.shape
    weights_RT = cluster_draws(together or [str(text) for text in range(texts)], resamples, seed)
    drawn = np.empty(resamples)
    for number, weights_T in enumerate(weights_RT):
        some = rng.integers(subsets, size=subsets)
        while len(set(some.tolist())) < min(LEAST_SUBSETS, subsets):
            some = rng.integers(subsets, size=subsets)
        drawn[number] = spearman(predicted_ST[some], actual_ST[some]) @ weights_T
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Lds(float(spearman(predicted_ST, actual_ST).mean()), float(low), float(high))


def spearman(one_ST: Float[np.ndarray, "S T"], other_ST: Float[np.ndarray, "S T"]) -> Float[np.ndarray, " T"]:
    """Spearman's correlation of each pair of columns; 0 where one of them does not vary."""
    ranks = [rankdata(side, axis=0) for side in (one_ST, other_ST)]
    one, other = (side - side.mean(0) for side in ranks)
    scale = np.sqrt((one**2).sum(0) * (other**2).sum(0))
    return np.divide((one * other).sum(0), scale, out=np.zeros(one.shape[1]), where=scale > 0)
