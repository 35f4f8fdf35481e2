"""The gated engine: one shard's contrasts through the model, to tables of shares.

Items whose total does not close are run again with twice the nodes, up to the most that the specification allows; an
item that never closes keeps its last figures, and the reading refuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.against import ModelPath
from mesolens.instruments.middle.batch import batches_of
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.gated import PromptPath
from mesolens.instruments.middle.gates import Gate
from mesolens.instruments.middle.plan import ShardWork, work_of
from mesolens.instruments.middle.rows import rows_of
from mesolens.instruments.middle.shares import ItemShares, items_of
from mesolens.instruments.middle.tables import item_table, leaf_table, token_table
from mesolens.model.loaded import LoadedModel


def divide(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """Shares of every leaf for the shard's contrasts.

    Returns:
        Three tables: `middle-items` (one row an item), `middle-leaves` (item, site, share in nats) and
        `middle-tokens` (the same for source tokens of opened leaves).

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    work = work_of(shard)
    other = reference_model(model, against, work.against)
    gates = gates_for(model, other)
    shares = shares_of(model, other, gates, work)
    sites = [name for gate in gates for name in gate.names]
    order = [shares[item] for item in work.items]
    return {
        "middle-items": item_table(work.items, work.contrasts, order),
        "middle-leaves": leaf_table(work.items, order, sites),
        "middle-tokens": token_table(work.items, order, sites),
    }


def shares_of(
    model: LoadedModel, against: LoadedModel | None, gates: Sequence[Gate], work: ShardWork
) -> Mapping[int, ItemShares]:
    """The shares of each item, with as many steps as it needs to close."""
    shares: dict[int, ItemShares] = {}
    open_items, steps = list(work.items), work.steps
    while open_items:
        for item, share in _once(model, against, gates, work, open_items, steps).items():
            shares[item] = replace(share, closes=_closes(share, work.tolerance))
        steps *= 2
        open_items = [] if steps > work.most_steps else [item for item in open_items if not shares[item].closes]
    return shares


def _closes(share: ItemShares, tolerance: float) -> bool:
    """Against Δ, or against a tenth of the gross where the parts cancel and Δ is small beside them."""
    return abs(share.total - share.delta) <= tolerance * max(abs(share.delta), 0.1 * float(np.abs(share.leaves).sum()))


def _once(
    model: LoadedModel,
    against: LoadedModel | None,
    gates: Sequence[Gate],
    work: ShardWork,
    items: Sequence[int],
    steps: int,
) -> Mapping[int, ItemShares]:
    contrasts = dict(zip(work.items, work.contrasts, strict=True))
    rows = [row for item in items for row in rows_of(item, contrasts[item])]
    shares: dict[int, ItemShares] = {}
    for batch in batches_of(rows, work.batch_tokens, str(model.module.device)):
        if against is not None:
            models = (model.module, against.module)
            path = ModelPath(models, batch, gates, tokens=work.tokens)
        else:
            path = PromptPath(model.module, batch, gates, tokens=work.tokens)
        ends = (path.clean.cpu().numpy(), path.reference.cpu().numpy())
        shares.update(items_of(path.ledger(steps), ends, steps, work.open_neurons))
    return shares
