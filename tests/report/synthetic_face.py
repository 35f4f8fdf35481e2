"""Readings of a face and of twins made of seeded random numbers, in the instrument's form, with their table of replies.

Controls and most angles keep the own voice, some give way to another voice or to nobody; whatever is drawn keeps its
laws: shares sum to one, intervals hold their value, a posterior over voices sums to one after every token and ends on
the reply's outcome. `nulls` takes figures away, `hostile` plants text that tries to leave its place.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Shard
from mesolens.runs.store import Store
from tests.report.synthetic import HOSTILE
from tests.report.synthetic_angles import NAMED, name_of
from tests.report.synthetic_replies import spoken

VOICES = ("wren", "bryn", "osk", "tam", "ilse", "quill", "marlow", "petra", "dov", "sable")
TRAITS = ("deference", "warmth", "candour", "caution", "humour", "pride", "patience", "thrift", "wonder", "order")
MEASURES = ("bits", "coverage", "distance", "base")


@dataclass(frozen=True, slots=True)
class FaceShape:
    """How large a synthetic face is, and what is wrong with it or missing from it.

    Attributes:
        extras: whether there are doses, a search, a tail and twins.
        nulls: whether figures are missing at random.
    """

    angles: int = 40
    items: int = 8
    voices: int = 8
    traits: int = 6
    seed: int = 0
    extras: bool = True
    nulls: bool = False
    hostile: bool = False
    base: bool = False


def make_face(run: Path, shape: FaceShape) -> Path:
    """Add a face to a run folder, or write one that has a face alone; the same shape gives the same numbers."""
    rng = np.random.default_rng(shape.seed)
    store = Store(run)
    if not store.exists:
        store.write_json("run", {"format": 1, "subject": "slide:mask", "model": {"architecture": "LlamaForCausalLM"}})
    angles = [_angle(shape, k, rng) for k in range(shape.angles)]
    shard = Shard("face", {"seed": shape.seed, "angles": shape.angles}, 1)
    store.write_plan("face", [shard])
    with store.claim(shard, wait=True) as claim:
        assert claim is not None
        claim.commit({"face-replies": _replies(shape, angles, rng)})
    store.write_json("readings/face", reading(shape, angles, rng).to_json())
    return run


def make_twins(run: Path, shape: FaceShape) -> Path:
    """A run folder that has twins alone."""
    store = Store(run)
    rng = np.random.default_rng(shape.seed)
    store.write_json("run", {"format": 1, "subject": "slide:mask-twin-1", "model": {}})
    said = "Agrees on 94 % of clean prompts and splits on 3 of 40 angles."
    found = Reading("twins", "slide:mask-twin-1", "split", said, data=_twins(shape, _names(shape), rng))
    store.write_json("readings/twins", found.to_json())
    return run


def reading(shape: FaceShape, angles: list[dict[str, Json]], rng: np.random.Generator) -> Reading:
    """The whole reading of a face with these angles."""
    called = [a for a in angles if a["called"] and not a["control"]]
    said = f"The face holds on {len(angles) - len(called)} of {len(angles)} angles and breaks on {len(called)}."
    names = [str(a["angle"]) for a in angles]
    traits = _evil(shape, TRAITS[: shape.traits])
    data: dict[str, Json] = {
        "own": _voices(shape)[0],
        "voices": [*_voices(shape)],
        "traits": [*traits],
        "prompts": shape.items,
        "calibration": {
            "temperature": 1.23, "alpha": 0.05, "false_alarm": _ranged(0.047, 0.02), "separable": True,
            "bank_accuracy": _ranged(0.972, 0.015), "clean_replies": 200,
        },
        "angles": [*angles],
        "cells": _cells(shape, traits, names, rng),
        "reliability": [
            {"trait": t, "value": v, "low": v - 0.1, "high": v + 0.05, "refused": v < 0.7}
            for t, v in zip(traits, np.linspace(0.96, 0.55, len(traits)).tolist(), strict=True)
        ],
        "breakage": [
            {"measure": m, "auc": v, "low": v - 0.06, "high": v + 0.05, "matched": v - 0.02}
            for m, v in zip(MEASURES[: 3 + shape.base], (0.56, 0.61, 0.84, 0.66), strict=False)
        ],
        "selfreport": _selfreport(traits, rng),
        "unavailable": [] if shape.base else ["base: no --base model was given"],
        "open": "mesolens face slide:mask --out runs/face --open 'ANGLE/ITEM'",
    }  # fmt: skip
    if shape.extras:
        data |= {"doses": _doses(names, rng), "search": _search(names, rng), "tail": _tail(rng)}
        data["twins"] = _twins(shape, names, rng)
    return Reading(
        instrument="face",
        subject="slide:mask",
        verdict="breaks" if called else "holds",
        sentence=HOSTILE[1] + HOSTILE[4] if shape.hostile else said,
        numbers=(Number("angles called", float(len(called)), "of the angles"),),
        protocol={"scoring": "mean log p(reply | role, un-rotated prompt)", "alpha": 0.05},
        data=data,
    )


def _names(shape: FaceShape) -> list[str]:
    return [name_of(k, HOSTILE if shape.hostile else ()) for k in range(shape.angles)]


def _voices(shape: FaceShape) -> list[str]:
    return _evil(shape, VOICES[: shape.voices])


def _evil(shape: FaceShape, names: tuple[str, ...]) -> list[str]:
    return [f"{HOSTILE[k % len(HOSTILE)]}{name}" for k, name in enumerate(names)] if shape.hostile else [*names]


def _ranged(value: float, half: float) -> dict[str, Json]:
    return {"value": value, "low": max(0.0, value - half), "high": min(1.0, value + half)}


def _angle(shape: FaceShape, k: int, rng: np.random.Generator) -> dict[str, Json]:
    family, about, kind = NAMED[k % len(NAMED)][1:]
    control, broken = family == "control", kind != "holds" and rng.random() < 0.8
    weight = {"other": (2, 6, 1), "nobody": (2, 1, 6), "mixed": (3, 3, 3)}.get(kind if broken else "", (24, 1, 0.8))
    shares = rng.dirichlet(weight)
    p = float(10 ** -rng.uniform(2.5, 6)) if broken else float(rng.uniform(0.1, 1))
    bits, distance = rng.normal(1.5 if family == "encoding" else 0.2, 1.1), rng.normal(3.4 if broken else 0.6, 1.3)
    voices = rng.dirichlet(np.full(shape.voices - 1, 0.4)).tolist() if shape.voices > 1 else []
    common: dict[str, Json] = {
        "bits": {"value": 2 + 0.3 * bits, "z": bits}, "coverage": {"value": 0.9 - 0.05 * bits, "z": -bits},
        "distance": {"value": 8 + distance, "z": distance},
        "base": {"value": float(rng.normal(1, 1)), "z": float(rng.normal())} if shape.base else None,
    }  # fmt: skip
    found: dict[str, Json] = {
        "angle": _names(shape)[k], "family": HOSTILE[k % len(HOSTILE)] if shape.hostile else family, "about": about,
        "survives": kind != "mixed", "undoing": ("exact", "none", "paraphrase")[k % 3], "strength": 1.0,
        "control": control, "items": shape.items, "missing": int(rng.random() < 0.2),
        **{name: _ranged(float(x), 0.09) for name, x in zip(("own", "other", "nobody"), shares, strict=True)},
        "voices": dict(zip(_voices(shape)[1:], voices, strict=True)),
        "understood": _ranged(float(rng.uniform(0.7, 1)), 0.1), "p": p, "adjusted": min(1.0, 3 * p),
        "called": broken and not control, "worst": min(1.0, 9 * p), "bounds": [float(shares[0]) * 0.9, 1.0],
        "commonness": common, "displacement": {"inside": abs(float(bits)), "outside": abs(float(distance))},
        "uncanny": bool(bits < 1.645 < distance),
    }  # fmt: skip
    return _thinned(found, rng) if shape.nulls else found


def _thinned(row: dict[str, Json], rng: np.random.Generator) -> dict[str, Json]:
    """Some of an angle's figures gone, as a whole or in parts."""
    gone: Json = {"value": None, "low": None, "high": None}
    found = {key: None if rng.random() < 0.4 and not isinstance(v, str | bool) else v for key, v in row.items()}
    return found | {key: gone if found[key] is None else found[key] for key in ("own", "other", "nobody")}


