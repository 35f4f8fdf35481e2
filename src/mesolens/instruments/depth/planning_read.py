"""Planning, read: whether what is announced is done, when the end is settled, and whether it comes out again.

=============  ========================================================================================================
announce       bits between the word announced and the word done, beyond permuted announcements; the announcement stands
               before the deed
forked         the same where it does not: the word read at the middle of a reply, against the one at its end
commitment     how likely the last word, drawn as the model gives it at the end, was along the reply, against what the
               last tokens alone foretell
regeneration   how often a reply that goes on anew from its middle ends with the same word, against other replies
=============  ========================================================================================================
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from jaxtyping import Float, Int

from mesolens.evidence.clusters import cluster_intervals
from mesolens.evidence.foretold import Foretold, foretold
from mesolens.evidence.paired import paired_tests
from mesolens.evidence.proportions import proportions
from mesolens.evidence.shards import Json, Tables
from mesolens.evidence.suffixes import baseline
from mesolens.instruments.depth.planning import ANNOUNCE, CUTS, MIDDLE, PLAN
from mesolens.instruments.depth.planning_setting import PlanSpec

SPOKEN = 24
"""Announcements that are drawn for each item."""
_SURE = 0.05


def planning_of(spec: PlanSpec | None, tables: Tables, myopia: dict[str, Json] | None = None) -> dict[str, Json] | None:
    """The `planning` part of the depth reading's data; None where nothing was asked.

    Args:
        myopia: the gap between a vanilla and a myopic twin, where there are such (:mod:`.myopia`).
    """
    if spec is None or (not spec.refused and PLAN not in tables):
        return None
    empty: dict[str, Json] = {"announce": None, "forked": None, "commitment": [], "regeneration": None}
    if spec.refused:
        return {**empty, "myopia": myopia, "says": _also(f"cannot: {spec.refused}", myopia)}
    rng = np.random.default_rng(spec.seed)
    told, forked = _announced(spec, tables, rng), _forked(spec, tables, rng)
    curve = commitment(spec, tables)
    return {
        "announce": _json(told, len(spec.options)),
        "forked": _json(forked, len(spec.options)),
        "commitment": cast(Json, curve),
        "regeneration": regeneration(spec, tables),
        "myopia": myopia,
        "says": _also(says(told, forked, curve), myopia),
    }


def _also(said: str, myopia: Mapping[str, Json] | None) -> str:
    return said if myopia is None else f"{said}; {myopia['says']}"


def _json(found: Foretold, options: int) -> dict[str, Json]:
    names = ("items", "bits", "low", "high", "p", "found", "permuted", "most", "same")
    return {**{name: getattr(found, name) for name in names}, "chance": 1 / options}


def says(told: Foretold, forked: Foretold, curve: Sequence[dict[str, Json]]) -> str:
    """One line."""
    sure = told.p <= _SURE and told.low > 0
    bits = f"{told.bits:.2f} [{told.low:.2f}, {told.high:.2f}] bits of at most {told.most:.2f}"
    first = (
        f"does what it says ({bits})" if sure else f"cannot: what it says tells nothing sure of what it does ({bits})"
    )
    ahead = [row for row in curve[:-1] if _ahead(row)]
    settled = f"the end is foretold from {cast(float, ahead[0]['position']):.0%} of a reply on" if ahead else ""
    hidden = f"half way it holds {forked.bits:.2f} bits of its end" if forked.p <= _SURE and forked.low > 0 else ""
    return "; ".join(part for part in (first, settled, hidden) if part)


def _ahead(row: Mapping[str, Json]) -> bool:
    """Whether the last word is likelier there than the last tokens make it, and than it was to begin with."""
    beyond, p, risen, risen_p = (cast(float, row[name]) for name in ("beyond", "p", "risen", "risen_p"))
    return beyond > 0 and p <= _SURE and risen > 0 and risen_p <= _SURE


def _announced(spec: PlanSpec, tables: Tables, rng: np.random.Generator) -> Foretold:
    """Announcements drawn as the model gives them, and deeds as it gives them behind each."""
    rows = tables[ANNOUNCE].to_pylist()
    weights = {(row["item"], row["announced"]): np.exp(np.array(row["weights"], float)) for row in rows}
    items = range(len(spec.items))
    announced = np.array([drawn(weights[item, -1], SPOKEN, rng) for item in items])
    done = np.array([[drawn(weights[item, word], 1, rng)[0] for word in announced[item].tolist()] for item in items])
    return foretold(announced, done, [str(item) for item in items], seed=spec.seed)


def _forked(spec: PlanSpec, tables: Tables, rng: np.random.Generator) -> Foretold:
    """Words drawn at the middle of each reply and at its end, neither of which the other sees."""
    weights = _weights(spec, tables)
    middle, end = (np.exp(weights[:, :, CUTS.index(cut)]) for cut in (MIDDLE, 100))
    both = [np.array([[drawn(share, 1, rng)[0] for share in item] for item in each]) for each in (middle, end)]
    return foretold(both[0], both[1], [str(item) for item in range(len(spec.items))], seed=spec.seed)


def drawn(share_C: Float[np.ndarray, " C"], count: int, rng: np.random.Generator) -> Int[np.ndarray, " S"]:
    """So many draws of an option."""
    edges = np.cumsum(share_C / share_C.sum())
    return np.minimum(np.searchsorted(edges, rng.random(count), side="right"), len(share_C) - 1)


def _weights(spec: PlanSpec, tables: Tables) -> Float[np.ndarray, "I S P C"]:
    """Log-probabilities of each option, for item, reply and cut."""
    found = np.full((len(spec.items), spec.draws, len(CUTS), len(spec.options)), np.nan)
    for row in tables[PLAN].to_pylist():
        if row["again"] < 0:
            found[row["item"], row["draw"], CUTS.index(row["cut"])] = row["weights"]
    return found


def commitment(spec: PlanSpec, tables: Tables) -> list[dict[str, Json]]:
    """For each cut how likely the word was that comes last, by the model and by the last tokens alone.

    `beyond` is the mean difference between the two, `risen` that from the model's before anything was said, each with
    its p by items.
    """
    weights, draws = _weights(spec, tables), spec.draws
    rng = np.random.default_rng((spec.seed, 1))
    last = np.array([drawn(share, 1, rng)[0] for item in np.exp(weights[:, :, -1]) for share in item])
    texts = {(row["item"], row["draw"], row["cut"]): row["ids"] for row in tables[PLAN].to_pylist() if row["again"] < 0}
    whose = [(item, draw) for item in range(len(spec.items)) for draw in range(draws)]
    groups = [str(item) for item, _ in whose]
    whole = [texts[item, draw, 100] for item, draw in whose]
    rows: list[dict[str, Json]] = []
    flat = np.arange(len(whose))
    first = np.exp(weights[:, :, 0].reshape(len(whose), -1))[flat, last]
    for place, cut in enumerate(CUTS):
        broken = [texts[item, draw, cut] for item, draw in whose]
        model = np.exp(weights[:, :, place].reshape(len(whose), -1))[flat, last]
        grams = baseline(whole, last.tolist(), broken, groups, len(spec.options))[flat, last]
        test = paired_tests(np.stack([model - grams, model - first], 1), groups, seed=spec.seed)
        low, high = _ends(model, groups)
        rows.append(
            {
                "position": cut / 100,
                "model": float(model.mean()),
                "low": low,
                "high": high,
                "baseline": float(grams.mean()),
                "beyond": float(test.mean[0]),
                "p": float(test.flip[0]),
                "risen": float(test.mean[1]),
                "risen_p": float(test.flip[1]),
            }
        )
    return rows


def _ends(values_I: Float[np.ndarray, " I"], groups: Sequence[str]) -> tuple[float, float]:
    found = cluster_intervals(values_I[:, None], groups)
    return (0.0, 1.0) if found is None else (max(0.0, float(found[0][0])), min(1.0, float(found[1][0])))


def regeneration(spec: PlanSpec, tables: Tables) -> dict[str, Json] | None:
    """How often a reply that goes on anew from its middle ends as it did; chance is how often another reply does."""
    rows = tables[PLAN].to_pylist()
    ends = {(r["item"], r["draw"]): int(np.argmax(r["weights"])) for r in rows if r["again"] < 0 and r["cut"] == 100}
    anew = [row for row in rows if row["again"] >= 0]
    if not anew:
        return None
    same = np.array([float(np.argmax(row["weights"]) == ends[row["item"], row["draw"]]) for row in anew])
    chance = np.array([_others(ends, row["item"], row["draw"], spec.draws) for row in anew])
    groups = [str(row["item"]) for row in anew]
    share, test = proportions(same[:, None], groups), paired_tests((same - chance)[:, None], groups, seed=spec.seed)
    return {
        "cut": MIDDLE / 100,
        "n": len(anew),
        "same": float(share.share[0]),
        "low": float(share.low[0]),
        "high": float(share.high[0]),
        "chance": float(chance.mean()),
        "p": float(test.flip[0]),
    }


def _others(ends: Mapping[tuple[int, int], int], item: int, draw: int, draws: int) -> float:
    """How many of the item's other replies end as this one."""
    rest = [ends[item, other] == ends[item, draw] for other in range(draws) if other != draw]
    return float(np.mean(rest)) if rest else 1.0
