"""What an index costs at 20 million tokens: to build, to count 5-grams in a batch, and to count all n-grams of a text.

The corpus is drawn from a chain of order 2 that real text fitted (`drawn_corpus.py`), in two bytes a token and in
four (the same text, its numbers spread over 150,000). Half of the 5-grams stand in the corpus and half have another
last token. A text is 512 tokens drawn alike that are not in the corpus, and its counts are those of all orders up to
16, each with how often the context is followed at all; in each round twenty texts are counted one after the other, each
once, and the figure is for one of them. Process CPU time on one thread; engines take turns in each round, and figures
are medians over rounds. Building is everything from token arrays to the finished files, digests
included.

Every count is compared: NumPy's with numba's, with infini-gram's on the same files, and some with a count made by
looking at every place of the corpus. infini-gram runs in a Python of its own: `MESOLENS_INFINI_GRAM=…/bin/python`
names it (`pip install infini-gram` there). `MESOLENS_BENCH_TOKENS` (20000000) and `MESOLENS_BENCH_ROUNDS` (5) say how
much.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Int

from benchmarks.drawn_corpus import LENGTH, drawn
from benchmarks.row import Row
from mesolens.corpus.index.building import build
from mesolens.corpus.index.header import Plan
from mesolens.corpus.index.opened import Index
from mesolens.corpus.index.opening import open_index
from mesolens.evidence.row import Bar

ENGINES = ("NumPy", "numba") if find_spec("numba") else ("NumPy",)
BARS = {
    ("NumPy", "build"): Bar("≤", 0.3), ("numba", "build"): Bar("≤", 0.15),
    ("NumPy", "count"): Bar("≤", 2.5), ("numba", "count"): Bar("≤", 0.5),
    ("NumPy", "text"): Bar("≤", 12.0), ("numba", "text"): Bar("≤", 1.5),
}  # fmt: skip
UNITS = {
    "build": "CPU µs a token, built",
    "count": "CPU µs a 5-gram, counted in a batch",
    "text": "CPU ms for all counts of 512 tokens",
}
QUERIES, LOOKED_AT, MOST, TEXTS = 100_000, 200, 15, 20
PEER = "infini-gram"
Corpus = Int[np.ndarray, "I T"]


def rows() -> list[Row]:
    """Building, counting and comparing, in two bytes a token and in four."""
    tokens, rounds = (int(os.environ.get(f"MESOLENS_BENCH_{name}", usual)) for name, usual in
                      (("TOKENS", "20000000"), ("ROUNDS", "5")))  # fmt: skip
    corpus = drawn(max(1, tokens // (LENGTH + 1)))
    return [row for step, kind in ((1, "u16"), (7, "u32")) for row in measured(corpus * step, kind, rounds)]


def measured(corpus: Corpus, kind: str, rounds: int) -> list[Row]:
    """The rows of one kind of token."""
    subject = f"{kind}, {corpus.size / 1e6:.3g}M tokens"
    vocabulary = max(int(corpus.max()) + 1, {"u16": 1, "u32": 150_000}[kind])
    with tempfile.TemporaryDirectory() as place:
        folder, times = Path(place), {(engine, what): list[float]() for engine in ENGINES for what in UNITS}
        for number in range(-1, min(rounds, 3)):
            for engine in ENGINES:
                spent = 1e6 * timed(partial(built, corpus, folder / engine, vocabulary, engine == "numba"))
                _note(times[engine, "build"], spent / corpus.size, number, f"{subject}: {engine} built")
        indexes = {engine: open_index(folder / engine, fast=engine == "numba") for engine in ENGINES}
        queries, texts = asked(corpus), drawn(3 * TEXTS * (rounds + 1), seed=1) * (7 if kind == "u32" else 1)
        texts = texts.reshape(rounds + 1, TEXTS, -1)[:, :, :512]
        peer = list[float]()
        for number in range(-1, rounds):
            for engine, index in indexes.items():
                spent = timed(partial(index.count, queries))
                _note(times[engine, "count"], 1e6 * spent / len(queries), number, f"{subject}: {engine} counted")
                spent = timed(partial(laddered, index, texts[number + 1]))
                _note(times[engine, "text"], 1e3 * spent / TEXTS, number, f"{subject}: {engine} text")
            peer += peer_counts(folder, kind, queries[:: len(queries) // 5000])[0] if number >= 0 else []
        found = [_row(subject, engine, what, values) for (engine, what), values in times.items()]
        if peer:
            value = statistics.median(peer)
            found = [replace(r, peer=PEER, peer_value=value) if "5-gram" in r.quantity else r for r in found]
        return [*found, *compared(indexes, corpus, folder, kind, queries, subject)]


def laddered(index: Index, texts: Corpus) -> None:
    """All counts of each text."""
    for text in texts:
        index.ladder(text, MOST)


def built(corpus: Corpus, folder: Path, vocabulary: int, fast: bool) -> None:
    """Build an index of the documents, in the place of the one that was there."""
    for file in folder.glob("*"):
        file.unlink()
    plan = Plan("drawn", "none", vocabulary, "drawn", 1 << 31)
    build(lambda first: iter(corpus[first:]), folder, plan, fast=fast)


def asked(corpus: Corpus) -> Int[np.ndarray, "Q 5"]:
    """5-grams: half as they stand, half with the last token of another place."""
    rng = np.random.default_rng(2)
    rows, places = rng.integers(0, len(corpus), QUERIES), rng.integers(0, LENGTH - 5, QUERIES)
    queries = corpus[rows[:, None], places[:, None] + np.arange(5)]
    half = QUERIES // 2
    queries[half:, 4] = corpus[rng.integers(0, len(corpus), half), rng.integers(0, LENGTH, half)]
    return queries


def peer_counts(folder: Path, kind: str, queries: Int[np.ndarray, "Q 5"]) -> tuple[list[float], Int[np.ndarray, " P"]]:
    """infini-gram's microseconds of CPU for each query and its counts, on the files that NumPy built; or nothing."""
    python = os.environ.get("MESOLENS_INFINI_GRAM")
    if python is None:
        return [], np.zeros(0, np.int64)
    np.save(folder / "queries.npy", queries)
    script = Path(__file__).parent / "peers" / "with_infini_gram.py"
    command = [
        python,
        str(script),
        str(folder / "NumPy"),
        kind,
        str(folder / "queries.npy"),
        str(folder / "counts.npy"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(done.stdout)], np.load(folder / "counts.npy")


def compared(
    indexes: dict[str, Index], corpus: Corpus, folder: Path, kind: str, queries: Int[np.ndarray, "Q 5"], subject: str
) -> list[Row]:
    """How many counts differ from another way of counting: n-grams of 1 to 5 tokens."""
    some = [query[: 1 + number % 5] for number, query in enumerate(queries[:: len(queries) // 10_000].tolist())]
    counts = {engine: index.count(some) for engine, index in indexes.items()}
    told = {f"{LOOKED_AT} counts made by looking at every place": (_looked(corpus, some[:LOOKED_AT]), LOOKED_AT)}
    if "numba" in counts:
        told[f"{len(some)} counts of numba"] = (counts["numba"], len(some))
    theirs = np.concatenate([np.zeros(0, np.int64), *(
        peer_counts(folder, kind, np.array(some[first::5]))[1] for first in range(5)
    )])  # fmt: skip
    if len(theirs):
        ours = np.concatenate([counts["NumPy"][first::5] for first in range(5)])
        return [*_differences(counts["NumPy"], told, subject), *_differences(
            ours, {f"{len(theirs)} counts of {PEER}": (theirs, len(theirs))}, subject
        )]  # fmt: skip
    return _differences(counts["NumPy"], told, subject)


def _differences(
    ours: Int[np.ndarray, " Q"], others: dict[str, tuple[Int[np.ndarray, " P"], int]], subject: str
) -> list[Row]:
    return [
        Row("index_counts", subject, f"NumPy's differ from {name}", float(np.sum(ours[:size] != other)), bar="= 0",
            holds=bool(np.array_equal(ours[:size], other)))
        for name, (other, size) in others.items()
    ]  # fmt: skip


def _looked(corpus: Corpus, queries: Sequence[Sequence[int]]) -> Int[np.ndarray, " Q"]:
    """Each n-gram compared with every place of every document, one token after the other."""
    found = list[int]()
    for query in queries:
        starts = np.argwhere(corpus[:, : LENGTH - len(query) + 1] == query[0])
        for ahead, token in enumerate(query[1:], 1):
            starts = starts[corpus[starts[:, 0], starts[:, 1] + ahead] == token]
        found.append(len(starts))
    return np.array(found, np.int64)


def timed(work: Callable[[], object]) -> float:
    """Seconds of process CPU time."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _note(values: list[float], value: float, number: int, label: str) -> None:
    """Keep a figure, but for those of the round before the first, which compiles and warms up."""
    print(f"  {label}: {value:.3g}", file=sys.stderr, flush=True)
    if number >= 0:
        values.append(value)


def _row(subject: str, engine: str, what: str, values: Sequence[float]) -> Row:
    value, bar = statistics.median(values), BARS[engine, what]
    spread = (min(values), max(values))
    return Row("index_counts", f"{engine}, {subject}", UNITS[what], value, *spread, str(bar), bar.holds(value))
