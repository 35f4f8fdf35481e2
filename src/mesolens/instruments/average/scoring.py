"""What the average says: its weights, every text rung by rung, documents held against the rest, and shares on parts."""

import json
from collections.abc import Sequence
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import pyarrow as pa

from mesolens.corpus.average import Average, Fit, Scored, distribution, learned, scored, scored_by, weighted
from mesolens.corpus.counting import Counts
from mesolens.corpus.doubt import doubts, left_open
from mesolens.corpus.gathered import gathered
from mesolens.corpus.index.opened import Place
from mesolens.corpus.leaving import left_out
from mesolens.corpus.neighbours import effective
from mesolens.corpus.neighbours import whole as distribution_of
from mesolens.evidence.overlap import ceilings, shares
from mesolens.evidence.rungs import gathered as taken_together
from mesolens.evidence.rungs import ledger
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.average.neighbours.plan import Near, said_in
from mesolens.instruments.average.placing import places_in
from mesolens.instruments.average.plan import COVERAGE, HELD, SCORED, SPANS, WEIGHTS, bits_of, texts_of
from mesolens.instruments.average.spec import Text
from mesolens.model.chat import token_texts
from mesolens.model.loaded import LoadedModel

LONGEST_SHUFFLED = 256
"""Tokens of a shuffled document that are looked at."""
SPANS_OF_A_TEXT = 4
SHORTEST_SPAN = 5
DOCUMENTS_OF_A_SPAN = 3
_SNIPPET = 12
"""Tokens around a span that are shown of its document."""


@runtime_checkable
class Finder(Protocol):
    """Counts that can also say where a run of tokens stands."""

    def count(self, queries: Sequence[Sequence[int]]) -> np.ndarray:
        """How often each run occurs."""
        ...

    def places(self, span: Sequence[int], most: int = 10) -> list[Place]:
        """The documents in which a run occurs, those with the most occurrences first."""
        ...


def fit(counts: Counts, shard: Shard) -> Tables:
    """`average-weights`: the weight of every cell, in order."""
    return {WEIGHTS: pa.table({"weight": pa.array(learned(counts, _fit_of(shard)).lambdas)})}


def score(model: LoadedModel, counts: Counts, shard: Shard) -> Tables:
    """`average-scored`, a row a text: the ledger of every token and its support; `average-spans`, its longest runs."""
    average = average_of(counts, shard)
    places = int(cast(int, shard.depends["places"]))
    rows: list[dict[str, object]] = []
    spans: list[dict[str, object]] = []
    given = map(said_in, cast("list[dict[str, Any]]", shard.depends["texts"]))
    for text, bits, near in zip(texts_of(shard), bits_of(shard), given, strict=True):
        found = scored(average, _whole(text), text.document)
        rows.append(_row(model, average, text, bits, found, near, places))
        if isinstance(counts, Finder):
            spans += _spans(model, counts, text, found.support[len(text.prompt) :])
    return {SCORED: pa.Table.from_pylist(rows, schema=_SCORED), SPANS: pa.Table.from_pylist(spans, schema=_SPANS)}


def _whole(text: Text) -> list[int]:
    assert text.said is not None, "a text is scored once it is said"
    return [*text.prompt, *text.said]


def _row(
    model: LoadedModel, average: Average, text: Text, bits: np.ndarray, found: Scored, near: Near | None, places: int
) -> dict[str, object]:
    start = len(text.prompt)
    climbed_TR = found.climbed[start:]
    if near is not None:
        topped_T = near.weight * near.said + (1 - near.weight) * climbed_TR[:, -1]
        climbed_TR = np.hstack([climbed_TR, topped_T[:, None]])
    rungs = taken_together(ledger(climbed_TR, bits), average.most)
    return {
        "id": text.id,
        "stratum": text.stratum,
        "cluster": text.cluster,
        "tokens": token_texts(model.tokenizer, text.said or ()),
        "bits": bits.tolist(),
        "average": np.log2(climbed_TR[:, -1]).tolist(),
        "support": found.support[start:].tolist(),
        "context": found.context[start:].tolist(),
        "ledger": rungs.tolist(),
        "places": places_in(text, places),
        "ceilings": _ceilings(average, text, near, places),
    }


def _ceilings(average: Average, text: Text, near: Near | None, most: int) -> list[float]:
    """The ceiling at some places of a text."""
    whole = _whole(text)
    positions = [len(text.prompt) + place for place in places_in(text, most)]
    a_PV = distribution(average, whole, positions, text.document)
    open_T = None
    if near is not None:
        a_PV = near.weight * distribution_of(near.heard, a_PV.shape[1]) + (1 - near.weight) * a_PV
        open_T = np.zeros(len(whole))
        open_T[positions] = left_open(np.full(len(positions), near.weight), effective(near.heard))
    return ceilings(a_PV, doubts(average, whole, text.document, open_T)[positions]).tolist()


