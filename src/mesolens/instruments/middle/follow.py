"""What is asked next, once something has been found: pure, like the plan, so that the same command resumes anywhere.

A stage is a table and the shards that give it. It is asked for when its table is not there yet; it may ask for nothing.
"""

from collections.abc import Callable
from typing import TypeAlias

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.closeup import closeup_shards
from mesolens.instruments.middle.flow.crossing import row_shards
from mesolens.instruments.middle.flow.feeding import edge_shards
from mesolens.instruments.middle.found import COMPLETE, Found, found_in
from mesolens.instruments.middle.plan import referee_shards
from mesolens.instruments.middle.proof.stages import valuing, weighing
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.model.card import ModelCard

Stage: TypeAlias = tuple[str, Callable[[ModelCard, MiddleSpec, Found, Tables], list[Shard]]]


def _handed_over(card: ModelCard, spec: MiddleSpec, found: Found, _: Tables) -> list[Shard]:
    """The referee, when the gated total does not close."""
    return referee_shards(card, spec) if found.completeness > COMPLETE else []


STAGES: tuple[Stage, ...] = (
    ("middle-owen-items", _handed_over),
    ("middle-norms", weighing),
    ("middle-values", valuing),
    ("middle-activations", closeup_shards),
    ("middle-edges", edge_shards),
    ("middle-rows", row_shards),
)


def follow(card: ModelCard, spec: MiddleSpec, tables: Tables) -> list[Shard]:
    """The shards of the next stage; none when all is there."""
    found = found_in(tables)
    for table, stage in STAGES:
        shards = [] if table in tables else stage(card, spec, found, tables)
        if shards:
            return shards
    return []
