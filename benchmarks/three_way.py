"""From metrics of a reply to own, other or nobody, fitted on labelled replies: the best chance that a metric can have.

Metrics name no classes, and the face needs no labels; so whatever is compared with it is fitted on half of the angles
with the parser's labels. One number gets the two best thresholds: of all pairs of cuts, with any class in each of the
three intervals, the one of highest balanced accuracy. Several get a multinomial logistic regression in the numbers,
their squares and their products, every class weighing the same, with a ridge penalty on all but the intercepts.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize
from scipy.special import log_softmax

CUTS = 64
"""Quantiles at which one number may be cut."""
RIDGE = 1e-3
"""Of the mean loss, in nats for a squared weight on a standardised number."""
FAR = 5.0
"""Standard deviations at which numbers stop to count for more."""

Rule = Callable[[Float[np.ndarray, "J F"]], Int[np.ndarray, " J"]]


def balanced(found_I: Int[np.ndarray, " I"], truth_I: Int[np.ndarray, " I"]) -> float:
    """The share of each class that is found, averaged over the classes that are there.

    >>> balanced(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 2]))
    0.5
    """
    return float(np.mean([(found_I[truth_I == kind] == kind).mean() for kind in np.unique(truth_I)]))


def fitted(metrics_IF: Float[np.ndarray, "I F"], truth_I: Int[np.ndarray, " I"]) -> Rule:
    """The rule for some metrics, from replies whose class is known."""
    return thresholds(metrics_IF, truth_I) if metrics_IF.shape[1] == 1 else quadratic(metrics_IF, truth_I)


def thresholds(metric_I1: Float[np.ndarray, "I 1"], truth_I: Int[np.ndarray, " I"]) -> Rule:
    """The two cuts, and the class between them, that name most of each class on average."""
    kinds, place_I = np.unique(truth_I, return_inverse=True)
    cuts = np.unique(np.quantile(metric_I1[:, 0], np.linspace(0, 1, CUTS + 1)[1:-1]))
    weight_I = 1 / np.bincount(place_I)[place_I]
    bin_I = np.searchsorted(cuts, metric_I1[:, 0], side="right")
    mass_BY = np.zeros((len(cuts) + 1, len(kinds)))
    np.add.at(mass_BY, (bin_I, place_I), weight_I)
    below_CY = mass_BY.cumsum(0)
    pairs = [(a, b) for a in range(len(cuts)) for b in range(a, len(cuts))]
    first, last = np.array(pairs).T
    parts_3RY = np.stack([below_CY[first], below_CY[last] - below_CY[first], below_CY[-1] - below_CY[last]])
    best = int(parts_3RY.max(2).sum(0).argmax())
    named = kinds[parts_3RY[:, best].argmax(1)]
    ends = cuts[[first[best], last[best]]]
    return lambda some_J1: named[np.searchsorted(ends, some_J1[:, 0], side="right")]


def quadratic(metrics_IF: Float[np.ndarray, "I F"], truth_I: Int[np.ndarray, " I"]) -> Rule:
    """The likeliest class under the logistic regression."""
    kinds, place_I = np.unique(truth_I, return_inverse=True)
    mean_F, spread_F = metrics_IF.mean(0), np.maximum(metrics_IF.std(0), 1e-12)

    def numbers(some_JF: Float[np.ndarray, "J F"]) -> Float[np.ndarray, "J P"]:
        z_JF = np.clip((some_JF - mean_F) / spread_F, -FAR, FAR)
        one, other = np.triu_indices(z_JF.shape[1])
        return np.concatenate([np.ones((len(z_JF), 1)), z_JF, z_JF[:, one] * z_JF[:, other]], axis=1)

    weights_PY = _regression(numbers(metrics_IF), place_I)
    return lambda some_JF: kinds[(numbers(some_JF) @ weights_PY).argmax(1)]


def _regression(numbers_IP: Float[np.ndarray, "I P"], place_I: Int[np.ndarray, " I"]) -> Float[np.ndarray, "P Y"]:
    classes = int(place_I.max()) + 1
    one_IY = np.eye(classes)[place_I]
    weight_I = 1 / (classes * np.bincount(place_I)[place_I])
    shape = (numbers_IP.shape[1], classes)

    def cost(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights_PY = flat.reshape(shape)
        log_p_IY = log_softmax(numbers_IP @ weights_PY, axis=1)
        slope_PY = numbers_IP.T @ ((np.exp(log_p_IY) - one_IY) * weight_I[:, None])
        held_PY = weights_PY.copy()
        held_PY[0] = 0
        nats = -(weight_I @ (log_p_IY * one_IY).sum(1)) + RIDGE / 2 * (held_PY**2).sum()
        return float(nats), (slope_PY + RIDGE * held_PY).ravel()

    start = np.zeros(shape[0] * shape[1])
    return minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x.reshape(shape)
