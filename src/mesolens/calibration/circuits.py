"""The middle on circuits whose shares are known in closed form, in plain axes and in rotated ones.

A leaf is *found* when its |share| is large: AUROC is taken of |share| for causal leaves against all others, and a
causal leaf is *missed* when its |share| is at most a hundredth of |Δ|. Shares are held against the truth of their own
kind: the path's where the gated total closes, Shapley's where the referee was handed the item. A closed total with a
share off by more than the tolerance would be wrong without a word; a refusal is not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mesolens import api
from mesolens.calibration.scores import auroc, pearson
from mesolens.evidence.row import Bar, Row
from mesolens.model.load import adopt
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.circuits import CircuitTruth, build, names

ROTATIONS: Mapping[Budget, int] = {"quick": 3, "standard": 5, "deep": 20}
SECONDS: Mapping[Budget, float] = {"quick": 13.0, "standard": 20.0, "deep": 70.0}
MISSED = 0.01
"""The part of |Δ| that a causal leaf's |share| must exceed."""
CLOSED_FORM = Bar("≤", 0.001)
REFEREED = Bar("≤", 0.02)
FOUND = Bar("≥", 0.95)
FOUND_ON_AVERAGE = Bar("≥", 0.98)
BACKUPS = Bar("≥", 0.90)
NONE = Bar("=", 0.0)
Engine = str


@dataclass(frozen=True, slots=True)
class Found:
    """What the middle said of one circuit, in plain axes or in rotated ones.

    Attributes:
        shares: of every leaf, in nats; empty when refused.
        engine: that made them.
        verdict: of the reading.
    """

    truth: CircuitTruth
    shares: Mapping[str, float]
    engine: Engine
    verdict: str

    @property
    def off(self) -> float:
        """The worst leaf's distance from the truth of its engine's kind, as a part of |Δ|; 0 when refused."""
        told = self.truth.shapley if self.engine == "owen" else self.truth.nodes
        worst = max((abs(share - told.get(leaf, 0.0)) for leaf, share in self.shares.items()), default=0.0)
        return worst / abs(self.truth.delta)

    @property
    def silently_wrong(self) -> bool:
        """Whether shares were given that are not the truth."""
        return bool(self.shares) and self.off > REFEREED.limit


def steps(budget: Budget) -> int:
    """One for every circuit, rotation and engine."""
    return 2 * len(names()) * (1 + ROTATIONS[budget])


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Rows for each circuit, and for all of them together."""
    seeds = [None, *range(ROTATIONS[settings.budget])]
    by_engine: dict[Engine, list[list[Found]]] = {"gated": [], "owen": []}
    for engine, founds in by_engine.items():
        for name in names():
            founds.append([])
            for seed in seeds:
                founds[-1].append(found(name, seed, engine))
                tick(1)
    gated = by_engine["gated"]
    each = [row for founds in gated for row in _of_circuit(founds)]
    return [*each, *_of_all(gated), *(_of_referee(founds) for founds in by_engine["owen"])]


def found(name: str, rotated_seed: int | None, engine: Engine) -> Found:
    """The middle's reading of a circuit; `gated` may hand over to the referee."""
    module, contrast, truth = build(name, rotated_seed=rotated_seed)
    tree = api.middle(adopt(module, name=name), [contrast], engine=engine, tokens=False, budget=None)
    parents = {node.parent for node in tree.nodes}
    shares = {node.site: node.share for node in tree.nodes if node.site not in parents}
    return Found(truth, {} if tree.verdict == "refused" else shares, tree.engine, tree.verdict)


def causal_auroc(found: Found, wanted: frozenset[str]) -> float:
    """AUROC of |share| for the wanted leaves against those that have no part in the readout; chance when refused."""
    sizes = {leaf: abs(found.shares.get(leaf, 0.0)) for leaf in found.truth.nodes}
    return auroc(sizes, wanted, found.truth.nodes.keys() - found.truth.causal)


def missed(found: Found) -> float:
    """How many causal leaves have no share to speak of; all of them when refused."""
    least = MISSED * abs(found.truth.delta)
    return float(sum(abs(found.shares.get(leaf, 0.0)) <= least for leaf in found.truth.causal))


def _of_circuit(founds: Sequence[Found]) -> list[Row]:
    subject = f"circuit {founds[0].truth.name}"
    handed = {found.engine for found in founds} == {"owen"}
    kind = "Shapley value (handed to the referee)" if handed else "closed form of the path"
    made = [
        _spread(subject, "AUROC of causal leaves", [causal_auroc(f, f.truth.causal) for f in founds], FOUND),
        _spread(subject, "causal leaves missed", [missed(f) for f in founds], NONE),
        _spread(subject, f"worst leaf off its {kind}, of the difference", [f.off for f in founds], CLOSED_FORM),
        _spread(subject, "Pearson with the Shapley values", [_with_shapley(f) for f in founds], None),
    ]
    if founds[0].truth.backup:
        scores = [causal_auroc(f, f.truth.backup) for f in founds]
        made.append(_spread(subject, "AUROC of backup leaves", scores, BACKUPS))
    return made


def _of_all(every: Sequence[Sequence[Found]]) -> list[Row]:
    scores = [causal_auroc(f, f.truth.causal) for founds in every for f in founds]
    wrong = float(sum(f.silently_wrong for founds in every for f in founds))
    mean = float(np.mean(scores))
    quantity = "mean AUROC of causal leaves"
    return [
        Row("middle", "all circuits", quantity, mean, bar=str(FOUND_ON_AVERAGE), holds=FOUND_ON_AVERAGE.holds(mean)),
        Row("middle", "all circuits", "trees wrong without a word", wrong, bar=str(NONE), holds=NONE.holds(wrong)),
    ]


def _of_referee(founds: Sequence[Found]) -> Row:
    subject = f"circuit {founds[0].truth.name}, by the referee"
    return _spread(subject, "worst leaf off its Shapley value, of the difference", [f.off for f in founds], REFEREED)


def _with_shapley(found: Found) -> float:
    """Pearson's correlation over leaves; 0 when refused."""
    if not found.shares:
        return 0.0
    leaves = sorted(found.truth.shapley)
    return pearson(
        np.array([found.shares.get(leaf, 0.0) for leaf in leaves]),
        np.array([found.truth.shapley[leaf] for leaf in leaves]),
    )


def _spread(subject: str, quantity: str, values: Sequence[float], bar: Bar | None) -> Row:
    """A row over rotations: their mean with the spread; the bar holds where each of them keeps to it."""
    low, high, mean = float(np.min(values)), float(np.max(values)), float(np.mean(values))
    holds = None if bar is None else all(bar.holds(value) for value in values)
    return Row("middle", subject, quantity, mean, low, high, "" if bar is None else str(bar), holds)
