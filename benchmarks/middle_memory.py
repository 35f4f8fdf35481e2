"""The memory that gated attribution takes at its peak, over one training step of the same model and batch.

Each figure comes from a fresh process: the model is built and one forward pass run, then the kernel's high-water mark
of resident memory is reset (`/proc/self/clear_refs`) and read after the work, less what was resident before it. So it
is what the work itself adds, the graph and the allocator's waste included. glibc is told to give freed blocks back
(`MALLOC_MMAP_THRESHOLD_`), or the figure would depend on what was freed earlier. Linux only: elsewhere the row holds
nothing.

`MESOLENS_BENCH_CASES` chooses cases as in `middle_cost`.
"""

import os
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.contenders import Work, floor, forward, lean_training_step, mesolens, training_step
from benchmarks.middle_cost import cases, loaded
from benchmarks.row import Row
from benchmarks.shapes import Workload

BAR = 1.5
STEPS = 2
STATUS = Path("/proc/self/status")
REFERENCES = Path("/proc/self/clear_refs")
MIB = 1024


def rows() -> list[Row]:
    """Ours over a training step, over one whose loss reads the last position alone, and the floor's own."""
    return [row for case in cases() for row in _case(case)]


def _case(case: str) -> list[Row]:
    peak = {what: _in_fresh_process(what, case) for what in ("training", "lean training", "floor", "mesolens")}
    subject = case.replace(":", ", batch ").replace("x", "×")
    found = [
        _row(subject, "peak memory over one training step", peak["mesolens"], peak["training"], bar=BAR),
        _row(subject, "peak memory over a training step on the last position", peak["mesolens"], peak["lean training"]),
        _row(subject, "peak memory over the floor's", peak["mesolens"], peak["floor"]),
    ]
    return [*found, Row("middle_memory", subject, "peak memory, MiB", peak["mesolens"] or float("nan"))]


def _row(subject: str, quantity: str, ours: float | None, other: float | None, bar: float | None = None) -> Row:
    value = float("nan") if ours is None or not other else ours / other
    if bar is None:
        return Row("middle_memory", subject, quantity, value)
    holds = None if ours is None else value <= bar
    return Row("middle_memory", subject, quantity, value, bar=f"≤ {bar:g}", holds=holds)


def _in_fresh_process(what: str, case: str) -> float | None:
    """MiB that the work adds at its peak; None where the kernel does not say."""
    if not REFERENCES.exists():
        return None
    command = [sys.executable, "-m", "benchmarks.middle_memory", what, case]
    place = Path(__file__).resolve().parents[1]
    quiet = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=place, env=quiet, check=True, stdout=subprocess.PIPE, text=True)
    print(f"  {what}, {case}: {float(done.stdout):.0f} MiB", file=sys.stderr, flush=True)
    return float(done.stdout)


def _prepared(what: str, load: Workload) -> Work:
    if what == "training":
        return training_step(load)
    if what == "lean training":
        return lean_training_step(load)
    # Memory peaks within a node and is the same for every number of nodes.
    return floor(load, STEPS) if what == "floor" else mesolens(load, STEPS)


def _resident(field: str) -> float:
    """`VmRSS` (now) or `VmHWM` (high-water mark) of this process, in MiB."""
    line = next(line for line in STATUS.read_text("ascii").splitlines() if line.startswith(field))
    return int(line.split()[1]) / MIB


def _child(what: str, case: str) -> None:
    torch.set_num_threads(1)
    load = loaded(case)
    work = _prepared(what, load)
    forward(load)()
    print(added_by(work))


def added_by(work: Work) -> float:
    """MiB that a work adds to what is resident, at its peak."""
    before = _resident("VmRSS")
    REFERENCES.write_text("5", "ascii")
    work()
    return _resident("VmHWM") - before


if __name__ == "__main__":
    _child(*sys.argv[1:])
