"""What a model says of itself: the odds of the answer that somebody gives who has a trait, and whether it answers.

An item is put as it stands and, where it offers options, with them in another order. After each prompt

    mass = Σ p(answer) over all answers        odds = log p(matching answer) − log Σ p(every other answer), in nats,

each p summed over the ways of writing the answer. A reading is refused, *no reading*, where the answers hold under half
of the mass: a model that says something else has not answered, and the odds of what it did not say mean little. An
item's odds are the mean over its orders; a trait's the mean over its items. Odds are of the *matching* answer whichever
it is, so a model that says yes to everything has none; how much it favours the answer offered first is told beside.

The same passes give the stream at the position where the answer begins, after every block, along persona directions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.errors import BadInput
from mesolens.instruments.face.probes import Probe, Ways
from mesolens.model.loaded import LoadedModel
from mesolens.model.projecting import BATCH_TOKENS, project
from mesolens.model.scoring import Row, score

LEAST_MASS = 0.5
"""Mass that the answers must hold for a reading."""
Progress = Callable[[int, int], None]
"""Called with how many prompts are done, and of how many."""


@dataclass(frozen=True, slots=True)
class SelfReport:
    """What a model says of itself on one trait.

    Attributes:
        items, read: how many items were put, and how many were answered in each of their orders.
        mass: mean mass of the answers over all items and orders.
        odds: mean log-odds in nats of the matching answer, over the items that were read; None for *no reading*,
            where fewer than half of the items were.
        agreement: part of the items read in two orders or more whose odds have one sign in all; None where there are
            none.
        first: mean log-odds in nats of the answer that is offered first, over the items that were read; None for
            *no reading*. Far from zero it says that place decides, or that the model says yes to anything.
    """

    trait: str
    items: int
    read: int
    mass: float
    odds: float | None
    agreement: float | None
    first: float | None


def measure(
    model: LoadedModel,
    probes: Sequence[Probe],
    directions_LWR: Float[np.ndarray, "L W R"] | None = None,
    *,
    batch_tokens: int = BATCH_TOKENS,
    progress: Progress | None = None,
) -> pa.Table:
    """A row for each probe in each of its orders, in the probes' order.

    ============  ==========================================================================================
    `id`          the probe's
    `trait`       the probe's
    `order`       which of its orders, from 0
    `odds`        log-odds of the matching answer, in nats
    `first`       log-odds of the first answer, in nats
    `mass`        of all answers
    `along`       the stream along the directions, blocks × directions in a row; empty without directions
    ============  ==========================================================================================

    Raises:
        BadInput: a prompt does not fit the model, or the directions do not.
    """
    anatomy = model.anatomy
    directions = np.zeros((len(anatomy.blocks), anatomy.stream_width, 0)) if directions_LWR is None else directions_LWR
    posed = [_Posed(probe, order) for probe in probes for order in range(len(probe.prompts))]
    asked = [each.tokens for each in posed]
    prompts = [each.prompt for each in posed]
    found = project(model, prompts, directions, tokens=asked, batch_tokens=batch_tokens, progress=progress)
    spelled = _spelled(model, [each for each in posed if not each.tokens], batch_tokens)
    logs = [
        _summed(each.ways, logp) if each.tokens else next(spelled) for each, logp in zip(posed, found.logp, strict=True)
    ]
    return _table(posed, logs, found.along.reshape(len(posed), -1) if posed else np.empty((0, 0)))


def read(table: pa.Table) -> list[SelfReport]:
    """What the rows of `measure` say of each trait, in the order in which the traits come.

    Raises:
        BadInput: a column is missing.
    """
    missing = {"id", "trait", "odds", "first", "mass"} - set(table.column_names)
    if missing:
        raise BadInput(f"a table of self-report lacks {', '.join(sorted(missing))}; give what `measure` gave")
    traits: dict[str, dict[str, list[_Order]]] = {}
    names, ids = (cast(list[str], table[name].to_pylist()) for name in ("trait", "id"))
    numbers = (cast(list[float], table[name].to_pylist()) for name in ("odds", "first", "mass"))
    for trait, item, odds, first, mass in zip(names, ids, *numbers, strict=True):
        traits.setdefault(trait, {}).setdefault(item, []).append(_Order(odds, first, mass))
    return [_of_trait(trait, list(items.values())) for trait, items in traits.items()]


@dataclass(frozen=True, slots=True)
class _Order:
    """What an item gave in one of its orders."""

    odds: float
    first: float
    mass: float

    @property
    def answered(self) -> bool:
        return self.mass >= LEAST_MASS and bool(np.isfinite(self.odds))


def _of_trait(trait: str, items: Sequence[Sequence[_Order]]) -> SelfReport:
    answered = [orders for orders in items if all(each.answered for each in orders)]
    alike = [len({each.odds > 0 for each in orders}) == 1 for orders in answered if len(orders) > 1]
    holds = 2 * len(answered) >= len(items)
    return SelfReport(
        trait,
        items=len(items),
        read=len(answered),
        mass=float(np.mean([each.mass for orders in items for each in orders])),
        odds=float(np.mean([np.mean([each.odds for each in orders]) for orders in answered])) if holds else None,
        agreement=float(np.mean(alike)) if alike else None,
        first=float(np.mean([np.mean([each.first for each in orders]) for orders in answered])) if holds else None,
    )


@dataclass(frozen=True, slots=True)
class _Posed:
    """A probe in one of its orders."""

    probe: Probe
    order: int

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.probe.prompts[self.order]

    @property
    def ways(self) -> tuple[Ways, ...]:
        return self.probe.answers[self.order]

    @property
    def matching(self) -> int:
        return self.probe.matching[self.order]

    @property
    def tokens(self) -> tuple[int, ...]:
        """The answers' tokens where each way is one token, else none."""
        every = [way for ways in self.ways for way in ways]
        return tuple(way[0] for way in every) if all(len(way) == 1 for way in every) else ()


