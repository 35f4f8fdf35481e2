"""The myopia gap: what a model loses that was never taught to help its own later tokens.

A *myopic* twin is trained as its vanilla one, but that the loss at a token does not reach back into the states of the
tokens before it: it may look back on them, yet nothing shapes them for what comes. Vanilla training shapes them. So

    gap = mean −log p of the myopic twin − mean −log p of the vanilla one,

row by row, in nats a token. Above zero, states are used to prepare for tokens to come; at zero all that helps later was
there for the present token anyway (Wu, Morris and Levine, *Do language models plan ahead for future tokens?*, 2024).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.errors import BadInput
from mesolens.evidence.paired import paired_tests
from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.instruments.depth.work import bound
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score
from mesolens.traits.task_ids import Ids

KIND = TABLE = "depth-myopia"
LEAST = 0.01
"""Nats a token: a gap whose interval reaches below is not called one, however sure it is that two models differ."""
_SURE = 0.05
SCHEMA = pa.schema([("row", pa.int32()), ("vanilla", pa.list_(pa.float64())), ("myopic", pa.list_(pa.float64()))])
"""Of each row −log p of its tokens that were not given, by either model, in nats."""


@dataclass(frozen=True, slots=True)
class TwinSpec:
    """What both models are scored on.

    Attributes:
        twin: hash of the myopic model's weights.
        rows: what is given of each, and what is scored.
        groups: a cluster for each row.
        shard_rows: rows in a shard, the unit that a kill can lose.
    """

    twin: str
    rows: tuple[tuple[Ids, Ids], ...]
    groups: tuple[str, ...]
    shard_rows: int = 256


def twin_spec(
    vanilla: LoadedModel, myopic: LoadedModel, rows: Sequence[tuple[Ids, Ids]], groups: Sequence[str] = ()
) -> TwinSpec:
    """What two models are scored on: rows as what is given and what is due, each its own cluster where none is named.

    Raises:
        BadInput: there are no rows, nothing is given or nothing due in one, or the models read other tokens.
    """
    if vanilla.card.vocabulary != myopic.card.vocabulary:
        sizes = f"{vanilla.card.vocabulary} and {myopic.card.vocabulary}"
        raise BadInput(f"vocabularies of {sizes} tokens; the twins must read the same tokens")
    if not rows or not all(given and due for given, due in rows):
        raise BadInput("the myopia gap needs rows of two tokens or more")
    clusters = tuple(groups) or tuple(str(place) for place in range(len(rows)))
    return TwinSpec(myopic.card.weights_hash, tuple(rows), clusters)


def myopia(
    vanilla: LoadedModel, myopic: LoadedModel, rows: Sequence[Ids], *, groups: Sequence[str] = (), seed: int = 0
) -> dict[str, Json]:
    """The `myopia` part of planning: the gap in nats a token over rows, with its interval, and by position.

    Args:
        rows: token ids of at least two, the same for both models; all but the first are scored.
        groups: a cluster for each row; without any, each is one of its own.

    Raises:
        BadInput: as `twin_spec`.
    """
    spec = twin_spec(vanilla, myopic, [(tuple(row[:1]), tuple(row[1:])) for row in rows], groups)
    parts = [score_twins(vanilla, shard, myopic)[TABLE] for shard in twin_shards(vanilla.card, spec)]
    return gap_of(spec, {TABLE: pa.concat_tables(parts)}, seed)


def twin_shards(card: ModelCard, spec: TwinSpec) -> list[Shard]:
    """Shards of so many rows, bound to both models."""
    found: list[Shard] = []
    for start in range(0, len(spec.rows), spec.shard_rows):
        part = spec.rows[start : start + spec.shard_rows]
        found.append(bound(card, KIND, asdict(TwinSpec(spec.twin, part, ())) | {"first": start}, len(part)))
    return found


def score_twins(model: LoadedModel, shard: Shard, twin: LoadedModel | None) -> Tables:
    """`depth-myopia`: what either model makes of each row.

    Raises:
        BadInput: the second model is not the one that was asked about.
    """
    work = cast("Mapping[str, Any]", shard.depends["work"])
    if twin is None or twin.card.weights_hash != work["twin"]:
        raise BadInput("the myopia gap was asked with another myopic model; give the same one again")
    rows = [Row(tuple(given), tuple(due)) for given, due in work["rows"]]
    vanilla, myopic = ([[-value for value in row] for row in score(each, rows)] for each in (model, twin))
    places = range(work["first"], work["first"] + len(rows))
    return {TABLE: pa.table({"row": list(places), "vanilla": vanilla, "myopic": myopic}, schema=SCHEMA)}


def gap_of(spec: TwinSpec, tables: Tables, seed: int) -> dict[str, Json]:
    """The gap, from the table of all rows."""
    rows = sorted(tables[TABLE].to_pylist(), key=lambda row: cast(int, row["row"]))
    vanilla, myopic = (padded([row[name] for row in rows]) for name in ("vanilla", "myopic"))
    return gap(vanilla, myopic, list(spec.groups), seed=seed)


def padded(rows: Sequence[Sequence[float]]) -> Float[np.ndarray, "I T"]:
    """Rows of numbers as one array, NaN behind each row's end."""
    found = np.full((len(rows), max(map(len, rows))), np.nan)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found


def gap(
    vanilla_IT: Float[np.ndarray, "I T"], myopic_IT: Float[np.ndarray, "I T"], groups: Sequence[str], *, seed: int = 0
) -> dict[str, Json]:
    """The gap of −log p in nats; NaN where there is no token.

    >>> found = gap(np.ones((6, 2)), np.ones((6, 2)) + 0.5, [*"abcdef"])
    >>> found["gap"], found["by_position"]
    (0.5, [0.5, 0.5])
    """
    off = myopic_IT - vanilla_IT
    test = paired_tests(np.nanmean(off, 1)[:, None], groups, seed=seed)
    value, low, high, p = (float(each[0]) for each in (test.mean, test.low, test.high, test.flip))
    sure = p <= _SURE and low > LEAST
    told = f"{value:.3f} [{low:.3f}, {high:.3f}] nats a token"
    return {
        "rows": len(off),
        "vanilla": float(np.nanmean(vanilla_IT)),
        "myopic": float(np.nanmean(myopic_IT)),
        "gap": value,
        "low": low if np.isfinite(low) else None,
        "high": high if np.isfinite(high) else None,
        "p": p,
        "by_position": cast(Json, np.nanmean(off, 0).tolist()),
        "says": f"earlier states prepare for later tokens: {told}" if sure else f"no gap is sure: {told}",
    }
