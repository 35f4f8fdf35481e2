"""What edges cost in plain forward passes, how far they miss the shares, and the memory that they take.

One gradient step pair, a forward and a backward pass at one node, gives the edges from the embedding, 16 heads and 16
neurons, drawn at random, to every writer, the same heads and neurons, and the readout. CPU time of the process on one
thread; the plain forward and the edges take turns in each round and the ratio is taken inside it. The reference run
that edges start from is counted. Batches are cut to the room that edges are given, as the stage does it.

`MESOLENS_BENCH_CASES`, `MESOLENS_BENCH_ROUNDS` (3) and `MESOLENS_BENCH_STEPS` (8, where shares begin) are as in
`middle_cost`; fewer steps weigh against us. Memory is measured as in `middle_memory`, in a fresh process.
"""

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import torch

from benchmarks.contenders import forward
from benchmarks.middle_cost import cases, loaded, ratios, timed
from benchmarks.middle_memory import REFERENCES, added_by
from benchmarks.row import Row
from benchmarks.shapes import FOIL, TARGET, Workload
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.instruments.middle.flow.feeding import KIND, TABLE, EdgeWork, worst_gap
from mesolens.instruments.middle.found import found_in
from mesolens.instruments.middle.gates import gates_of
from mesolens.instruments.middle.plan import shard_of
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.traits.encode import EncodedContrast

STEPS = int(os.environ.get("MESOLENS_BENCH_STEPS", "8"))
ROUNDS = int(os.environ.get("MESOLENS_BENCH_ROUNDS", "3"))
OPENED = 16
FORWARDS: Mapping[str, float] = {"llama-25M": 3.5, "gpt2-124M": 4.7}
OFF_BY = 1e-6
MISS = "worst |share − Σ edges| over the larger of |Δ| and 1 nat"


def rows() -> list[Row]:
    """For every case: plain forwards per step pair, the worst miss of a share, and the peak of memory."""
    torch.set_num_threads(1)
    return [row for case in cases() for row in _case(case)]


def _case(case: str) -> list[Row]:
    load = loaded(case)
    model, shard, spec = _asked(load)
    times = timed({"forward": forward(load), "edges": lambda: measure(model, shard)}, ROUNDS)
    value, low, high = (part / STEPS for part in ratios(times, "edges", "forward"))
    bar = FORWARDS[load.shape]
    quantity = f"plain forwards per step pair, {OPENED} heads and {OPENED} neurons and the embedding to all that read"
    gap = _gap(model, shard, spec)
    return [
        Row("middle_edges", load.subject, quantity, value, low, high, f"≤ {bar:g}", value <= bar),
        Row("middle_edges", load.subject, MISS, gap, bar=f"≤ {OFF_BY:g}", holds=gap <= OFF_BY),
        Row("middle_edges", load.subject, "peak memory, MiB", _memory(case)),
    ]


def _asked(load: Workload) -> tuple[LoadedModel, Shard, MiddleSpec]:
    model = adopt(load.model)
    contrasts = tuple(
        EncodedContrast(f"{i}", "", tuple(one.tolist()), tuple(other.tolist()), (TARGET,), (FOIL,), (), (), (), ())
        for i, (one, other) in enumerate(zip(load.clean, load.reference, strict=True))
    )
    names = [name for gate in gates_of(model.anatomy)[1:] for name in gate.names]
    draw = random.Random(0)
    leaves = [name for kind in (".h", ".n") for name in draw.sample([n for n in names if kind in n], OPENED)]
    items, spec = range(len(contrasts)), MiddleSpec(contrasts, steps=STEPS, most_steps=STEPS, tokens=False)
    work = EdgeWork(tuple(items), contrasts, (STEPS,) * len(contrasts), tuple(leaves), load.clean.numel())
    return model, shard_of(model.card, KIND, work, len(contrasts)), spec


def _gap(model: LoadedModel, shard: Shard, spec: MiddleSpec) -> float:
    parts = [measure(model, part) for part in plan(model.card, spec)]
    tables: Tables = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
    return worst_gap(measure(model, shard)[TABLE], found_in(tables))


def _memory(case: str) -> float:
    """MiB that the edges of a case add at their peak in a fresh process; NaN where the kernel does not say."""
    if not REFERENCES.exists():
        return float("nan")
    command = [sys.executable, "-m", "benchmarks.middle_edges", case]
    quiet = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    place = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=place, env=quiet, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def _child(case: str) -> None:
    torch.set_num_threads(1)
    load = loaded(case)
    model, shard, _ = _asked(load)
    forward(load)()
    print(added_by(partial(measure, model, shard)))


if __name__ == "__main__":
    _child(*sys.argv[1:])
