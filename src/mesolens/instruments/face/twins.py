"""Twins: models trained alike, asked the same; where they agree, and from which angles they part.

Two models may agree on every common prompt and yet have learned different rules, which shows where nobody asks. For
each angle, what the replies were taken for (a voice, or nobody's) is compared between the models over the same prompts:
agreement, and the divergence of the two distributions in bits, beyond what shuffling replies between the models gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from mesolens.evidence.agreement import Agreement, agreement
from mesolens.evidence.discoveries import adjusted
from mesolens.evidence.divergence import Split, split
from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Cost, Json, Shard, Tables
from mesolens.instruments.face.asking import compositions
from mesolens.instruments.face.calibration import MISSING, NOBODY, calibrated, clean_of
from mesolens.instruments.face.commons import commons_of
from mesolens.instruments.face.grid import Grid, grid_of
from mesolens.instruments.face.measure import measure as measure_face
from mesolens.instruments.face.plan import cost as cost_face
from mesolens.instruments.face.plan import plan as plan_face
from mesolens.instruments.face.spec import FaceSpec
from mesolens.instruments.face.turned import RATE, control
from mesolens.instruments.face.words import protocol
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel

NAME = "twins"
AGREE = 0.9
"""Agreement on common prompts from which models count as twins."""
ALPHA = 0.02
"""Of the coherence test here: false alarms of two models meet, and at 5 % every tenth pair of like replies would
differ."""
_BINS = 4
_SHUFFLES = 9999


@dataclass(frozen=True, slots=True)
class Twins:
    """An instrument over several models: the face's replies of each, side by side in one run."""

    models: tuple[LoadedModel, ...]

    @property
    def NAME(self) -> str:  # noqa: N802, what an instrument is called
        """How plans, readings and the command line call it."""
        return NAME

    def plan(self, card: ModelCard, spec: FaceSpec) -> list[Shard]:
        """The clean replies and the turned ones of every model; what prompts cost and where they stand, of the
        first."""
        found: list[Shard] = []
        for place, model in enumerate(self.models):
            shards = plan_face(model.card, replace(spec, traits=(), claims=(), corpus="", search=None, sampling=place))
            found += [
                Shard(NAME, {**shard.depends, "place": place}, shard.rows)
                for shard in shards
                if place == 0 or shard.depends["kind"] in ("clean", "replies")
            ]
        return found

    def cost(self, card: ModelCard, spec: FaceSpec) -> Cost:
        """The cost of all models' replies."""
        each = [cost_face(model.card, replace(spec, traits=())) for model in self.models]
        return Cost(sum(cost.flops for cost in each), max(cost.bytes for cost in each))

    def measure(self, model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
        """The tables of one shard by the model that it is bound to, with the place of that model.

        Each model's replies are drawn apart, so that a model beside itself shows what sampling alone does.
        """
        place = cast(int, shard.depends["place"])
        tables = measure_face(self.models[place], shard)
        return {
            name.replace("face-", "twins-"): table.append_column("model", pa.array([place] * len(table), pa.int32()))
            for name, table in tables.items()
        }

    def follow(self, card: ModelCard, spec: FaceSpec, tables: Tables) -> list[Shard]:
        """Nothing: one stage says it all."""
        return []

    def read(self, tables: Tables, spec: FaceSpec, card: ModelCard) -> Reading:
        """The reading of the twins."""
        return read(tables, spec, [model.card for model in self.models])


def read(tables: Tables, spec: FaceSpec, cards: Sequence[ModelCard]) -> Reading:
    """From the tables of all models to what they share and where they part."""
    spec = replace(spec, traits=())
    grids = [_grid(tables, spec, place) for place in range(len(cards))]
    angles = compositions(spec.angles, spec.declared)
    controls = np.array([control(each) for each in angles])
    pairs = list(combinations(grids, 2))
    inside = [_agreed(pair, np.flatnonzero(controls)) for pair in pairs]
    rows = [_row(pairs, grids, column, spec) for column in range(len(angles))]
    q = adjusted(np.array([np.nan if controls[c] else cast(float, row["p"]) for c, row in enumerate(rows)]))
    clean = min(each.rate for each in inside)
    for row, value in zip(rows, q.tolist(), strict=True):
        row |= {
            "adjusted": value if np.isfinite(value) else None,
            "called": bool(value <= RATE),
            "clean_agreement": clean,
        }
    parting = sorted((row for row in rows if row["called"]), key=_bits, reverse=True)
    data: dict[str, Json] = {
        "models": [card.name for card in cards],
        "agreement": _ends(min(inside, key=lambda each: each.rate)),
        "angles": cast(Json, rows),
        "bins": cast(Json, bins(tables, spec, grids)),
        "split": [str(row["angle"]) for row in parting] if clean >= AGREE else [],
    }
    verdict, sentence = concluded(data, parting, clean)
    figure = cast(dict[str, float], data["agreement"])
    numbers = (
        Number("agreement on common prompts", figure["value"], "share", figure["low"], figure["high"]),
        Number("angles that part them", float(len(parting)), f"of {int((~controls).sum())}"),
    )
    name = " and ".join(card.name for card in cards)
    models: list[Json] = [card.weights_hash for card in cards]
    told: dict[str, Json] = {**protocol(spec, cards[0]), "alpha": ALPHA, "models": models}
    return Reading(NAME, name, verdict, sentence, numbers, told, data)


def concluded(data: dict[str, Json], parting: Sequence[dict[str, Json]], clean: float) -> tuple[str, str]:
    """`one face` where no angle parts them, `split` where one does, `strangers` where they differ on common prompts."""
    said = f"they answer common prompts alike in {100 * clean:.0f} % of cases"
    if clean < AGREE:
        return "strangers", f"{said}, fewer than {100 * AGREE:.0f} %, so no angle is needed to part them"
    if not parting:
        return "one face", f"{said}, and no angle parts them"
    first = parting[0]
    return "split", f"{said}, and {len(parting)} angles part them, first {first['angle']} ({_bits(first):.2f} bits)"


def _grid(tables: Tables, spec: FaceSpec, place: int) -> Grid:
    # One threshold for all: were each model held against its own clean replies, a single stumble among those would move
    # all its outcomes together, and a model beside itself would part from itself.
    known = calibrated(clean_of(tables["twins-clean"]), ALPHA)
    names = [str(each) for each in compositions(spec.angles, spec.declared)]
    return grid_of(_of_model(tables["twins-replies"], place), names, known, 0)


def _of_model(table: pa.Table, place: int) -> pa.Table:
    return table.filter(pa.array(table["model"].to_numpy() == place))


def heard(grid: Grid, columns: Int[np.ndarray, " M"]) -> Int[np.ndarray, "I M"]:
    """Who spoke: the place of a voice, one more than the last for nobody, −1 for a missing reply."""
    outcome, voice = grid.outcome[:, columns], grid.voice[:, columns]
    return np.where(outcome == MISSING, -1, np.where(outcome == NOBODY, 1000, voice))


def _codes(*sides: Int[np.ndarray, "I M"]) -> list[Int[np.ndarray, "I M"]]:
    """The same with codes from 0 without gaps."""
    known = np.unique(np.concatenate([side[side >= 0] for side in sides]))
    return [np.where(side < 0, -1, np.searchsorted(known, side)) for side in sides]


def _agreed(pair: tuple[Grid, Grid], columns: Int[np.ndarray, " M"]) -> Agreement:
    one, other = _codes(*(heard(grid, columns) for grid in pair))
    clusters = [cluster for cluster in pair[0].clusters for _ in columns]
    return agreement(one.ravel(), other.ravel(), clusters)


def _ends(found: Agreement) -> Json:
    return {"value": found.rate, "low": found.low, "high": found.high}


def _row(pairs: Sequence[tuple[Grid, Grid]], grids: Sequence[Grid], column: int, spec: FaceSpec) -> dict[str, Json]:
    """One angle: the pair that it parts most."""
    columns = np.array([column])
    found = [(_split(pair, columns, spec), _agreed(pair, columns)) for pair in pairs]
    parted, agreed = max(found, key=lambda each: each[0].bits)
    return {
        "angle": grids[0].angles[column],
        "agreement": agreed.rate if np.isfinite(agreed.rate) else None,
        "divergence": {"value": parted.bits, "low": parted.low, "high": parted.high},
        "floor": parted.floor,
        "p": min(1.0, parted.p * len(pairs)),
    }


def _split(pair: tuple[Grid, Grid], columns: Int[np.ndarray, " M"], spec: FaceSpec) -> Split:
    one, other = _codes(*(heard(grid, columns) for grid in pair))
    if not ((one >= 0).all(1) & (other >= 0).all(1)).any():
        return Split(0.0, 0.0, 1.0, 0.0, 1.0, 0)
    return split(one, other, pair[0].clusters, shuffles=_SHUFFLES, seed=spec.seed)


def bins(tables: Tables, spec: FaceSpec, grids: Sequence[Grid]) -> list[dict[str, Json]]:
    """The divergence of the first two models by how common the text is and how far its state: quarters of all
    prompts."""
    commons = commons_of(tables["twins-states"], {}, grids[0])
    angles = np.arange(len(grids[0].angles))
    one, other = _codes(*(heard(grid, angles) for grid in grids[:2]))
    clusters = np.repeat(np.array(grids[0].clusters), len(angles))
    found: list[dict[str, Json]] = []
    for measure in ("bits", "distance"):
        value = commons.value[measure].ravel()
        edges = np.quantile(value[np.isfinite(value)], np.linspace(0, 1, _BINS + 1))
        for place in range(_BINS):
            last = place == _BINS - 1
            inside = (value >= edges[place]) & ((value <= edges[place + 1]) if last else (value < edges[place + 1]))
            found.append(
                _bin(measure, place, one.ravel()[inside], other.ravel()[inside], clusters[inside], spec, edges)
            )
    return found


def _bin(
    measure: str,
    place: int,
    one: Int[np.ndarray, " I"],
    other: Int[np.ndarray, " I"],
    clusters: np.ndarray,
    spec: FaceSpec,
    edges: Float[np.ndarray, " E"],
) -> dict[str, Json]:
    known = (one >= 0) & (other >= 0)
    ends: dict[str, Json] = {"low": float(edges[place]), "high": float(edges[place + 1])}
    said: dict[str, Json] = {"measure": measure, "bin": f"quarter {place + 1}", **ends}
    if not known.any():
        return {**said, "divergence": None, "floor": None}
    parted = split(one[:, None], other[:, None], clusters.tolist(), shuffles=200, seed=spec.seed)
    bits: Json = {"value": parted.bits, "low": parted.low, "high": parted.high}
    return {**said, "divergence": bits, "floor": parted.floor}


def _bits(row: dict[str, Json]) -> float:
    return cast(dict[str, float], row["divergence"])["value"]