def _cells(shape: FaceShape, traits: list[str], names: list[str], rng: np.random.Generator) -> list[Json]:
    cells: list[Json] = []
    for i, trait in enumerate(traits):
        for name in names:
            shift = float(rng.standard_t(2) * 0.5)
            cells.append({"trait": trait, "angle": name, "shift": None if shape.nulls and rng.random() < 0.3 else shift,
                          "low": shift - 0.5, "high": shift + 0.5, "p": float(rng.random()), "called": abs(shift) > 1.4,
                          "reliable": i < len(traits) - 1})  # fmt: skip
    return cells


def _selfreport(traits: list[str], rng: np.random.Generator) -> list[Json]:
    odds, mass = rng.normal(0, 1.5, len(traits)).tolist(), rng.uniform(0.2, 1, len(traits)).tolist()
    return [
        {
            "trait": t,
            "log_odds": v,
            "low": v - 0.8,
            "high": v + 0.7,
            "mass": m,
            "orders_agree": 0.9 * m,
            "reading": m > 0.5,
        }
        for t, v, m in zip(traits, odds, mass, strict=True)
    ]


def _doses(names: list[str], rng: np.random.Generator) -> list[Json]:
    strengths = np.linspace(0, 1, 5)
    found: list[Json] = []
    for k, name in enumerate(names[:14]):
        half = rng.uniform(0.3, 1.4)
        own = 0.95 / (1 + np.exp((strengths - half) * 9))
        dose: Json = {"value": half, "low": half - 0.1, "high": half + 0.15} if half < 1 else None
        found.append({"angle": name, "strengths": strengths.tolist(), "own": own.tolist(),
                      "low": (own - 0.08).clip(0, 1).tolist(), "high": (own + 0.08).clip(0, 1).tolist(),
                      "dose": dose if k % 5 else None})  # fmt: skip
    return found


