"""From tables to the reading: who answers, from which angles it becomes somebody else or nobody, and what that
costs."""

from collections.abc import Mapping
from typing import cast

import numpy as np

from mesolens.evidence.proportions import proportions
from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.face.breakage import predictors
from mesolens.instruments.face.calibration import Calibration
from mesolens.instruments.face.cells import cells_of
from mesolens.instruments.face.claims import told
from mesolens.instruments.face.commons import UNCANNY, Commons, commons_of, described
from mesolens.instruments.face.doses import curve, dialled, weaker
from mesolens.instruments.face.follow import First, broken, first_stage, tail_scores
from mesolens.instruments.face.forecast import tail
from mesolens.instruments.face.found import found
from mesolens.instruments.face.grid import Grid, grid_of
from mesolens.instruments.face.plan import NAME
from mesolens.instruments.face.spec import FaceSpec
from mesolens.instruments.face.turned import control, entries, tested
from mesolens.instruments.face.words import concluded, protocol
from mesolens.model.card import ModelCard


def read(tables: Tables, spec: FaceSpec, card: ModelCard) -> Reading:
    """The reading of the face. Pure: the same tables give the same reading."""
    first = first_stage(spec, tables)
    controls = np.array([control(each) for each in first.compositions])
    tests = tested(first.grid, controls, spec.seed)
    names = [voice.name for voice in spec.voices]
    rows = entries(first.grid, first.compositions, tests, first.known, names, draws=spec.resamples, seed=spec.seed)
    commons = commons_of(tables.get("face-states"), coverage(tables), first.grid)
    for column, row in enumerate(rows):
        row |= described(commons, column)
    cells = cells_of(first.grid, [trait.name for trait in spec.traits], controls, spec.seed)
    data: dict[str, Json] = {
        "own": names[0],
        "voices": cast(Json, names),
        "traits": [trait.name for trait in spec.traits],
        "prompts": len(spec.items),
        "clusters": len(set(first.grid.clusters)),
        "calibration": calibration(first.known),
        "angles": cast(Json, rows),
        "cells": cast(Json, cells.cells),
        "reliability": cast(Json, cells.reliability),
        "doses": cast(Json, curves(spec, first, tables)),
        "quadrant": {"bits": UNCANNY, "distance": UNCANNY},
        "open": f"mesolens audit {card.name} --only face,middle",
        "breakage": cast(Json, predictors(first.grid, commons, ~controls)),
        "search": found(spec, first, tables),
        "tail": tail(tail_scores(spec, first, tables), spec.resamples, spec.seed),
        "selfreport": cast(Json, told(tables, spec)),
        "unavailable": cast(Json, unavailable(spec, commons)),
    }
    verdict, sentence = concluded(data, rows)
    return Reading(NAME, card.name, verdict, sentence, numbers(data), protocol(spec, card), data)


def coverage(tables: Tables) -> Mapping[tuple[str, str], float]:
    """Which part of each prompt's n-grams the corpus has, by angle and item; empty where no corpus was given."""
    rows = tables.get("face-coverage")
    if rows is None:
        return {}
    found = zip(rows["angle"].to_pylist(), rows["item"].to_pylist(), rows["coverage"].to_pylist(), strict=True)
    return {(str(angle), str(item)): np.nan if share is None else share for angle, item, share in found}


def calibration(known: Calibration) -> dict[str, Json]:
    """What the reading rests on, with intervals."""
    alarms = proportions(known.alarms[:, None], known.alarm_prompts)
    telling = known.telling
    return {
        "temperature": known.temperature,
        "alpha": known.alpha,
        "false_alarm": {"value": float(alarms.share[0]), "low": float(alarms.low[0]), "high": float(alarms.high[0])},
        "bank_accuracy": {"value": telling.accuracy, "low": telling.low, "high": telling.high},
        "chance": telling.chance,
        "miscalibration": telling.miscalibration,
        "clean_replies": len(known.clean.voice),
        "separable": telling.separable,
    }


def curves(spec: FaceSpec, first: First, tables: Tables) -> list[dict[str, Json]]:
    """The dose curves of the angles that were tried at lesser strengths."""
    tried = set(tables["face-replies"]["angle"].to_pylist())
    found: list[dict[str, Json]] = []
    for place in broken(first, spec):
        composition = first.compositions[place]
        names = weaker(composition, spec.strengths) if dialled(composition) else []
        if not names or not tried >= set(names):
            continue
        at = dict(zip((*spec.strengths, 1.0), (*names, str(composition)), strict=True))
        grid = _with_baseline(spec, first, tables, list(at.values()))
        found.append(curve(grid, str(composition), at))
    return found


def _with_baseline(spec: FaceSpec, first: First, tables: Tables, names: list[str]) -> Grid:
    return grid_of(tables["face-replies"], (*first.grid.angles[:1], *names), first.known, len(spec.traits))


def unavailable(spec: FaceSpec, commons: Commons) -> list[str]:
    """What was not measured, each with what would give it."""
    known = {name: bool(np.isfinite(values).any()) for name, values in commons.value.items()}
    said: list[str] = []
    if spec.said is not None:
        said.append(
            "bits, distance, displacement: not available, as the replies come from a model that shows only words"
        )
    if not known["coverage"]:
        said.append("coverage: no training text was given (--corpus)")
    if not known["base"]:
        said.append("base: no model before tuning was given (--base)")
    if not spec.traits:
        said.append("traits: the pack has none that can be ordered")
    if not spec.claims:
        said.append("self-report: the pack has no statements")
    if spec.search is None:
        said.append("search: left out")
    return said


def numbers(data: Mapping[str, Json]) -> tuple[Number, ...]:
    """The figures that head the chapter; the own share only where a prompt could be asked as it is."""
    known = cast(dict[str, dict[str, float]], data["calibration"])
    rows = cast(list[dict[str, Json]], data["angles"])
    own = cast("dict[str, float] | None", rows[0]["own"])
    alarm, bank = known["false_alarm"], known["bank_accuracy"]
    called = sum(row["called"] is True for row in rows)
    head = () if own is None else (Number("own, clean prompts", own["value"], "share", own["low"], own["high"]),)
    return (
        *head,
        Number("false alarm", alarm["value"], "share", alarm["low"], alarm["high"]),
        Number("voices recognised", bank["value"], "share", bank["low"], bank["high"]),
        Number("angles that change the face", float(called), f"of {sum(not row['control'] for row in rows)}"),
    )
