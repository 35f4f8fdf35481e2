"""An organ from close by: the tokens that wake it, and the tokens that its writes promote.

What wakes it is its share by source token, in the views in which it is largest: a sum over all of its leaves, so the
tokens add up to the organ's share there, up to leaves whose source tokens cannot be read. What it promotes is the sum
of what its largest members add behind the final norm, read through the head.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
from torch import Tensor

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.divide import shares_of
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.glance import glances, opened_gates
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.partition import REST, Partition, sums
from mesolens.instruments.middle.organs.plan import organ_shard
from mesolens.instruments.middle.organs.spec import FOUND, OrgansSpec
from mesolens.instruments.middle.plan import ShardWork, fields_of
from mesolens.instruments.middle.promoted import promoted_table, pushes, straight
from mesolens.instruments.middle.rows import rows_of
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.traits.encode import EncodedContrast

KIND = "closer"
WOKEN, PROMOTED, MEMBERS = "organs-woken", "organs-promoted", "organs-members"


@dataclass(frozen=True, slots=True)
class CloserWork:
    """A close-up of all organs.

    Attributes:
        items, contrasts: the views that any of them is shown in.
        members: the sites of each organ's largest leaves.
        of: each leaf's organ.
        steps: of the quadrature.
    """

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    members: tuple[tuple[str, ...], ...]
    of: tuple[int, ...]
    against: str
    batch_tokens: int
    steps: int


def closer_shards(card: ModelCard, spec: OrgansSpec, found: Found, known: Partition) -> list[Shard]:
    """One shard, as what an organ promotes is a mean over all of its views."""
    views = sorted({view for organ in range(known.organs) for view in strongest(spec, found, known, organ)})
    members = tuple(tuple(found.sites[leaf] for leaf in largest(found, known, organ)[: spec.closest])
                    for organ in range(known.organs))  # fmt: skip
    contrasts = tuple(spec.views[view].contrast for view in views)
    work = CloserWork(
        tuple(views), contrasts, members, tuple(known.of.tolist()), spec.against, spec.batch_tokens, found.steps
    )
    return [organ_shard(card, KIND, work, len(views))] if views else []


def strongest(spec: OrgansSpec, found: Found, known: Partition, organ: int) -> list[int]:
    """The views that organs were found by in which an organ's share is largest, one an item."""
    rows = found.of(FOUND)
    share_V = np.abs(sums(found.shares[rows], known.of, known.organs)[:, organ])
    picked: dict[str, int] = {}
    for place in np.argsort(-share_V, kind="stable"):
        picked.setdefault(found.views[rows[place]].item, int(rows[place]))
    return list(picked.values())[: spec.shown]


def largest(found: Found, known: Partition, organ: int) -> list[int]:
    """An organ's leaves from the largest part of its gross down."""
    inside = np.flatnonzero(known.of == organ)
    return [int(leaf) for leaf in inside[np.argsort(-found.weights[inside], kind="stable")]]


def come_closer(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`organs-woken` (view, organ, token, from_reference, share), `organs-promoted` (organ, rank, token, value) and
    `organs-members`, each leaf's organ.

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    work = _work(shard)
    other = reference_model(model, against, work.against)
    members = pa.table({"organ": pa.array(work.of, pa.int32())})
    return {WOKEN: _woken(model, other, work), PROMOTED: _promoted(model, other, work), MEMBERS: members}


def _work(shard: Shard) -> CloserWork:
    fields = fields_of(shard)
    members = cast("list[list[str]]", fields.pop("members"))
    return CloserWork(members=tuple(tuple(each) for each in members), **fields)


def _woken(model: LoadedModel, against: LoadedModel | None, work: CloserWork) -> pa.Table:
    gates = gates_for(model, against)
    asked = ShardWork(
        work.items, work.contrasts, work.steps, work.steps, 1.0, True, work.against, work.batch_tokens, len(work.of)
    )
    shares = shares_of(model, against, gates, asked)
    by_token: dict[tuple[int, int, int, bool], float] = {}
    for view in work.items:
        for each in shares[view].tokens:
            key = (view, work.of[each.site], each.token, each.from_reference)
            by_token[key] = by_token.get(key, 0.0) + each.share
    rows = [(*key, share) for key, share in sorted(by_token.items()) if key[1] != REST]
    names = ("view", "organ", "token", "from_reference", "share")
    kinds = (pa.int32(), pa.int32(), pa.int32(), pa.bool_(), pa.float64())
    return pa.table({name: pa.array([row[k] for row in rows], kind)
                     for k, (name, kind) in enumerate(zip(names, kinds, strict=True))})  # fmt: skip


def _promoted(model: LoadedModel, against: LoadedModel | None, work: CloserWork) -> pa.Table:
    gates = opened_gates(model.anatomy, [site for some in work.members for site in some])
    rows = [row for item, contrast in zip(work.items, work.contrasts, strict=True) for row in rows_of(item, contrast)]
    organ_of = {site: organ for organ, some in enumerate(work.members) for site in some}
    pushed: dict[int, Tensor] = {}
    for glance in glances((model, against), gates, rows, (), work.batch_tokens):
        if straight(glance):
            for name, push in pushes((model, against), glance, gates):
                pushed[organ_of[name]] = pushed[organ_of[name]] + push if organ_of[name] in pushed else push
    table = promoted_table(model, {str(organ): pushed[organ] / len(work.items) for organ in sorted(pushed)})
    return table.rename_columns(["organ" if name == "site" else name for name in table.column_names])
