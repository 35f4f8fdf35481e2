"""The contract of the average as the page reads it: untrusted data, brought into one form.

Every token has one figure for each rung of the ledger, and spans lie inside their text; what contradicts that, and what
is no list or object where one must be, is refused with its place. A figure that is no finite number is null, or NaN
where figures travel as bytes. Long lists are cut at what a page can show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report.forms import Form, Part, as_object, figures, formed, listed, rows, text
from mesolens.report.payload import finite, packed

TOKENS, SPANS, DOCUMENTS, SNIPPET, DISTANCES = 4000, 40, 5, 600, 5000
"""Most tokens and spans of a text, documents of a span, characters of a document, and distances that a page lists."""

_CORPUS: Form = {"text": ("name", "tokenizer"), "figure": ("documents", "tokens", "fraction")}
_SHARE = ("overlap", "low", "high", "ceiling")
_PART: Form = {"text": ("name",), "figure": ("texts", "tokens", *_SHARE)}
_SUPPORT = ("order", "replies", "held_out", "shuffled")
_COVERAGE = ("fraction", "overlap", "low", "high")
_BY_SUPPORT = ("low", "high", "tokens", "overlap", "broken", "divergence")
_NEIGHBOURS: Form = {"text": ("layer",), "figure": ("places", "documents", "weight")}
_MISSING = ("fraction", "tokens", "most")
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class SaidText:
    """One text as the page carries it, its stratum, and how many of its tokens there are beyond those."""

    stratum: str
    block: dict[str, Json]
    tokens_left: int


def average(data: Part) -> dict[str, Json]:
    """Everything of an average's reading that is drawn, but its texts.

    Raises:
        BadInput: the data has not the form of one, or two rungs have one name.
    """
    rungs = rungs_of(data)
    ends = ("bits", "low", "high")
    ledger = [{"rung": rung, **figures(row, ends)} for rung, row in zip(rungs, rows(data, "ledger"), strict=True)]
    distance = as_object(data.get("distance") or {}, "distance")
    apart = rows(distance, "texts")[:DISTANCES]
    return {
        "headline": headline(data),
        "parts": [{**formed(row, _PART), "bracket": _bracket(row)} for row in rows(data, "parts")],
        "ledger": [*ledger],
        "bits": finite(data.get("bits")),
        "support": [figures(row, _SUPPORT) for row in rows(data, "support")],
        "coverage": [figures(row, _COVERAGE) for row in rows(data, "coverage")],
        "distance": {
            **figures(distance, ("alpha", "share")),
            "texts": [{"name": text(row.get("name")), "p": finite(row.get("p"))} for row in apart],
        },
        "by_support": [figures(row, _BY_SUPPORT) for row in rows(data, "by_support")],
        "neighbours": _neighbours(data),
        "missing": [figures(row, _MISSING) for row in rows(data, "coverage_missing")],
    }


def _neighbours(data: Part) -> Json:
    """What the rung of near states rests on, and the share by counts alone; null where there is no such rung."""
    if data.get("neighbours") is None:
        return None
    found = as_object(data["neighbours"], "neighbours")
    counts = figures(as_object(found.get("counts") or {}, "counts"), ("overlap", "low", "high"))
    return {**formed(found, _NEIGHBOURS), "counts": counts}


def headline(data: Part) -> dict[str, Json]:
    """The overlap share with its interval and ceiling, the bracket, and whether it is determined.

    Raises:
        BadInput: it is no object, or the bracket is no list of two.
    """
    part = as_object(data.get("headline") or {}, "headline")
    return {**figures(part, _SHARE), "bracket": _bracket(part), "determined": part.get("determined") is True}


def corpus(data: Part) -> dict[str, Json]:
    """What was indexed; its fraction of the training text is null where nobody knows it.

    Raises:
        BadInput: it is no object.
    """
    return formed(as_object(data.get("corpus") or {}, "corpus"), _CORPUS)


def rungs_of(data: Part) -> list[str]:
    """The ledger's rungs in order, each once.

    Raises:
        BadInput: they are no list of objects, or two have one name.
    """
    return _different([text(row.get("rung")) or f"rung {k}" for k, row in enumerate(rows(data, "ledger"), 1)], "rungs")


def texts_of(data: Part) -> list[SaidText]:
    """The texts that are shown token by token, in the reading's order.

    Raises:
        BadInput: two have one name, a token has not one figure a rung, or a span lies outside its text.
    """
    rungs, found = len(rungs_of(data)), rows(data, "texts")
    names = _different([text(row.get("id")) or f"text {k}" for k, row in enumerate(found, 1)], "texts")
    return [_said(row, name, rungs) for row, name in zip(found, names, strict=True)]


def _said(row: Part, name: str, rungs: int) -> SaidText:
    whole = rows(row, "tokens")
    kept, stratum = whole[:TOKENS], text(row.get("stratum"))
    support = [finite(token.get("support")) for token in kept]
    spans = sorted((_span(span, len(whole), name) for span in rows(row, "spans")), key=_longest_first)[:SPANS]
    block: dict[str, Json] = {
        "id": name,
        "stratum": stratum,
        "tokens": [text(token.get("token")) for token in kept],
        **{key: _bytes([token.get(key) for token in kept]) for key in ("share", "p", "a")},
        "support": packed(np.array([-1 if n is None else min(max(n, -1), _LARGEST) for n in support], np.int32)),
        "ledger": _bytes([value for token in kept for value in _ledger(token, rungs, name)]),
        "spans": [span for span in spans if (finite(span["end"]) or 0) <= len(kept)],
        "tokens_left": len(whole) - len(kept),
    }
    return SaidText(stratum, block, len(whole) - len(kept))


def _bytes(values: Sequence[Json | None]) -> str:
    known = (finite(value) for value in values)
    return packed(np.array([np.nan if value is None else value for value in known], np.float64))


def _ledger(token: Part, rungs: int, name: str) -> Sequence[Json]:
    found = listed(token, "ledger")
    if len(found) != rungs:
        raise _damaged(f"a token of {printable(repr(name), 60)} has {len(found)} rungs, but the ledger has {rungs}")
    return found


def _span(row: Part, tokens: int, name: str) -> dict[str, Json]:
    start, end = row.get("start"), row.get("end")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= tokens:
        raise _damaged(f"a span of {printable(repr(name), 60)} lies outside its {tokens} tokens")
    behind = rows(row, "documents")[:DOCUMENTS]
    documents: list[Json] = [
        {
            "number": finite(one.get("number")),
            "source": text(one.get("source"))[:SNIPPET],
            "snippet": text(one.get("snippet"))[:SNIPPET],
        }
        for one in behind
    ]
    return {"start": start, "end": end, "count": finite(row.get("count")), "documents": documents}


def _longest_first(span: dict[str, Json]) -> tuple[float, float]:
    start, end = finite(span["start"]) or 0.0, finite(span["end"]) or 0.0
    return start - end, start


def _bracket(part: Part) -> Json:
    found = part.get("bracket")
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != 2:
        raise _damaged("a bracket is no list of two")
    ends = [finite(end) for end in found]
    return None if None in ends else [*ends]


def _different(names: list[str], kind: str) -> list[str]:
    if len(set(names)) < len(names):
        raise _damaged(f"two {kind} have one name")
    return names


def _damaged(what: str) -> BadInput:
    return BadInput(f"readings/average.json: {what}; the run folder is damaged")
