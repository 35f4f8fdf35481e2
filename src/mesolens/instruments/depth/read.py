"""From tables to the reading: what is solved with no token between, which steps can be read, and which are used."""

from collections.abc import Mapping
from typing import cast

import numpy as np
from jaxtyping import Bool, Float

from mesolens.evidence.folds import folds_of
from mesolens.evidence.probes import commonest
from mesolens.evidence.proportions import proportions
from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.serial import Serial
from mesolens.evidence.shards import Json, Tables
from mesolens.hostile import printable
from mesolens.instruments.depth.answers import TABLE, Answered, Chosen, answered, between, chosen, curves
from mesolens.instruments.depth.bound import bound
from mesolens.instruments.depth.lenses import READ, TUNED
from mesolens.instruments.depth.matrices import (
    HALF,
    Level,
    beyond,
    cells,
    followed,
    given_away,
    highest,
    hits_of,
    means,
    only,
    read_hits,
    steps_of,
)
from mesolens.instruments.depth.myopia import gap_of
from mesolens.instruments.depth.passing import boundary_names
from mesolens.instruments.depth.plan import HALVES, newborn_fits, tuned_fits
from mesolens.instruments.depth.planning_read import planning_of
from mesolens.instruments.depth.present import NEWBORN, PRESENT
from mesolens.instruments.depth.silent import nocot_of
from mesolens.instruments.depth.spec import FOLDS, DepthSpec
from mesolens.instruments.depth.used import TABLE as USED
from mesolens.instruments.depth.used import WAYS
from mesolens.instruments.depth.words import Beyond, cannot, concluded
from mesolens.instruments.depth.work import NAME
from mesolens.model.card import ModelCard

Found = tuple[dict[str, Json], Float[np.ndarray, "L S"] | None]
"""A part of the data, and how far beyond its control each cell is."""


def read(tables: Tables, spec: DepthSpec, card: ModelCard) -> Reading:
    """The reading of depth. Pure: the same tables give the same reading."""
    told = answered(spec, tables)
    found = curves(told, spec)
    level = chosen(spec, told, found) if spec.items else None
    items = [spec.items[place] for place in level.items] if level is not None else []
    shown = Level(items, steps_of(items), boundary_names(len(card.anatomy.blocks)))
    read_data, is_read = _read(tables, shown)
    present_data, is_present = _present(tables, shown, spec)
    used_data, is_used = _used(tables, shown, spec.seed)
    data: dict[str, Json] = {
        "task": _task(spec, told, level, shown),
        "read": read_data or None,
        "present": present_data or None,
        "used": used_data or None,
        "k50": [_curve(name, each) for name, each in found.items()],
        "bound": bound(card, max((len(item.prompt) for item in told.items), default=1)),
        "nocot": nocot_of(spec.silent, tables),
        "planning": planning_of(
            spec.stories, tables, None if spec.ahead is None else gap_of(spec.ahead, tables, spec.seed)
        ),
        "unavailable": cast(Json, _unavailable(spec, card, level, used_data)),
    }
    if level is None or not level.solved or is_read is None or is_present is None:
        verdict, sentence = "cannot", cannot(found, spec.refused)
    else:
        verdict, sentence = concluded(Beyond(is_read, is_present, is_used), _between(shown), shown.steps, shown.layers)
    return Reading(NAME, card.name, verdict, sentence, _numbers(data), _protocol(spec, card), data)


def _task(spec: DepthSpec, told: Answered, level: Chosen | None, shown: Level) -> dict[str, Json]:
    """What was asked; accuracy is that of the level where there is one, else of all items of the task."""
    places = [p for p in (range(len(spec.items)) if level is None else level.items) if not np.isnan(told.right[p])]
    groups = [spec.items[place].group for place in places]
    share = proportions(told.right[places][:, None], groups) if places else None
    free = float(told.free[places].mean()) if places else None
    return {
        "name": spec.name,
        "items": len(places),
        "steps": cast(Json, list(shown.steps)),
        "layers": cast(Json, list(shown.layers)),
        "position": "last token of the prompt",
        "presentation": None if level is None else level.presentation,
        "k": None if level is None else level.k,
        "solved": level is not None and level.solved,
        "accuracy": None if share is None else float(share.share[0]),
        "low": None if share is None else float(share.low[0]),
        "high": None if share is None else float(share.high[0]),
        "free": free,
        "between": cast(Json, _between(shown).tolist()),
    }


def _between(shown: Level) -> Bool[np.ndarray, " S"]:
    """Which steps lie between question and answer."""
    found = between(shown.items)
    return np.array([found[name] for name in shown.steps], bool)


def _read(tables: Tables, shown: Level) -> Found:
    if READ not in tables:
        return {}, None
    hits, dealt = read_hits(tables[READ], shown)
    tuned = tables.get(TUNED)
    data: dict[str, Json] = {
        "lens": "logit",
        "cells": cells(hits, shown.groups),
        "chance": highest(means(dealt), len(shown.steps)),
        "tuned": None if tuned is None else cells(read_hits(tuned, shown)[0], shown.groups),
    }
    return data, beyond(hits, dealt, shown.groups, HALF)


