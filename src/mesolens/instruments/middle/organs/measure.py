"""The heavy step of the organs: one shard through the model, to tables."""

from collections.abc import Callable, Mapping
from typing import cast

import pyarrow as pa

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.divide import shares_of
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.organs import closer, removal
from mesolens.instruments.middle.organs.found import ITEMS, SITES, item_rows
from mesolens.instruments.middle.plan import work_of
from mesolens.model.loaded import LoadedModel


def divide(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`organs-items` (a row a view: its shares as one list, in nats, and its total) and `organs-sites`, the leaves."""
    work = work_of(shard)
    other = reference_model(model, against, work.against)
    gates = gates_for(model, other)
    found = shares_of(model, other, gates, work)
    views = list(work.items)
    rest = [{"delta": found[view].delta, "steps": found[view].steps, "closes": found[view].closes} for view in views]
    names = [name for gate in gates for name in gate.names]
    return {
        ITEMS: item_rows(views, [found[view].leaves for view in views], rest),
        SITES: pa.table({"site": pa.array(names, pa.string())}),
    }


_KINDS: Mapping[str, Callable[[LoadedModel, Shard, LoadedModel | None], Tables]] = {
    "shares": divide,
    removal.KIND: removal.remove,
    closer.KIND: closer.come_closer,
}


def measure(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
    """The tables of one shard, by its kind.

    ==========  ======================================================================================================
    `shares`    `organs-items` and `organs-sites`: every leaf's share in every view
    `removal`   `organs-removed`: what is lost when a group of leaves is held
    `closer`    `organs-woken` and `organs-promoted`: by which tokens organs are woken, and which they promote; and
                `organs-members`, each leaf's organ
    ==========  ======================================================================================================

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    return _KINDS[cast(str, shard.depends["kind"])](model, shard, against)