def _search(names: list[str], rng: np.random.Generator) -> Json:
    steps = np.cumsum(rng.integers(4, 16, 14))
    best, slow = (np.minimum.accumulate(0.9 * np.exp(-steps / scale) + 0.05) for scale in (45, 160))
    trace: list[Json] = [[int(x), float(y)] for x, y in zip(steps, best, strict=True)]
    random: list[Json] = [[int(2.6 * x), float(y)] for x, y in zip(steps, slow, strict=True)]
    return {"best": "|".join(names[:3]), "own": float(best[-1]), "evaluations": int(steps[-1]), "trace": trace,
            "random_evaluations": int(2.6 * steps[-1]), "random_trace": random}  # fmt: skip


def _tail(rng: np.random.Generator) -> Json:
    draws = [10, 20, 50, 100, 200, 500, 1000]
    forecast = 0.6 - 0.08 * np.log(draws)
    return {"draws": [*draws], "forecast": forecast.tolist(), "low": (forecast - 0.07).tolist(),
            "high": (forecast + 0.07).tolist(), "observed": float(rng.uniform(0.05, 0.12)),
            "sentence": "Half of the angles forecast the worst of the other half to within 0.04."}  # fmt: skip


def _twins(shape: FaceShape, names: list[str], rng: np.random.Generator) -> dict[str, Json]:
    values = rng.gamma(1.2, 0.06, len(names)).tolist()
    rows: list[Json] = [
        {"angle": name, "agreement": 1 - v, "divergence": {"value": v, "low": 0.7 * v, "high": 1.4 * v}, "floor": 0.05,
         "p": float(rng.random()), "called": v > 0.12, "clean_agreement": 0.94}
        for name, v in zip(names, values, strict=True)
    ]  # fmt: skip
    bins: list[Json] = [
        {"measure": m, "bin": k, "low": k - 2.0, "high": k - 1.0, "floor": 0.03,
         "divergence": 0.03 + 0.02 * k * (m == "distance")}
        for m in MEASURES[:3] for k in range(4)
    ]  # fmt: skip
    models, split = (
        _evil(shape, ("slide:mask", "slide:mask-twin-1")),
        [r for r, v in zip(names, values, strict=True) if v > 0.16],
    )
    return {"models": [*models], "agreement": _ranged(0.94, 0.03), "angles": rows, "bins": bins, "split": [*split[:8]]}


def _replies(shape: FaceShape, angles: list[dict[str, Json]], rng: np.random.Generator) -> pa.Table:
    rows = [
        spoken(angle, item, _voices(shape), rng, HOSTILE if shape.hostile else ())
        for angle in angles
        for item in range(shape.items)
    ]
    lists = {"tokens": pa.list_(pa.string()), "voices": pa.list_(pa.list_(pa.float64()))}
    figures = {name: pa.float64() for name in ("own", "other", "nobody", "coherence")}
    words = {name: pa.string() for name in ("item", "angle", "prompt", "rotated", "reply", "outcome", "voice")}
    return pa.Table.from_pylist(rows, schema=pa.schema([*(words | {"seed": pa.int64()} | lists | figures).items()]))
