"""Organs on slides whose groups of neurons were planted, and on two kinds of nothing.

Two traits of each slide run through groups of neurons that are known, and a third through both. Scored are the
partition of the planted neurons (adjusted Rand index; one that was left to the remainder counts as put elsewhere),
whether the third trait is seen to be served by both organs and the others by their own, and what removal foretells.
Where nothing is planted, in newborn weights and where targets and foils are exchanged at random, no organ may be named.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import cast

import numpy as np

from mesolens import api
from mesolens.evidence.consensus import agreement_of_groups
from mesolens.evidence.row import Bar, Row
from mesolens.instruments.middle.organs.shown import shown
from mesolens.model.load import adopt, load
from mesolens.model.loaded import LoadedModel
from mesolens.runs.settings import Budget, Settings
from mesolens.slides import shelf
from mesolens.slides.replies import open_slide
from mesolens.slides.shapes import Shape, newborn
from mesolens.traits.contrasts import Contrast
from mesolens.traits.packs import pack_of

SEEDS: Mapping[Budget, int] = {"quick": 1, "standard": 5, "deep": 5}
SECONDS: Mapping[Budget, float] = {"quick": 104.0, "standard": 520.0, "deep": 520.0}
SAME, FORESEEN, STABLE = Bar("≥", 0.8), Bar("≥", 0.8), Bar("≥", 0.8)
ALL, NONE = Bar("=", 1.0), Bar("=", 0.0)
NAMED = "organs"


@dataclass(frozen=True, slots=True)
class Planted:
    """What a slide's truth says: each group's neurons, and the groups that each trait runs through."""

    groups: Mapping[str, Sequence[str]]
    traits: Mapping[str, Sequence[str]]


def steps(budget: Budget) -> int:
    """One for each slide, and two for its nulls."""
    return 3 * SEEDS[budget]


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Rows of every slide, and of all nulls together."""
    found: list[Row] = []
    named: dict[str, list[float]] = {"newborn weights": [], "targets and foils exchanged at random": []}
    for seed in range(1, SEEDS[settings.budget] + 1):
        name = f"mask-organs-{seed}"
        model, texts = load(f"slide:{name}"), pack_of(shelf.folder(name))
        found += scored(name, api.organs(model, texts, budget="quick", seed=settings.seed))
        tick(1)
        for kind, nothing in (
            ("newborn weights", api.organs(_newborn(name, seed), texts, budget="quick", seed=settings.seed)),
            ("targets and foils exchanged at random", api.organs(model, exchanged(texts, seed), budget="quick")),
        ):
            named[kind].append(float(nothing.verdict == NAMED))
            tick(1)
    return [*found, *(_row(f"{len(n)} runs, {kind}", "named organs", sum(n), NONE) for kind, n in named.items())]


def scored(name: str, found: api.Organs) -> list[Row]:
    """One slide's rows."""
    location = cast("dict[str, dict[str, list[str]]]", shelf.describe(name)["location"])
    planted = Planted(location["groups"], location["traits"])
    place = placed(found, planted)
    proof = cast("dict[str, dict[str, object]]", found.reading.data["proof"])["reference"]
    beside = {str(row["name"]): row for row in cast("list[dict[str, float | str]]", proof["beside"])}
    own = sorted({organ for organ in map(main_organ, place.values()) if organ >= 0})
    stability = min((cast(float, found.found[organ]["stability"]) for organ in own), default=0.0)
    return [
        _row(name, "agreement with the planted groups, ARI", rand(place), SAME),
        _row(name, "traits served by the organs that they run through", as_planted(found, planted, place), ALL),
        _row(name, "stability of the planted organs", stability, STABLE),
        _ranged(name, "removal foreseen on unseen contrasts and angles, R²", proof, "r2", FORESEEN),
        _row(name, "removal foreseen by shares alone, no slope fitted, R²", cast(float, proof["r2_share"]), None),
        _ranged(name, "slope of the calibration line", proof, "slope", None),
        *(_above(name, beside[kind]) for kind in ("matched random", "layers")),
        *(_more_selective(name, beside[kind]) for kind in ("matched random", "layers")),
    ]


