"""Null sets: as many leaves of the same layers, kinds and write norms as the largest, removed in their place.

p is the part of all sets, the largest included, whose removal takes away as much of the difference or more.
"""

import numpy as np

from mesolens.evidence.shards import Json
from mesolens.instruments.middle.proof.coalition import Coalition, Values
from mesolens.instruments.middle.proof.ground import Ground

NEAREST = 5
"""Leaves of the nearest norms among which a match is drawn."""


def matches(ground: Ground) -> tuple[list[list[int]], float]:
    """The null sets, and the part of matches that are of the same layer and kind."""
    assert ground.norms is not None
    kinds = np.array([_kind(site) for site in ground.found.sites])
    logs = np.log(ground.norms + 1e-30)
    rng = np.random.default_rng([ground.spec.seed, 2])
    free = np.ones(len(kinds), bool)
    free[[*ground.largest, *ground.always]] = False
    sets: list[list[int]] = []
    near = 0
    for _ in range(ground.proof.nulls):
        left, chosen = free.copy(), list[int]()
        for leaf in ground.largest:
            pool, same = _pool(leaf, kinds, left)
            if not len(pool):
                continue
            closest = pool[np.argsort(np.abs(logs[pool] - logs[leaf]), kind="stable")[:NEAREST]]
            chosen.append(int(rng.choice(closest)))
            left[chosen[-1]] = False
            near += same
        sets.append(chosen)
    return sets, near / max(1, len(ground.largest) * ground.proof.nulls)


def _kind(site: str) -> str:
    """Layer and writer: leaves of one writer are of one type."""
    return site.rpartition(".")[0] if site.count(".") > 1 else site


def _pool(leaf: int, kinds: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, bool]:
    """Leaves of the same layer and kind; where none is left, of the same kind in any layer."""
    same = np.flatnonzero(left & (kinds == kinds[leaf]))
    if len(same):
        return same, True
    writers = np.char.partition(kinds.astype(str), ".")[:, 2]
    return np.flatnonzero(left & (writers == writers[leaf])), False


def asks(ground: Ground) -> list[Coalition]:
    """The largest held together, then every null set."""
    sets, _ = matches(ground)
    return [Coalition("nulls", label, tuple(some)) for label, some in enumerate([ground.largest, *sets])]


def told(ground: Ground, values: Values) -> dict[str, Json]:
    """The effect of the largest beside those of the null sets, and p."""
    part = values.part("nulls")
    if part is None:
        return {"refused": "the contrasts that were checked have no difference on average"}
    sets, matched = matches(ground)
    if not any(sets):
        return {"refused": "no leaf is left that could be matched to the largest"}
    effect, nulls = float(1 - part[0]), 1 - part[1:]
    return {
        "set": [ground.found.sites[leaf] for leaf in ground.largest],
        "effect": effect,
        "nulls": nulls.tolist(),
        "p": float((1 + (nulls >= effect).sum()) / (1 + len(nulls))),
        "matched": matched,
        "distinct": len({tuple(sorted(some)) for some in sets}),
    }
