"""What one question about oneself costs, with the stream projected after every layer, beside Inspect's `hf` provider.

Ours is everything from the questions' words to what the model says of itself on each trait: written down, read in
batches, projected on 12 directions a layer, averaged. Inspect gives one token with log-probabilities, and in a second
contender the hidden states as well, which is what projections need. Process CPU time on one thread; the contenders
take turns in each round, and figures are medians over rounds. Loading is not counted for anybody.

`MESOLENS_BENCH_ITEMS` questions (256), `MESOLENS_BENCH_ROUNDS` rounds (5). Inspect is measured where it is installed
(`pip install inspect-ai accelerate`).
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from transformers.utils.logging import disable_progress_bar

from benchmarks.peers import with_inspect
from benchmarks.questions import SIZES, Question, Size, questions, save
from benchmarks.row import Row
from mesolens.instruments.face.probes import Posed, written
from mesolens.instruments.face.selfreport import measure, read
from mesolens.model.load import load

BARS: Mapping[Size, float] = {"2.1M": 1.5, "38M": 35.0}
DIRECTIONS = 12
PEER, WITH_STATES = "Inspect hf", "Inspect hf, hidden states"
Work = Callable[[], object]


def rows() -> list[Row]:
    """CPU milliseconds for each question, ours and Inspect's, for both sizes."""
    torch.set_num_threads(1)
    disable_progress_bar()
    asked = questions(int(os.environ.get("MESOLENS_BENCH_ITEMS", "256")))
    return [row for size in SIZES for row in measured(size, asked)]


def measured(size: Size, asked: list[Question]) -> list[Row]:
    """The rows of one size."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        save(size, folder)
        works, tokens = {"mesolens": ours(folder, asked)}, mean_tokens(folder, asked)
        if find_spec("inspect_ai") is not None and find_spec("accelerate") is not None:
            texts = [each.text for each in asked]
            works |= {PEER: with_inspect.prepare(folder, texts)}
            works |= {WITH_STATES: with_inspect.prepare(folder, texts, hidden_states=True)}
        times = timed(works, int(os.environ.get("MESOLENS_BENCH_ROUNDS", "5")), len(asked))
    subject = f"random Llama of {size}, {len(asked)} questions of {tokens:.0f} tokens"
    value = statistics.median(times["mesolens"])
    told = (min(times["mesolens"]), max(times["mesolens"]), f"≤ {BARS[size]:g}", value <= BARS[size])
    found = [Row("probe_cost", subject, "CPU ms a question, all layers projected", value, *told)]
    if PEER not in times:
        return found
    beside = {name: statistics.median(times[name]) for name in (PEER, WITH_STATES)}
    return [
        Row(row.name, row.subject, row.quantity, value, *told, peer=name, peer_value=beside[name])
        for row in found
        for name in beside
    ]


def ours(folder: Path, asked: list[Question]) -> Work:
    """From words to what the model says of itself."""
    model = load(folder)
    shape = (len(model.anatomy.blocks), model.anatomy.stream_width, DIRECTIONS)
    directions_LWR = np.random.default_rng(0).standard_normal(shape)
    items = [
        (str(number), each.trait, [Posed(each.text, (" Yes", " No"), 0 if each.yes else 1)])
        for number, each in enumerate(asked)
    ]
    return lambda: read(measure(model, written(model, items), directions_LWR))


def mean_tokens(folder: Path, asked: list[Question]) -> float:
    """How long the prompts are."""
    items = [("", "", [Posed(each.text, (" Yes", " No"), 0)]) for each in asked]
    return float(np.mean([len(probe.prompts[0]) for probe in written(load(folder), items)]))


def timed(works: Mapping[str, Work], rounds: int, count: int) -> dict[str, list[float]]:
    """CPU milliseconds a question of each work in each round, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(-1, rounds):
        for name, work in works.items():
            start = time.process_time()
            work()
            spent = 1000 * (time.process_time() - start) / count
            if number >= 0:
                times[name].append(spent)
                print(f"  {name}: {spent:.2f} ms", file=sys.stderr, flush=True)
    return times