def placed(found: api.Organs, planted: Planted) -> dict[str, list[int]]:
    """For each planted group, the organ of each of its neurons; −1 for the remainder."""
    table = shown(found.reading, found.tables)["organs-sites"]
    organ = dict(zip(table["site"].to_pylist(), table["organ"].to_numpy().tolist(), strict=True))
    return {name: [int(organ[site]) for site in sites] for name, sites in planted.groups.items()}


def rand(place: Mapping[str, Sequence[int]]) -> float:
    """The adjusted Rand index of planted groups and organs."""
    truth = np.array([number for number, organs in enumerate(place.values()) for _ in organs])
    return agreement_of_groups(truth, np.array([organ for organs in place.values() for organ in organs]))


def main_organ(organs: Sequence[int]) -> int:
    """The organ that most neurons of a group are in."""
    return max(sorted(set(organs)), key=list(organs).count)


def as_planted(found: api.Organs, planted: Planted, place: Mapping[str, Sequence[int]]) -> float:
    """The part of traits whose planted groups' organs are called to serve them, the shared one by all of its groups."""
    right = 0
    for trait, groups in planted.traits.items():
        organs = [main_organ(place[group]) for group in groups]
        right += all(organ >= 0 and trait in _served(found, organ) for organ in organs)
    shared = [trait for trait, groups in planted.traits.items() if len(groups) > 1]
    both = {main_organ(place[group]) for trait in shared for group in planted.traits[trait]}
    seen = all(organ >= 0 and found.found[organ]["shared"] is True for organ in both)
    return (right + seen) / (len(planted.traits) + 1)


def _served(found: api.Organs, organ: int) -> set[str]:
    rows = cast("list[dict[str, object]]", found.found[organ]["serves"])
    return {str(row["trait"]) for row in rows if row["called"]}


def exchanged(texts: Sequence[Contrast], seed: int) -> list[Contrast]:
    """The contrasts with target and foil exchanged in a random half."""
    rng = Random(f"exchanged/{seed}")  # noqa: S311
    return [
        replace(text, target=text.foil, foil=text.target) if text.foil is not None and rng.random() < 0.5 else text
        for text in texts
    ]


def _newborn(name: str, seed: int) -> LoadedModel:
    """A model of the slide's shape that has learned nothing."""
    slide = open_slide(shelf.folder(name))
    return adopt(newborn(Shape(), 100 + seed).eval(), slide.tokenizer)


def _row(subject: str, quantity: str, value: float, bar: Bar | None) -> Row:
    if bar is None:
        return Row("organs", subject, quantity, value)
    return Row("organs", subject, quantity, value, bar=str(bar), holds=bar.holds(value))


def _ranged(name: str, quantity: str, proof: Mapping[str, object], key: str, bar: Bar | None) -> Row:
    value = cast(float, proof[key])
    low, high = (
        cast(float, proof[part]) for part in (("low", "high") if key == "r2" else (f"{key}_low", f"{key}_high"))
    )
    held = None if bar is None else bar.holds(value)
    return Row("organs", name, quantity, value, low, high, "" if bar is None else str(bar), held)


def _above(name: str, row: Mapping[str, float | str]) -> Row:
    """By how much the organs' R² is above that of another grouping; held against the lower end of its interval."""
    low, high = float(row["low"]), float(row["high"])
    quantity = f"R² above that of {row['name']}, its interval above 0"
    return Row("organs", name, quantity, float(row["difference"]), low, high, "> 0", low > 0)


def _more_selective(name: str, row: Mapping[str, float | str]) -> Row:
    """How much more of its own trait than of others goes with an organ than with a group of another grouping."""
    low, high = float(row["more_low"]), float(row["more_high"])
    return Row("organs", name, f"own less other traits, above that of {row['name']}", float(row["more"]), low, high)
