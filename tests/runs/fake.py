"""An instrument that adds numbers: as small as one can be, and slow on demand, so that tests may kill it in the act."""

import os
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Cost, Shard, Tables
from mesolens.runs.store import Store

NAME = "fake"


def plan(card: object, spec: object) -> list[Shard]:
    """`spec` shards of four rows each."""
    assert isinstance(spec, int)
    return [Shard(NAME, {"model": "none", "place": place}, rows=4) for place in range(spec)]


def cost(card: object, spec: object) -> Cost:
    """Next to nothing."""
    return Cost(flops=1e6, bytes=1e6)


def measure(model: object, shard: Shard, *, against: object = None) -> Tables:
    """Random numbers that depend on the shard alone, in two tables; a line in $MESOLENS_FAKE_LOG for each call."""
    if log := os.environ.get("MESOLENS_FAKE_LOG"):
        with open(log, "a") as lines:
            lines.write(f"{shard.depends['place']}\n")
    time.sleep(float(os.environ.get("MESOLENS_FAKE_SECONDS", "0")))
    rng = np.random.default_rng(int(shard.key, 16))
    names = pa.array([f"L{n}" for n in rng.integers(0, 3, 4)]).dictionary_encode()
    items = pa.table({"item": pa.array(range(4), pa.int32()), "delta": rng.normal(size=4)})
    leaves = pa.table({"site": names, "share": rng.normal(size=4)})
    return {"fake-items": items, "fake-leaves": leaves}


def follow(card: object, spec: object, tables: Tables) -> list[Shard]:
    """Nothing more, unless a second stage of one shard is asked for with $MESOLENS_FAKE_FOLLOWS."""
    if not os.environ.get("MESOLENS_FAKE_FOLLOWS") or len(tables["fake-items"]) > 4 * int(str(spec)):
        return []
    return [Shard(NAME, {"model": "none", "place": "after"}, rows=4)]


def read(tables: Tables, spec: object, card: object) -> Reading:
    """The sum of all deltas."""
    total = float(np.sum(tables["fake-items"]["delta"].to_numpy()))
    return Reading(NAME, "nothing", "closed", f"The sum is {total:.3f}.", (Number("sum", total),))


def begun(run: Path, shards: int) -> Store:
    """A run folder in which this instrument has planned and done nothing yet."""
    store = Store(run)
    store.write_json("run", {"format": 1})
    store.write_plan(NAME, plan(None, shards))
    return store
