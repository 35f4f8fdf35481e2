"""Parity with exact patching: leaves sampled by deciles of their share, each patched alone, in both directions.

`removed` is what the clean readout loses when the leaf is held at its reference value; `restored` what the reference
readout gains when the leaf gets its clean value. The two differ where leaves act together: a backup has no effect when
it alone is removed, and all of it when it alone is restored. A share need not equal either, so the agreement with their
mean is a figure to look at and not a bar.

A leaf would be missed if its share were small and its effect were not. Among the leaves outside the largest fifth that
were patched, so many did more than a hundredth of Δ; the bound is the exact 95 % one of Clopper and Pearson (1934).
"""

import numpy as np
from scipy.stats import beta, rankdata

from mesolens.evidence.shards import Json
from mesolens.instruments.middle.proof.coalition import Coalition, Values
from mesolens.instruments.middle.proof.ground import Ground

DECILES = 10
SMALL = 0.01


def sampled(ground: Ground) -> list[tuple[int, int]]:
    """Leaves with their decile (9 holds the largest shares), as many from each as the budget has.

    They are drawn at random, but for half of the last decile's: those are the very largest, which carry the tree.
    """
    rng = np.random.default_rng([ground.spec.seed, 1])
    each = max(1, ground.proof.parity // DECILES)
    found: list[tuple[int, int]] = []
    for place, part in enumerate(np.array_split(np.asarray(ground.ranked), DECILES)):
        first = (each + 1) // 2 if place == 0 else 0
        drawn = rng.choice(part[first:], min(each - first, len(part[first:])), replace=False)
        found += [(int(leaf), DECILES - 1 - place) for leaf in sorted([*part[:first], *drawn])]
    return found


def asks(ground: Ground) -> list[Coalition]:
    """Every sampled leaf held alone, at both ends."""
    return [
        Coalition("restored" if swapped else "removed", label, (leaf,), swapped=swapped)
        for swapped in (False, True)
        for label, (leaf, _) in enumerate(sampled(ground))
    ]


def told(ground: Ground, values: Values) -> dict[str, Json]:
    """The scatter of shares against both effects, their correlations with the mean effect, and the bound."""
    sample = sampled(ground)
    shares = ground.found.leaves[list(values.items)].mean(0)
    removed = (values.clean - values.by_check["removed"]).mean(1)
    restored = (values.by_check["restored"] - values.reference).mean(1)
    points: list[Json] = [
        {
            "site": ground.found.sites[leaf],
            "share": float(shares[leaf]),
            "removed": float(removed[n]),
            "restored": float(restored[n]),
            "decile": decile,
        }
        for n, (leaf, decile) in enumerate(sample)
    ]
    above = SMALL * abs(float((values.clean - values.reference).mean()))
    small = np.array([decile < DECILES - 2 for _, decile in sample])
    missed = int((np.maximum(np.abs(removed), np.abs(restored))[small] > above).sum())
    ours, exact = shares[[leaf for leaf, _ in sample]], (removed + restored) / 2
    return {
        "points": points,
        "pearson": _correlation(ours, exact),
        "spearman": _correlation(rankdata(ours), rankdata(exact)),
        "sampled": len(sample),
        "leaves": len(ground.ranked),
        "missed": missed,
        "missed_of": int(small.sum()),
        "missed_bound": float(beta.ppf(0.95, missed + 1, small.sum() - missed)) if missed < small.sum() else 1.0,
        "missed_above": above,
    }


def _correlation(ours: np.ndarray, exact: np.ndarray) -> float | None:
    """None where one side does not vary."""
    if len(ours) < 3 or np.ptp(ours) == 0 or np.ptp(exact) == 0:
        return None
    return float(np.corrcoef(ours, exact)[0, 1])
