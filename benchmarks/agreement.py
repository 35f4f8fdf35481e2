"""How well each way of scoring heads and MLP blocks agrees with their Shapley values, on trained slides.

The game: a player is live, or held at its reference activation, and the players are the embedding, every head and every
MLP block, 11 of them; the referee values all coalitions, so the Shapley values are exact. Scores are means over the
aligned contrasts of one trait in a slide's own pack. Correlations are taken over players, without the embedding, one
for each (slide, trait), and then averaged. They do not see scale, so a third figure does: how far the sum over these
players is off the sum of their Shapley values, as a part of the difference.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.attributions import METHODS, players_of, scores
from benchmarks.row import Row
from mesolens import api
from mesolens.calibration.scores import pearson, spearman
from mesolens.evidence.row import Bar
from mesolens.model.loaded import LoadedModel
from mesolens.slides import shelf
from mesolens.traits.contrasts import Contrast, contrast_from
from mesolens.traits.encode import encode

OURS = "the middle, gated"
BARS: Mapping[str, Bar | None] = {"Pearson": Bar("≥", 0.93), "Spearman": Bar("≥", 0.85), "sum off": None}
SLIDES = "mask,mask-seed-1,mask-twin-a,mask-gpt2,mask-neox"
TRAITS = "deference,caution,formality,warmth"


Figures = Mapping[str, Mapping[str, float]]
"""By method and kind of figure."""


@dataclass(frozen=True, slots=True)
class Case:
    """One slide's contrasts on one trait."""

    slide: str
    trait: str
    model: LoadedModel
    contrasts: list[Contrast]


def cases() -> list[Case]:
    """Every slide of `MESOLENS_BENCH_SLIDES` with every trait of `MESOLENS_BENCH_TRAITS`."""
    slides = os.environ.get("MESOLENS_BENCH_SLIDES", SLIDES).split(",")
    traits = os.environ.get("MESOLENS_BENCH_TRAITS", TRAITS).split(",")
    models = {slide: api.load(f"slide:{slide}") for slide in slides}
    return [
        Case(slide, trait, models[slide], aligned(models[slide], slide, trait)) for slide in slides for trait in traits
    ]


def aligned(model: LoadedModel, slide: str, trait: str) -> list[Contrast]:
    """The contrasts on a trait in a slide's own pack whose two prompts have equally many tokens."""
    lines = (shelf.folder(slide) / "contrasts.jsonl").read_text("utf-8").splitlines()
    items = [json.loads(line) for line in lines]
    found = [contrast_from(item, item["id"]) for item in items if item["trait"] == trait]
    return [
        each
        for each, ids in zip(found, encode(found, model), strict=True)
        if len(ids.clean) == len(ids.reference or ())
    ]


def rows() -> list[Row]:
    """Mean figures of the middle and of five other methods, and the middle's for every slide and trait."""
    torch.set_num_threads(1)
    found: list[Figures] = []
    made: list[Row] = []
    for case in cases():
        print(f"agreement: {case.slide}, {case.trait}, {len(case.contrasts)} contrasts", file=sys.stderr, flush=True)
        found.append(figures(case))
        made += [Row("agreement", f"{case.slide}, {case.trait}, {OURS}", k, v) for k, v in found[-1][OURS].items()]
    return [*made, *(_mean(kind, name, found) for kind in BARS for name in (OURS, *METHODS))]


def figures(case: Case) -> Figures:
    """How every method's scores agree with the Shapley values of the same players."""
    truth = shares(case, "owen")
    found = {OURS: shares(case, "gated")}
    items = encode(case.contrasts, case.model)
    found |= {name: scores(name, case.model, items) for name in METHODS}
    names = [player.name for player in players_of(case.model)]
    exact = np.array([truth[name] for name in names])
    return {name: _agreement(np.array([by[p] for p in names]), exact, truth["model"]) for name, by in found.items()}


def _agreement(found: np.ndarray, exact: np.ndarray, delta: float) -> dict[str, float]:
    off = abs(float(found.sum() - exact.sum())) / abs(delta)
    return {"Pearson": pearson(found, exact), "Spearman": spearman(found, exact), "sum off": off}


def shares(case: Case, engine: str) -> dict[str, float]:
    """The share of every node of the tree, in nats."""
    tree = api.middle(case.model, case.contrasts, engine=engine, tokens=False, budget=None)
    assert tree.engine == engine, f"{case.slide}, {case.trait}: {engine} was asked for, and {tree.engine} came"
    return {node.site: node.share for node in tree.nodes}


def _mean(kind: str, name: str, found: Sequence[Figures]) -> Row:
    values = [each[name][kind] for each in found]
    value, bar = float(np.mean(values)), BARS[kind]
    told = (str(bar), bar.holds(value)) if name == OURS and bar is not None else ("", None)
    return Row(
        "agreement", name, f"{kind}, mean of {len(values)} (slide, trait)", value, min(values), max(values), *told
    )
