"""The heavy step: one shard through the model, to tables. Every kind of shard has its own room."""

from collections.abc import Callable, Mapping
from typing import cast

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.closeup import close_up
from mesolens.instruments.middle.divide import divide
from mesolens.model.loaded import LoadedModel

_KINDS: Mapping[str, Callable[[LoadedModel, Shard, LoadedModel | None], Tables]] = {
    "gated": divide,
    "closeup": close_up,
}


def measure(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
    """The tables of one shard, by its kind.

    `gated` gives `middle-items` (one row an item), `middle-leaves` (item, site, share in nats) and `middle-tokens` (the
    same for source tokens of opened leaves). `closeup` gives what opened leaves look at, promote and are woken by:
    `middle-attention`, `middle-promoted` and `middle-activations`.

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    return _KINDS[cast(str, shard.depends["kind"])](model, shard, against)
