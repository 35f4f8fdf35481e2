"""Stability of the largest leaves: whole templates resampled, and the set found anew each time.

Jaccard's index of the set found anew and the set reported, over bootstrap resamples of templates.
"""

import numpy as np

from mesolens.evidence.clusters import cluster_draws
from mesolens.evidence.shards import Json
from mesolens.instruments.middle.proof.ground import Ground

LISTED = 32


def told(ground: Ground) -> dict[str, Json]:
    """Mean index with the range of its middle 95 %, and how often each of the first leaves comes back."""
    templates = ground.found.templates
    if len(set(templates)) < 2:
        return {"refused": "the contrasts have one template alone, so there is nothing to resample"}
    size = len(ground.largest)
    ranked = np.asarray(ground.ranked)
    largest = np.zeros(len(ground.found.sites), bool)
    largest[ground.largest] = True
    times, indices = np.zeros(len(largest)), list[float]()
    for weights in cluster_draws(templates, ground.spec.resamples, ground.spec.seed):
        sizes = np.abs(weights @ ground.found.leaves)[ranked]
        again = ranked[np.argpartition(-sizes, size - 1)[:size]]
        times[again] += 1
        both = int(largest[again].sum())
        indices.append(both / (2 * size - both))
    low, high = np.quantile(indices, [0.025, 0.975])
    return {
        "size": size,
        "jaccard": float(np.mean(indices)),
        "low": float(low),
        "high": float(high),
        "members": [
            {"site": ground.found.sites[leaf], "frequency": float(times[leaf] / len(indices))}
            for leaf in ground.largest[:LISTED]
        ],
    }
