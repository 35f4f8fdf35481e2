"""What gated attribution costs over the floor that no such method undercuts, and beside three peers.

Process CPU time on one thread. All contenders run in turn in each round, and every ratio is taken inside a round, so
that what else the machine does weighs on both sides alike. Loading and wrapping a model is not counted for anybody.

`MESOLENS_BENCH_CASES=llama-25M:8x64,gpt2-124M:32x128` chooses cases, `MESOLENS_BENCH_ROUNDS` the rounds and
`MESOLENS_BENCH_STEPS` the gradient steps; fewer steps weigh against us, since the two forwards and the tables are then
a larger part. Peers and source tokens are measured on the small batch only: the large one takes hours.
"""

import os
import statistics
import sys
import time
from collections.abc import Mapping

import torch

from benchmarks.contenders import Work, floor, forward, mesolens, peer, peers
from benchmarks.row import Row
from benchmarks.shapes import BATCHES, SHAPES, Shape, Workload, workload

STEPS = int(os.environ.get("MESOLENS_BENCH_STEPS", "16"))
OVER_FLOOR = 1.10
FORWARDS_PER_STEP = 2.5
ROUNDS = 3
Times = dict[str, list[float]]


def rows() -> list[Row]:
    """The ratio to the floor of every case, and plain forwards per gradient step beside each installed peer."""
    torch.set_num_threads(1)
    return [row for case in cases() for row in measured(case)]


def cases() -> list[str]:
    """`shape:ROWSxTOKENS` of every case that was asked for."""
    every = [f"{shape}:{rows}x{tokens}" for shape in SHAPES for rows, tokens in BATCHES]
    return os.environ.get("MESOLENS_BENCH_CASES", ",".join(every)).split(",")


def loaded(case: str) -> Workload:
    """The workload that a case names."""
    name, batch = case.split(":")
    shape: Shape = "llama-25M" if name == "llama-25M" else "gpt2-124M"
    if name != shape:
        raise SystemExit(f"no shape is called {name!r}; there are {', '.join(SHAPES)}")
    batch_rows, tokens = map(int, batch.split("x"))
    return workload(shape, batch_rows, tokens)


def measured(case: str) -> list[Row]:
    """The rows of one case."""
    load = loaded(case)
    works = {"forward": forward(load), "floor": floor(load, STEPS), "mesolens": mesolens(load, STEPS)}
    beside = peers() if load.clean.shape == BATCHES[0] else []
    if load.clean.shape == BATCHES[0]:
        works["source tokens"] = mesolens(load, STEPS, tokens=True)
        works |= {name: peer(name, load, STEPS) for name in beside}
    times = timed(works, int(os.environ.get("MESOLENS_BENCH_ROUNDS", ROUNDS)))
    return [*over_floor(load.subject, times), *per_step(load.subject, times, beside)]


def timed(works: Mapping[str, Work], rounds: int) -> Times:
    """CPU seconds of each work in each round; the order turns by one from round to round, after one short warm-up."""
    times: Times = {name: [] for name in works}
    works["forward"]()
    names = list(works)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            start = time.process_time()
            works[name]()
            times[name].append(time.process_time() - start)
            print(f"  {name}: {times[name][-1]:.1f} s", file=sys.stderr, flush=True)
    return times


def ratios(times: Times, name: str, to: str) -> tuple[float, float, float]:
    """Median, least and most of the ratios taken round by round."""
    found = sorted(one / other for one, other in zip(times[name], times[to], strict=True))
    return statistics.median(found), found[0], found[-1]


def over_floor(subject: str, times: Times) -> list[Row]:
    """Ours over the floor; with source tokens read as well, for which no bar is set."""
    plain = ratios(times, "mesolens", "floor")
    quantity = f"CPU time of {STEPS} steps over the floor"
    found = [Row("middle_cost", subject, quantity, *plain, f"≤ {OVER_FLOOR:g}", plain[0] <= OVER_FLOOR)]
    if "source tokens" in times:
        tokens = ratios(times, "source tokens", "floor")
        found.append(Row("middle_cost", subject, f"{quantity}, source tokens read too", *tokens))
    return found


def per_step(subject: str, times: Times, beside: list[str]) -> list[Row]:
    """Plain forward passes that one gradient step costs, ours and each peer's."""
    ours = forwards_per_step(times, "mesolens")
    quantity = "plain forwards per gradient step"
    bar, holds = f"≤ {FORWARDS_PER_STEP:g}", ours[0] <= FORWARDS_PER_STEP
    if not beside:
        return [Row("middle_cost", subject, quantity, *ours, bar=bar, holds=holds)]
    found = [(name, forwards_per_step(times, name)[0]) for name in beside]
    return [Row("middle_cost", subject, quantity, *ours, bar, holds, name, value) for name, value in found]


def forwards_per_step(times: Times, name: str) -> tuple[float, float, float]:
    """Median, least and most, over rounds, of a contender's time per step over the median plain forward."""
    plain = statistics.median(times["forward"])
    found = sorted(one / plain / STEPS for one in times[name])
    return statistics.median(found), found[0], found[-1]
