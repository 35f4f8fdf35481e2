"""What the checks need computed: first how much each leaf writes, then the readout under every coalition."""

from collections.abc import Sequence
from typing import Any

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.plan import asked, shard_of
from mesolens.instruments.middle.proof import curves, nulls, others, parity
from mesolens.instruments.middle.proof.ground import Ground
from mesolens.instruments.middle.proof.norms import NormsWork, norms_in
from mesolens.instruments.middle.proof.values import ValuesWork
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.model.card import ModelCard

EVERY = 1 << 40
"""More players than there are: every leaf plays alone."""


def ground_of(spec: MiddleSpec, found: Found, tables: Tables) -> Ground | None:
    """The ground of the checks; None when none are asked for, or when there are too few leaves to tell apart."""
    if spec.proof is None or len(found.sites) < 3:
        return None
    norms = norms_in(tables["middle-norms"], len(found.sites)) if "middle-norms" in tables else None
    return Ground(found, spec, spec.proof, norms)


def weighing(card: ModelCard, spec: MiddleSpec, found: Found, tables: Tables) -> list[Shard]:
    """Shards that measure the leaves' writes."""
    ground = ground_of(spec, found, tables)
    if ground is None:
        return []
    parts = _parts(ground.items, spec.shard_items)
    return [shard_of(card, "norms", NormsWork(**_asked(spec, found, part)), len(part)) for part in parts]


def valuing(card: ModelCard, spec: MiddleSpec, found: Found, tables: Tables) -> list[Shard]:
    """Shards that value all coalitions, some contrasts each."""
    ground = ground_of(spec, found, tables)
    if ground is None:
        return []
    coalitions = tuple(one for check in (parity, curves, nulls, others) for one in check.asks(ground))
    more: dict[str, Any] = {"ranked": ground.orders.ranked, "coalitions": coalitions, "seed": spec.seed}
    parts = _parts(ground.items, spec.shard_items)
    return [shard_of(card, "values", ValuesWork(**_asked(spec, found, part), **more), len(part)) for part in parts]


def _asked(spec: MiddleSpec, found: Found, part: Sequence[int]) -> dict[str, Any]:
    """What both kinds of work are told: the contrasts, and who plays."""
    alone, groups = (spec.referee.alone, spec.referee.groups) if found.engine == "owen" else (EVERY, 1)
    return {
        "items": tuple(part),
        "contrasts": tuple(asked(spec.contrasts[item], spec) for item in part),
        "against": spec.against,
        "batch_tokens": spec.batch_tokens,
        "alone": alone,
        "groups": groups,
    }


def _parts(items: Sequence[int], size: int) -> list[Sequence[int]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
