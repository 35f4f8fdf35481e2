"""The heavy step: one shard through the model, to tables. Every kind of shard has its own room."""

from collections.abc import Callable, Mapping
from typing import cast

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.closeup import close_up
from mesolens.instruments.middle.divide import divide
from mesolens.instruments.middle.flow.crossing import cross
from mesolens.instruments.middle.flow.feeding import feed
from mesolens.instruments.middle.proof.norms import weigh
from mesolens.instruments.middle.proof.values import value
from mesolens.instruments.middle.referee import refer
from mesolens.model.loaded import LoadedModel

_KINDS: Mapping[str, Callable[[LoadedModel, Shard, LoadedModel | None], Tables]] = {
    "gated": divide,
    "owen": refer,
    "norms": weigh,
    "values": value,
    "closeup": close_up,
    "edges": feed,
    "rows": cross,
}


def measure(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
    """The tables of one shard, by its kind.

    ===========  ===================================================================================================
    `gated`      `middle-items` (a row a contrast), `middle-leaves` (item, site, share and direct part in nats),
                 `middle-tokens` (the same for source tokens of opened leaves)
    `owen`       the first two by the referee, as `middle-owen-items` and `middle-owen-leaves`; how: `middle-owen`
    `norms`      `middle-norms`: how much each leaf writes
    `values`     `middle-values`: the readout under every coalition that a check asks for
    `closeup`    what opened leaves look at, promote and are woken by: `middle-attention`, `middle-promoted` and
                 `middle-activations`
    `edges`      who feeds whom, between opened leaves: `middle-edges`
    `rows`       what crosses the boundary before each layer, by source token: `middle-rows`
    ===========  ===================================================================================================

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    return _KINDS[cast(str, shard.depends["kind"])](model, shard, against)
