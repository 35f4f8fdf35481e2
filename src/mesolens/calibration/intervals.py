"""What the middle's intervals and calls are worth: packs drawn from a large pool, over and over.

*Coverage*: a pack is so many templates of the pool, drawn at random with repetition, so its mean estimates the pool's,
which is known. Counted is how often the interval of a node holds the pool's mean, over draws and over all nodes that
vary. Packs are on one trait, as a readout is. Packs of all traits together stand beside them with no bar: their means
are those of four populations at once, and an interval that takes these for one errs on the wide side.

*False alarms*: in each draw every item's labels, clean and reference, are exchanged or not by the toss of a coin. Then
no leaf has a mean other than zero, and whatever is called is called wrongly. *Calls* on the true labels stand beside
it, as an instrument that never calls anything has no false alarms either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesolens.calibration import pool
from mesolens.evidence.calling import called
from mesolens.evidence.row import Bar, Row
from mesolens.instruments.middle.tree import grow
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.language import TRAITS

TEMPLATES: Mapping[Budget, int] = {"quick": 80, "standard": 160, "deep": 240}
DRAWS: Mapping[Budget, int] = {"quick": 100, "standard": 500, "deep": 2000}
SECONDS: Mapping[Budget, float] = {"quick": 27.0, "standard": 75.0, "deep": 230.0}
PACKS = (12, 24)
"""Templates in a pack: about as many as the slides' own packs have, and twice as many."""
LEAST, MOST = Bar("≥", 0.93), Bar("≤", 0.97)
ALARMS = Bar("≤", 0.05)
MIXED = "all traits together"


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of every leaf, in nats, by item, and each item's template."""

    leaves: Float[np.ndarray, "I N"]
    sites: tuple[str, ...]
    templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What many packs of one population gave: rates between 0 and 1.

    Attributes:
        covered: how often a node's interval held the mean, over draws and varying nodes.
        alarms: the part of the leaves that was called with labels shuffled.
        calls: the same with true labels.
    """

    covered: float
    alarms: float
    calls: float


def steps(budget: Budget) -> int:
    """One for every draw of every size from every population, and one for the pool."""
    return 1 + len(PACKS) * (len(TRAITS) + 1) * DRAWS[budget]


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Coverage, false alarms, and calls on true labels, for each size of pack."""
    found = pool.found(pool.contrasts(TEMPLATES[settings.budget]))
    whole = Shares(found.leaves, found.sites, tuple(found.templates))
    tick(1)
    rng, draws = np.random.default_rng(settings.seed), DRAWS[settings.budget]
    made: list[Row] = []
    for size in PACKS:
        each = [tally(of_trait(whole, trait.name), size, draws, rng, tick) for trait in TRAITS]
        made += _rows(size, each, tally(whole, size, draws, rng, tick))
    return made


def of_trait(shares: Shares, trait: str) -> Shares:
    """The items of one trait."""
    keep = [pool.trait_of(template) == trait for template in shares.templates]
    templates = tuple(name for name, kept in zip(shares.templates, keep, strict=True) if kept)
    return Shares(shares.leaves[np.array(keep)], shares.sites, templates)


def tally(
    shares: Shares, size: int, draws: int, rng: np.random.Generator, tick: Callable[[int], None] = lambda _: None
) -> Tally:
    """Draw packs of `size` templates, with repetition, and count what their intervals and calls say."""
    truth = np.array([node.share for node in grow(shares.leaves, shares.sites, shares.templates)])
    held, alarms, calls = np.zeros(len(truth)), 0.0, 0.0
    for _ in range(draws):
        pack = drawn(shares, size, rng)
        held += holding(pack, truth)
        signs = rng.integers(0, 2, (len(pack.leaves), 1)) * 2.0 - 1.0
        alarms += called(signs * pack.leaves, pack.templates).mean()
        calls += called(pack.leaves, pack.templates).mean()
        tick(1)
    return Tally(float(held[varying(shares)].mean() / draws), alarms / draws, calls / draws)


def drawn(shares: Shares, size: int, rng: np.random.Generator) -> Shares:
    """A pack of `size` templates, drawn with repetition; one that is drawn twice counts as two."""
    names = np.array(shares.templates)
    places = [np.flatnonzero(names == name) for name in rng.choice(np.unique(names), size)]
    labels = tuple(str(number) for number, some in enumerate(places) for _ in some)
    return Shares(shares.leaves[np.concatenate(places)], shares.sites, labels)


def holding(pack: Shares, truth_M: Float[np.ndarray, " M"]) -> Bool[np.ndarray, " M"]:
    """For each node of the pack's tree, whether its interval holds the true mean."""
    ends = np.array([[node.low, node.high] for node in grow(pack.leaves, pack.sites, pack.templates)], float)
    return (ends[:, 0] <= truth_M) & (truth_M <= ends[:, 1])


def varying(shares: Shares) -> Bool[np.ndarray, " M"]:
    """The nodes whose share is not the same in all items: an interval of no width covers for nothing."""
    by_item = [[node.share for node in grow(one[None], shares.sites, ["one"])] for one in shares.leaves]
    return np.ptp(np.array(by_item), axis=0) > 0


def _rows(size: int, each: list[Tally], mixed: Tally) -> list[Row]:
    subject = f"slide:{pool.SLIDE}, packs of {size} templates"
    covered = [one.covered for one in each]
    value = float(np.mean(covered))
    holds = LEAST.holds(value) and MOST.holds(value)
    bar = f"{LEAST.limit:g} to {MOST.limit:g}"
    quantity = "coverage of 95 % intervals"
    return [
        Row("middle", subject, quantity, value, min(covered), max(covered), bar, holds),
        Row("middle", f"{subject}, {MIXED}", quantity, mixed.covered),
        _rate(subject, "leaves called with labels shuffled", [one.alarms for one in (*each, mixed)], ALARMS),
        _rate(subject, "leaves called with true labels", [one.calls for one in (*each, mixed)], None),
    ]


def _rate(subject: str, quantity: str, rates: list[float], bar: Bar | None) -> Row:
    """The mean over populations, with its spread; the bar must hold in each."""
    told = ("", None) if bar is None else (str(bar), all(bar.holds(rate) for rate in rates))
    return Row("middle", subject, quantity, float(np.mean(rates)), min(rates), max(rates), *told)
