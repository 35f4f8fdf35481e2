"""Depths made of seeded random numbers: a reading as the contract has it, and a run folder around it.

A step is readable, present and used from a boundary on that grows with it; the second step is used and present and
never readable. `hostile` plants text that tries to leave its place in every field that holds text.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json
from mesolens.runs.store import Store
from tests.report.synthetic import HOSTILE

CHANCE = 0.125
CONDITIONS = ("plain", "repeat 3", "filler 30", "framed")


@dataclass(frozen=True, slots=True)
class DepthShape:
    """How large a synthetic depth is, what it concludes, and what of it was measured."""

    layers: int = 7
    steps: int = 3
    verdict: str = "thinks in steps"
    used: bool = True
    silent: bool = True
    planned: bool = True
    families: bool = True
    seed: int = 0
    hostile: bool = False


def reading(shape: DepthShape) -> Reading:
    """The same shape gives the same reading."""
    rng = np.random.default_rng(shape.seed)
    layers = [_evil(shape, k, f"L{k - 1}" if k else "embed") for k in range(shape.layers)]
    steps = [_evil(shape, k, f"step {k + 1}") + ("" if not shape.hostile else str(k)) for k in range(shape.steps)]
    task: dict[str, Json] = {
        "name": _evil(shape, 0, "pointer chasing"),
        "items": 160,
        "steps": cast(Json, steps),
        "layers": cast(Json, layers),
        "position": _evil(shape, 1, "last token of the prompt"),
        "presentation": _evil(shape, 2, "rules in context"),
        "k": shape.steps,
        "solved": shape.verdict != "cannot",
        "accuracy": 0.94,
        "low": 0.9,
        "high": 0.97,
        "free": 0.92,
        "between": [k + 1 < shape.steps for k in range(shape.steps)],
    }
    data: dict[str, Json] = {
        "task": task,
        "read": {
            "lens": "logit",
            "cells": _cells(shape, rng, 1),
            "chance": _chance(shape),
            "tuned": _cells(shape, rng),
        },
        "present": {
            "cells": _cells(shape, rng),
            "shuffled": _plain(shape, rng),
            "newborn": _plain(shape, rng),
            "chance": _chance(shape),
        },
        "used": _used(shape, rng) if shape.used else None,
        "k50": [_curve(shape, 0, 3.4), _curve(shape, 1, None)],
        "bound": {"layers": 6, "serial": 12, "says": _evil(shape, 3, "at most 12 serial steps without a token")},
        "nocot": _nocot(shape) if shape.silent else None,
        "planning": _planning(shape) if shape.planned else None,
        "unavailable": [] if shape.used else [_evil(shape, 4, "used: the level is not solved")],
    }
    numbers = (
        Number("accuracy with no token between", 0.94, "share", 0.9, 0.97),
        Number("k50, rules in context", 3.4, "steps", 3.1, 3.8),
        Number("serial steps at most", 12.0, "steps"),
    )
    said = _evil(shape, 5, "step 1, step 2 are used (step 1 at L2, 0.85 beyond its control), step 1 is readable")
    protocol: dict[str, Json] = {"task": _evil(shape, 6, "pointer chasing"), "seed": shape.seed}
    return Reading("depth", _evil(shape, 7, "slide:glass"), shape.verdict, said, numbers, protocol, data)


def _evil(shape: DepthShape, k: int, plain: str) -> str:
    return HOSTILE[k % len(HOSTILE)] if shape.hostile else plain


def _chance(shape: DepthShape) -> Json:
    return [CHANCE] * shape.steps


def _cells(shape: DepthShape, rng: np.random.Generator, unread: int = -1) -> Json:
    """Above chance from a boundary on; step `unread` nowhere, and the first boundary of the last step is not known."""
    found: list[Json] = []
    for layer in range(shape.layers):
        row: list[Json] = []
        for step in range(shape.steps):
            value = 0.97 if layer >= 2 * step + 1 and step != unread else CHANCE
            value = float(np.clip(value + rng.normal(0, 0.01), 0, 1))
            row.append({"value": value, "low": max(0.0, value - 0.05), "high": min(1.0, value + 0.04)})
        found.append([*row[:-1], None if layer == 0 else row[-1]])
    return found


def _plain(shape: DepthShape, rng: np.random.Generator) -> Json:
    return cast(Json, np.clip(rng.normal(CHANCE, 0.02, (shape.layers, shape.steps)), 0, 1).tolist())


def _used(shape: DepthShape, rng: np.random.Generator) -> Json:
    found = {"cells": _cells(shape, rng), "patched": _cells(shape, rng), "mean": _cells(shape, rng)}
    return {**found, "shuffled": _plain(shape, rng), "chance": _chance(shape), "items": [80] * shape.steps}


def _curve(shape: DepthShape, k: int, k50: float | None) -> Json:
    fall = 12.0 if k50 is None else k50
    points: list[Json] = []
    for n in range(1, 7):
        value = CHANCE + (1 - CHANCE) / (1 + float(np.exp(2 * (n - fall))))
        ends: dict[str, Json] = {"low": max(0.0, value - 0.06), "high": min(1.0, value + 0.06)}
        points.append({"k": n, "n": 64, "accuracy": value, **ends, "chance": CHANCE})
    ends = {"low": None, "high": None} if k50 is None else {"low": k50 - 0.3, "high": k50 + 0.4}
    says = "beyond k = 6" if k50 is None else f"half is left at k = {k50}"
    name = _evil(shape, k + 2, ("rules in context", "facts in weights")[k])
    return {"presentation": name, "curve": points, "k50": k50, **ends, "says": _evil(shape, k + 3, says)}


def _nocot(shape: DepthShape) -> Json:
    families = [_family(shape, "sums", counts=True), _family(shape, "hops", counts=False)]
    return {**families[0], "families": cast(Json, families)} if shape.families else families[0]


def _family(shape: DepthShape, name: str, *, counts: bool) -> dict[str, Json]:
    rates = (0.41, 0.52, 0.44, 0.42)
    conditions: list[Json] = [
        {"name": _evil(shape, k, condition), "n": 120, "accuracy": rate, "low": rate - 0.08, "high": rate + 0.09}
        for k, (condition, rate) in enumerate(zip(CONDITIONS, rates, strict=True))
    ]
    paired: list[Json] = [
        {
            "one": _evil(shape, k + 1, condition),
            "other": _evil(shape, 0, "plain"),
            "n": 120,
            "difference": rates[k + 1] - rates[0],
            "low": rates[k + 1] - rates[0] - 0.05,
            "high": rates[k + 1] - rates[0] + 0.05,
            "p": (0.004, 0.6, 1.0)[k],
        }
        for k, condition in enumerate(CONDITIONS[1:])
    ]
    levels: list[Json] = []
    for n in range(1, 6):
        rate = 0.9 - 0.17 * n if counts else 0.4
        levels.append({"difficulty": n, "n": 24, "accuracy": rate, "low": rate - 0.03, "high": rate + 0.1})
    says = "solve rate falls with difficulty" if counts else "solve rate does not fall with difficulty: contamination"
    slope: Json = {"value": -0.8, "low": -1.1, "high": -0.5} if counts else None
    figures: dict[str, Json] = {"conditions": conditions, "paired": paired, "by_difficulty": levels, "slope": slope}
    effects: list[Json] = [{"name": _evil(shape, 3, "repeat 3"), "effect": 1, "says": _evil(shape, 4, "helps")}]
    told: dict[str, Json] = {"counts": counts, "says": _evil(shape, 5, says), "effects": effects}
    return {"name": _evil(shape, 6, name), **figures, **told}


def _planning(shape: DepthShape) -> Json:
    commitment: list[Json] = [
        {"position": n, "model": 1 - 0.8**n, "low": 0.0, "high": 1.0, "baseline": 1 - 0.95**n, "p": 0.2}
        for n in range(12)
    ]
    announce: Json = {_evil(shape, 2, "information"): {"value": 0.4, "low": 0.2}, "said": _evil(shape, 3, "bits")}
    return {"announce": announce, "commitment": commitment, "myopia": None}


def write_depth(run: Path, shape: DepthShape) -> Path:
    """Write a depth's reading into a run folder; one that is there already keeps what it holds."""
    store = Store(run)
    if not (run / "run.json").exists():
        subject = _evil(shape, 7, "slide:glass")
        store.write_json("run", {"format": 1, "command": ["mesolens", "depth"], "subject": subject, "settings": {}})
    store.write_json("readings/depth", reading(shape).to_json())
    return run