def _present(tables: Tables, shown: Level, spec: DepthSpec) -> Found:
    if PRESENT not in tables:
        return {}, None
    hits, shuffled = (hits_of(tables[PRESENT], shown, column) for column in ("hit", "shuffled"))
    newborn = hits_of(tables[NEWBORN], shown) if NEWBORN in tables else None
    data: dict[str, Json] = {
        "cells": cells(hits, shown.groups),
        "shuffled": means(shuffled),
        "newborn": None if newborn is None else means(newborn),
        "chance": _blind(shown, spec.seed),
    }
    sure = beyond(hits, shuffled, shown.groups)
    if newborn is not None:
        sure = np.minimum(sure, beyond(hits, newborn, shown.groups))
    return data, sure


def _blind(shown: Level, seed: int) -> list[Json]:
    """What a probe hits that sees nothing: the commonest value of the other folds, or one in so many values."""
    found: list[Json] = []
    folds, values = folds_of(shown.groups, FOLDS, seed), shown.values
    for column in values.T:
        there = ~np.isnan(column)
        labels = column[there].astype(int)
        hit = float((commonest(labels, folds[there]) == labels).mean())
        found.append(max(hit, 1 / len(np.unique(labels))))
    return found


def _used(tables: Tables, shown: Level, seed: int) -> Found:
    if USED not in tables or not tables[USED].num_rows:
        return {}, None
    by_way = [followed(only(tables[USED], way), shown) for way in WAYS]
    (swap, _), (shuffled, _), (mean, _), (patch, dealt) = by_way
    if np.isnan(swap).all():
        return {}, None
    by_chance, told_S = means(shuffled), given_away(shown, folds_of(shown.groups, HALVES, seed))
    data: dict[str, Json] = {
        "cells": cells(swap, shown.groups),
        "patched": None if np.isnan(patch).all() else cells(patch, shown.groups),
        "mean": cells(mean, shown.groups),
        "shuffled": by_chance,
        "chance": highest(by_chance, len(shown.steps)),
        "given_away": cast(Json, told_S.tolist()),
        "items": [int(count) for count in (~np.isnan(swap)).any(1).sum(0)],
    }
    sure = np.maximum(beyond(swap, shuffled, shown.groups), beyond(patch, dealt, shown.groups))
    return data, np.where(told_S >= HALF, np.nan, sure)


def _curve(name: str, found: Serial) -> dict[str, Json]:
    rows: list[Json] = [
        {"k": each.k, "n": each.n, "accuracy": each.accuracy, "low": each.low, "high": each.high, "chance": each.chance}
        for each in found.levels
    ]
    figures: dict[str, Json] = {"k50": found.k50, "low": found.low, "high": found.high}
    return {"presentation": name, "curve": rows, **figures, "says": found.says}


def _unavailable(spec: DepthSpec, card: ModelCard, level: Chosen | None, used: Mapping[str, Json]) -> list[str]:
    """What was not measured, each with why."""
    said = list(spec.refused)
    if level is None:
        return [*said, "matrices: no item has a step between question and answer"]
    if spec.tuned and not tuned_fits(card):
        said.append(f"tuned lens: its sums for a stream of {card.anatomy.stream_width} do not fit in 2 GiB")
    if spec.newborn and not newborn_fits(card):
        said.append(f"newborn: a second model of {card.parameters} parameters is not made")
    if not level.solved:
        said.append("used: the level is not solved, so there is no answer that a swap could move")
    elif not used:
        said.append(
            "used: no step has a counterfactual whose values are known from two items or more of the other half"
        )
    else:
        said += _given_away(level, spec, cast("list[float]", used["given_away"]))
    return said


def _given_away(level: Chosen, spec: DepthSpec, told: list[float]) -> list[str]:
    items = [spec.items[place] for place in level.items]
    found = between(items)
    return [
        f"use of {printable(name, 60)}: its value alone gives the answer away in {share:.2f} of the items, so an "
        "exchange may move the answer itself; ask so that one value has several answers"
        for name, share in zip(steps_of(items), told, strict=True)
        if found[name] and share >= HALF
    ]


def _numbers(data: Mapping[str, Json]) -> tuple[Number, ...]:
    task = cast("Mapping[str, float | None]", data["task"])
    head: list[Number] = []
    if (accuracy := task["accuracy"]) is not None:
        head.append(Number("accuracy with no token between", accuracy, "share", task["low"], task["high"]))
    for row in cast("list[Mapping[str, Json]]", data["k50"]):
        if row["k50"] is not None:
            low, high = cast("float | None", row["low"]), cast("float | None", row["high"])
            head.append(Number(f"k50, {row['presentation']}", cast(float, row["k50"]), "steps", low, high))
    serial = cast("Mapping[str, float]", data["bound"])["serial"]
    return (*head, Number("serial steps at most", float(serial), "steps"))


def _protocol(spec: DepthSpec, card: ModelCard) -> dict[str, Json]:
    return {
        "task": spec.name,
        "position": "last token of the prompt",
        "read among": "the item's choices",
        "probes": f"ridge on {FOLDS} folds by group, strength by leave-one-out",
        "swap": "means of right items of the other half by group",
        "tuned lens": "on given texts" if spec.texts else "on the prompts of the other half by group",
        "intervals": "95 %, by group",
        "draws": spec.draws,
        "seed": spec.seed,
        "dtype": card.dtype,
        "tables": cast(Json, [TABLE, READ, PRESENT, USED]),
    }
