"""How often an interval of a mean over clusters holds the truth, and how wide it is: ours beside the usual ones.

Clusters are drawn from distributions whose mean is known: normal, skewed (exponential, lognormal) and mostly zero, as
the shares of a neuron are that few templates wake. The peers are Student's interval of cluster means, and percentiles
and studentised percentiles of a bootstrap of clusters; a bar is held where the transform claims one.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import t as student

from benchmarks.row import Row
from mesolens.evidence.clusters import cluster_intervals

COLUMNS, RESAMPLES = 4000, 400
CLUSTERS = (5, 8, 13, 24)
LOW, HIGH = 0.93, 0.97
Ends = tuple[np.ndarray, np.ndarray]


def normal(rng: np.random.Generator, clusters: int) -> np.ndarray:
    """Symmetric."""
    return rng.normal(size=(clusters, COLUMNS))


def exponential(rng: np.random.Generator, clusters: int) -> np.ndarray:
    """Skewness 2."""
    return rng.exponential(size=(clusters, COLUMNS)) - 1


def lognormal(rng: np.random.Generator, clusters: int) -> np.ndarray:
    """Skewness 6, heavy tail."""
    return np.exp(rng.normal(size=(clusters, COLUMNS))) - np.exp(0.5)


def sparse(rng: np.random.Generator, clusters: int) -> np.ndarray:
    """Zero in four clusters of five."""
    return (rng.random((clusters, COLUMNS)) < 0.2) * (rng.normal(size=(clusters, COLUMNS)) + 2) - 0.4


def ours(values: np.ndarray, _: np.random.Generator) -> Ends:
    """The interval that trees carry."""
    found = cluster_intervals(values, [str(k) for k in range(len(values))])
    assert found is not None
    return found


def students(values: np.ndarray, _: np.random.Generator) -> Ends:
    """Student's interval of cluster means."""
    half = student.ppf(0.975, len(values) - 1) * values.std(0, ddof=1) / np.sqrt(len(values))
    return values.mean(0) - half, values.mean(0) + half


def percentile(values: np.ndarray, rng: np.random.Generator) -> Ends:
    """Percentiles of resampled means."""
    low, high = np.quantile(_drawn(values, rng) @ values, [0.025, 0.975], axis=0)
    return low, high


def studentised(values: np.ndarray, rng: np.random.Generator) -> Ends:
    """Percentiles of resampled studentised means."""
    count, mean = len(values), values.mean(0)
    weights = _drawn(values, rng)
    means = weights @ values
    errors = np.sqrt(np.maximum(weights @ values**2 - means**2, 0) / (count - 1)) + 1e-12
    low, high = np.quantile((means - mean) / errors, [0.025, 0.975], axis=0)
    error = values.std(0, ddof=1) / np.sqrt(count)
    return mean - high * error, mean - low * error


def _drawn(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    count = len(values)
    return rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count


KINDS: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = (normal, exponential, lognormal, sparse)
PEERS: tuple[Callable[[np.ndarray, np.random.Generator], Ends], ...] = (students, percentile, studentised)
CLAIMED = {(kind.__name__, clusters) for kind in (normal, exponential) for clusters in CLUSTERS if clusters >= 8}


def rows() -> list[Row]:
    """Coverage of zero by each kind of cluster, each number of clusters and each peer."""
    found: list[Row] = []
    for kind in KINDS:
        for clusters in CLUSTERS:
            rng = np.random.default_rng(clusters)
            values = kind(rng, clusters)
            covered = _covered(ours(values, rng))
            bar = f"{LOW} to {HIGH}" if (kind.__name__, clusters) in CLAIMED else ""
            holds = LOW <= covered <= HIGH if bar else None
            for peer in PEERS:
                subject = f"{kind.__name__}, {clusters} clusters"
                beside = _covered(peer(values, rng))
                found.append(
                    Row("intervals", subject, "coverage", covered, None, None, bar, holds, peer.__name__, beside)
                )
    return found


def _covered(ends: Ends) -> float:
    return float(((ends[0] <= 0) & (ends[1] >= 0)).mean())
