"""The contracts of the face and of twins as the page reads them: untrusted data, brought into one form.

Every figure becomes a finite number or null, every text a string without lone surrogates, every list what its name
promises; trait × angle cells become matrices. What is no list or object where one must be, and names that contradict
each other, are refused with their place, never guessed at.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report.forms import Form, Part, as_object, figures, formed, listed, ranged, rows, text, texts
from mesolens.report.payload import finite, packed

MEASURES = ("bits", "coverage", "distance", "base")
"""The four numbers of commonness."""

CALLED, RELIABLE, PRESENT = 1, 2, 4
"""Bits of a cell's state."""

_ANGLE: Form = {
    "text": ("angle", "family", "about", "undoing"),
    "flag": ("survives", "control", "called", "uncanny"),
    "figure": ("strength", "items", "missing", "p", "adjusted", "worst"),
    "ranged": ("own", "other", "nobody", "understood"),
}
_CALIBRATION: Form = {
    "flag": ("separable",),
    "figure": ("temperature", "alpha", "clean_replies"),
    "ranged": ("false_alarm", "bank_accuracy"),
}
_CELL = ("shift", "low", "high", "p")
_RELIABILITY: Form = {"text": ("trait",), "flag": ("refused",), "figure": ("value", "low", "high")}
_BREAKAGE: Form = {"text": ("measure",), "figure": ("auc", "low", "high", "matched")}
_REPORT: Form = {
    "text": ("trait",),
    "flag": ("reading",),
    "figure": ("log_odds", "low", "high", "mass", "orders_agree"),
}
_SEARCH: Form = {"text": ("best",), "figure": ("own", "evaluations", "random_evaluations")}
_SPLIT: Form = {
    "text": ("angle",),
    "flag": ("called",),
    "figure": ("agreement", "floor", "p", "clean_agreement"),
    "ranged": ("divergence",),
}
_BIN: Form = {"text": ("measure",), "figure": ("bin", "low", "high", "floor"), "ranged": ("divergence",)}
_BESIDE = ("strengths", "own", "low", "high")
_TAIL = ("draws", "forecast", "low", "high")


def face(data: Part) -> dict[str, Json]:
    """Everything of a face reading that is drawn, but its replies.

    Raises:
        BadInput: the data has not the form of a face, or names contradict each other.
    """
    found = [_angle(row) for row in rows(data, "angles")]
    names = [str(row["angle"]) for row in found]
    if len(set(names)) < len(names):
        raise BadInput("readings/face.json: two angles have one name; the run folder is damaged")
    traits = texts(data, "traits")
    twins_part = data.get("twins")
    return {
        "voices": [*texts(data, "voices")],
        "traits": [*traits],
        "calibration": formed(as_object(data.get("calibration") or {}, "calibration"), _CALIBRATION),
        "angles": [*found],
        "cells": _cells(rows(data, "cells"), traits, names),
        "reliability": [formed(row, _RELIABILITY) for row in rows(data, "reliability")],
        "doses": [_dose(row) for row in rows(data, "doses")],
        "breakage": [formed(row, _BREAKAGE) for row in rows(data, "breakage")],
        "quadrant": _quadrant(data.get("quadrant")),
        "selfreport": [formed(row, _REPORT) for row in rows(data, "selfreport")],
        "search": _search(data.get("search")),
        "tail": _tail(data.get("tail")),
        "twins": None if twins_part is None else twins(as_object(twins_part, "twins")),
    }


def twins(data: Part) -> dict[str, Json]:
    """Everything of a twins reading that is drawn.

    Raises:
        BadInput: the data has not the form of one.
    """
    return {
        "models": [*texts(data, "models")],
        "agreement": ranged(data.get("agreement")),
        "angles": [formed(row, _SPLIT) for row in rows(data, "angles")],
        "bins": [formed(row, _BIN) for row in rows(data, "bins")],
        "split": [*texts(data, "split")],
    }


def _angle(row: Part) -> dict[str, Json]:
    commonness = as_object(row.get("commonness") or {}, "commonness")
    beside = row.get("displacement")
    bounds = listed(row, "bounds")
    return {
        **formed(row, _ANGLE),
        "voices": [[text(name), finite(share)] for name, share in as_object(row.get("voices") or {}, "voices").items()],
        "bounds": [finite(end) for end in bounds] if len(bounds) == 2 else None,
        "commonness": {name: _measure(commonness.get(name)) for name in MEASURES},
        "displacement": figures(as_object(beside, "displacement"), ("inside", "outside")) if beside else None,
    }


def _measure(value: Json | None) -> Json:
    return figures(value, ("value", "z")) if isinstance(value, dict) else None


def _cells(found: Sequence[Part], traits: Sequence[str], angles: Sequence[str]) -> Json:
    """Traits by angles, a trait after the other: moves as float64 with NaN where there is none, states as bits."""
    if not found:
        return None
    places = {"trait": {name: k for k, name in enumerate(traits)}, "angle": {name: k for k, name in enumerate(angles)}}
    moves = {name: np.full((len(traits), len(angles)), np.nan) for name in _CELL}
    state = np.zeros((len(traits), len(angles)), np.int32)
    for row in found:
        at = tuple(_place(places[kind], kind, text(row.get(kind))) for kind in ("trait", "angle"))
        for name in _CELL:
            value = finite(row.get(name))
            moves[name][at] = np.nan if value is None else value
        state[at] = PRESENT | CALLED * (row.get("called") is True) | RELIABLE * (row.get("reliable") is True)
    return {**{name: packed(values) for name, values in moves.items()}, "state": packed(state)}


def _place(known: Mapping[str, int], kind: str, name: str) -> int:
    if name not in known:
        raise BadInput(f"readings/face.json: a cell names the {kind} {printable(repr(name), 60)}, which is not there")
    return known[name]


def _dose(row: Part) -> Json:
    return {"angle": text(row.get("angle")), **_series(row, _BESIDE, "doses"), "dose": ranged(row.get("dose"))}


def _quadrant(value: Json | None) -> Json:
    """The z beyond which text is uncommon and a state is distant, where the instrument says it."""
    return figures(value, ("bits", "distance")) if isinstance(value, dict) else None


def _search(value: Json | None) -> Json:
    if value is None:
        return None
    part = as_object(value, "search")
    return {**formed(part, _SEARCH), "trace": _trace(part, "trace"), "random_trace": _trace(part, "random_trace")}


def _trace(part: Part, key: str) -> Json:
    pairs = listed(part, key)
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise BadInput(f"a reading's {key} is no list of pairs; the run folder is damaged")
    return [[finite(x) for x in pair] for pair in pairs if isinstance(pair, list)]


def _tail(value: Json | None) -> Json:
    if value is None:
        return None
    part = as_object(value, "tail")
    observed: dict[str, Json] = {"observed": finite(part.get("observed")), "says": text(part.get("sentence"))}
    return _series(part, _TAIL, "tail") | observed


def _series(part: Part, names: Sequence[str], where: str) -> dict[str, Json]:
    """Lists of figures that belong together; one that is missing is null."""
    found = {name: [finite(x) for x in listed(part, name)] if part.get(name) is not None else None for name in names}
    if len({len(values) for values in found.values() if values is not None}) > 1:
        raise BadInput(f"readings/face.json: the lists of {where} differ in length; the run folder is damaged")
    return {name: None if values is None else [*values] for name, values in found.items()}