def _spans(model: LoadedModel, counts: Finder, text: Text, support: np.ndarray) -> list[dict[str, object]]:
    """The longest runs of what was said that the corpus has, apart from each other, with documents that have them."""
    said = list(text.said or ())
    ends = sorted(range(len(said)), key=lambda end: -min(int(support[end]), end + 1))
    taken: list[tuple[int, int]] = []
    for end in ends:
        start = end + 1 - min(int(support[end]), end + 1)
        apart = all(end < first or start >= last for first, last in taken)
        if end + 1 - start >= SHORTEST_SPAN and apart and len(taken) < SPANS_OF_A_TEXT:
            taken.append((start, end + 1))
    found: list[dict[str, object]] = []
    for start, end in sorted(taken):
        run = said[start:end]
        behind = [
            {"number": place.document, "snippet": _snippet(model, counts, place, len(run))}
            for place in counts.places(run, DOCUMENTS_OF_A_SPAN)
        ]
        times = int(counts.count([run])[0])
        found.append({"id": text.id, "start": start, "end": end, "count": times, "documents": json.dumps(behind)})
    return found


def _snippet(model: LoadedModel, counts: object, place: Place, length: int) -> str:
    document = cast(Counts, counts).document(place.document)
    first = max(0, place.first - _SNIPPET)
    return "".join(token_texts(model.tokenizer, document[first : place.first + length + _SNIPPET].tolist()))


def hold(counts: Counts, shard: Shard) -> Tables:
    """`average-held`: documents of the corpus, each scored by all others, and the same with their tokens shuffled."""
    average = average_of(counts, shard)
    work = cast("dict[str, Any]", shard.depends)
    rng = np.random.default_rng(int(work["seed"]) + 1)
    numbers: list[int] = rng.permutation(counts.documents)[: int(work["held"])].tolist()
    rows: list[dict[str, object]] = []
    for number, (document, ladder) in zip(numbers, left_out(counts, numbers, average.most), strict=True):
        start = after(document, list(work["marker"]))
        if start < len(document):
            found = scored_by(average, document, ladder)
            mixed = [*document[:start], *rng.permutation(document[start:]).tolist()]
            alone = scored(average, mixed[:LONGEST_SHUFFLED], number)
            rows.append(
                {
                    "document": number,
                    "average": np.log2(found.said[start:]).tolist(),
                    "support": found.support[start:].tolist(),
                    "shuffled": alone.support[start:].tolist(),
                }
            )
    return {HELD: pa.Table.from_pylist(rows, schema=_HELD)}


def after(document: Sequence[int], marker: Sequence[int]) -> int:
    """Where the part of a document begins that texts are compared with: after the last marker, or after one token.

    >>> after([1, 7, 2, 7, 3, 4], [7]), after([1, 2, 3], [7]), after([1, 2, 3], [])
    (4, 1, 1)
    """
    size = len(marker)
    for start in range(len(document) - size, 0, -1) if size else ():
        if list(document[start : start + size]) == list(marker):
            return start + size
    return 1


def cover(counts: Counts, shard: Shard) -> Tables:
    """`average-coverage`: the share of every text by an average of a part of the documents."""
    work = cast("dict[str, Any]", shard.depends)
    part, seed = float(work["part"]), int(work["seed"])
    order = np.random.default_rng(seed + 2).permutation(counts.documents)
    kept = np.sort(order[: max(2, round(part * counts.documents))]).tolist()
    some = gathered([counts.document(number) for number in kept], counts.vocabulary)
    inside = {number: place for place, number in enumerate(kept)}
    average = learned(some, _fit_of(shard))
    rows: list[dict[str, object]] = []
    for text, bits in zip(texts_of(shard), bits_of(shard), strict=True):
        without = None if text.document is None else inside.get(text.document)
        said = scored(average, _whole(text), without).said[len(text.prompt) :]
        rows.append({"fraction": part, "id": text.id, "share": float(shares(bits, np.log2(said)).sum())})
    return {COVERAGE: pa.Table.from_pylist(rows, schema=_COVERAGE)}


def average_of(counts: Counts, shard: Shard) -> Average:
    """The average by the weights that a shard was given."""
    work = cast("dict[str, Any]", shard.depends)
    return weighted(counts, np.array(work["weights"], float), int(work["most"]))


def _fit_of(shard: Shard) -> Fit:
    work = cast("dict[str, Any]", shard.depends)
    return Fit(int(work["most"]), int(work["fit_tokens"]), int(work["seed"]))


_LISTS = [("average", pa.list_(pa.float64())), ("support", pa.list_(pa.int32()))]
_SCORED = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "stratum", "cluster")),
        ("tokens", pa.list_(pa.string())),
        ("bits", pa.list_(pa.float64())),
        *_LISTS,
        ("context", pa.list_(pa.int32())),
        ("ledger", pa.list_(pa.list_(pa.float64()))),
        ("places", pa.list_(pa.int32())),
        ("ceilings", pa.list_(pa.float64())),
    ]
)
_HELD = pa.schema([("document", pa.int64()), *_LISTS, ("shuffled", pa.list_(pa.int32()))])
_COVERAGE = pa.schema([("fraction", pa.float64()), ("id", pa.string()), ("share", pa.float64())])
_SPANS = pa.schema(
    [
        ("id", pa.string()),
        *((name, pa.int32()) for name in ("start", "end")),
        ("count", pa.int64()),
        ("documents", pa.string()),
    ]
)
