"""From an instrument and what it is asked to its tables, in memory."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from mesolens.evidence.shards import Tables
from mesolens.model.loaded import LoadedModel
from mesolens.runs.chapters import Instrument


def tables_of(work: Instrument[Any], model: LoadedModel, against: LoadedModel | None, spec: object) -> Tables:
    """The tables of every stage of an instrument; those of one name joined, stage after stage."""
    tables: Tables = {}
    shards = work.plan(model.card, spec)
    while shards:
        parts = [work.measure(model, shard, against=against) for shard in shards]
        tables = joined([tables, *parts])
        shards = work.follow(model.card, spec, tables)
    return tables


def joined(parts: Sequence[Tables]) -> Tables:
    """Tables of one name put together, in the order of the parts."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pa.concat_tables([part[name] for part in parts if name in part]) for name in names}