def _spelled(model: LoadedModel, posed: Sequence[_Posed], batch_tokens: int) -> Iterator[np.ndarray]:
    """The log-mass of each answer where some are several tokens, from the whole sequences."""
    rows = [Row(each.prompt, way) for each in posed for ways in each.ways for way in ways]
    whole = iter([sum(logp) for logp in score(model, rows, batch_tokens=batch_tokens)])
    return iter([_summed(each.ways, [next(whole) for ways in each.ways for _ in ways]) for each in posed])


def _summed(answers: Sequence[Ways], logp: Sequence[float]) -> Float[np.ndarray, " K"]:
    """The log-mass of each answer, from the log-probabilities of all ways of all answers in their order."""
    ends = list(accumulate((len(ways) for ways in answers), initial=0))
    return np.array([np.logaddexp.reduce(logp[a:b]) for a, b in pairwise(ends)])


def _odds(log_K: Float[np.ndarray, " K"], answer: int) -> float:
    return float(log_K[answer] - np.logaddexp.reduce(np.delete(log_K, answer)))


def _table(posed: Sequence[_Posed], logs: Sequence[np.ndarray], along_PN: Float[np.ndarray, "P N"]) -> pa.Table:
    starts = np.arange(len(along_PN) + 1) * along_PN.shape[1]
    return pa.table(
        {
            "id": pa.array([each.probe.id for each in posed], pa.string()),
            "trait": pa.array([each.probe.trait for each in posed], pa.string()),
            "order": pa.array([each.order for each in posed], pa.int32()),
            "odds": pa.array([_odds(log, each.matching) for log, each in zip(logs, posed, strict=True)], pa.float64()),
            "first": pa.array([_odds(log, 0) for log in logs], pa.float64()),
            "mass": pa.array([float(np.exp(log).sum()) for log in logs], pa.float64()),
            "along": pa.ListArray.from_arrays(
                pa.array(starts.tolist(), pa.int32()), pa.array(along_PN.ravel(), pa.float64())
            ),
        }
    )
