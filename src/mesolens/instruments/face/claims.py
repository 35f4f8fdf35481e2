"""What a model says of itself, as a side column of the face: asked in a run, and told with intervals.

What a model says of itself and what it does need not agree; this column is never mixed with the shares of voices.
"""

from collections import Counter
from typing import Any, cast

import numpy as np
import pyarrow as pa

from mesolens.evidence.clusters import cluster_intervals
from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.instruments.face.plan import asked_of, work_of
from mesolens.instruments.face.probes import Posed, Probe, written
from mesolens.instruments.face.selfreport import measure, read
from mesolens.instruments.face.spec import Claim, FaceSpec
from mesolens.instruments.face.states import role_means
from mesolens.instruments.face.turned import number
from mesolens.model.loaded import LoadedModel

MEANS = 8
"""Clean prompts over which each voice's mean state is taken for the persona's axis."""


def ask_of_itself(model: LoadedModel, shard: Shard) -> Tables:
    """`face-claims`: a row for each item in each of its orders, with the stream along own less roles after every block.

    Items that the model's window does not hold have no row.

    Raises:
        BadInput: a question does not fit the model.
    """
    spec = asked_of(shard)
    asked = [(claim.id, claim.trait, claim.orders) for claim in map(_claim, work_of(shard)["claims"])]
    probes = [probe for probe in written(model, asked) if _fits(probe, model.card.window)]
    means_KLW = role_means(model, spec, MEANS)
    axis_LW = means_KLW[0] - means_KLW[1:].mean(0)
    length_L1 = np.linalg.norm(axis_LW, axis=1, keepdims=True)
    axis_LW = np.divide(axis_LW, length_L1, out=np.zeros_like(axis_LW), where=length_L1 > 0)
    return {"face-claims": measure(model, probes, axis_LW[:, :, None], batch_tokens=spec.batch_tokens)}


def _fits(probe: Probe, window: int | None) -> bool:
    """Whether the model's window holds every order with every answer."""
    longest = max(len(way) for answers in probe.answers for ways in answers for way in ways)
    return window is None or max(map(len, probe.prompts)) + longest <= window


def _claim(fields: dict[str, Any]) -> Claim:
    orders = (Posed(each["question"], tuple(each["answers"]), each["matching"]) for each in fields["orders"])
    return Claim(fields["id"], fields["trait"], tuple(orders))


def told(tables: Tables, spec: FaceSpec) -> list[dict[str, Json]]:
    """A row for each trait: log-odds of the answer of somebody who has it, or that there is no reading."""
    rows = tables.get("face-claims")
    if rows is None or not spec.claims:
        return []
    found: list[dict[str, Json]] = []
    asked = Counter(claim.trait for claim in spec.claims)
    for each in read(rows):
        low, high = _interval(rows, each.trait) if each.odds is not None else (None, None)
        found.append(
            {
                "trait": each.trait,
                "items": asked[each.trait],
                "too_long": asked[each.trait] - each.items,
                "read": each.read,
                "log_odds": each.odds,
                "low": low,
                "high": high,
                "mass": each.mass,
                "orders_agree": each.agreement,
                "first": each.first,
                "reading": each.odds is not None,
            }
        )
    return found


def _interval(rows: pa.Table, trait: str) -> tuple[float | None, float | None]:
    """Ends of the interval of a trait's odds, by items."""
    of_trait = rows.filter(pa.array([name == trait for name in rows["trait"].to_pylist()]))
    odds = np.array(of_trait["odds"].to_pylist(), dtype=float)
    ends = cluster_intervals(odds[:, None], cast("list[str]", of_trait["id"].to_pylist()))
    return (None, None) if ends is None else (number(ends[0][0]), number(ends[1][0]))
