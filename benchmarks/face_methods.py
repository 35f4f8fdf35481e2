"""Who speaks in a reply from an angle, as the face hears it and as the usual metrics tell it, on trained slides.

Every method says own, other or nobody of the same replies of one look at a slide's face, and the parser of the slides'
English knows. The face has nothing from any angle: temperature and coherence come from clean replies. The metrics name
no classes, so each is given labels: its rule is fitted to what the parser hears from half of the angles
(:mod:`benchmarks.three_way`), and all are judged on the other half, over random halvings. Prompts are the same in both
halves, and kindred angles fall into different ones. So the comparison favours the metrics. One row levels it: the own
two numbers of the face, how much likelier the reply is in the own voice than in any other and its coherence, with
labels alike.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from benchmarks.classic import METHODS, metrics
from benchmarks.row import Row
from benchmarks.said import KINDS, Said, clean, from_angles, judged, kinds
from benchmarks.three_way import balanced, fitted
from mesolens import api
from mesolens.evidence.row import Bar
from mesolens.evidence.shards import Tables
from mesolens.instruments.face import face_spec
from mesolens.instruments.face.calibration import NOBODY, OWN
from mesolens.instruments.face.shown import shown
from mesolens.slides.facepack import face_pack

SLIDES = "mask,mask-seed-1,mask-seed-2"
SPLITS = 20
FEW = 16
"""Angles with labels, of the half that is known, in the quantity that asks for few."""
BAR = Bar("≥", 0.95)
OURS = "the face"
LEVELLED = "the face's two numbers, fitted alike"
PEERS: Mapping[str, tuple[str, ...]] = {LEVELLED: (OURS,), **METHODS}
"""What is fitted, with the metrics that it is given."""
THREE = "balanced accuracy, own, other, nobody, unseen angles"
TWO = "balanced accuracy, other or nobody, unseen angles"
SCARCE = f"{THREE}, fitted on {FEW} angles"
AWAY = f"{THREE}, fitted on the other slides"

Half = Bool[np.ndarray, " I"]


@dataclass(frozen=True, slots=True)
class Case:
    """One slide's replies from all angles after which the parser can judge a reply.

    Attributes:
        truth, heard: who speaks in each, by the parser and by the face, as places in `KINDS`.
        metrics: by name, those of each reply.
    """

    slide: str
    angles: tuple[str, ...]
    truth: Int[np.ndarray, " I"]
    heard: Int[np.ndarray, " I"]
    metrics: Mapping[str, Float[np.ndarray, "I F"]]

    def given(self, method: str) -> Float[np.ndarray, "I F"]:
        """The numbers that a method sees."""
        return np.concatenate([self.metrics[name] for name in PEERS[method]], axis=1)


def rows() -> list[Row]:
    """How often every method is right, on every slide of `MESOLENS_BENCH_SLIDES`."""
    torch.set_num_threads(1)
    cases = [case_of(slide) for slide in os.environ.get("MESOLENS_BENCH_SLIDES", SLIDES).split(",")]
    return [row for case in cases for row in compared(case, [each for each in cases if each is not case])]


def case_of(slide: str) -> Case:
    """A slide looked at, with every metric of every reply; `MESOLENS_BENCH_BUDGET` is the look's."""
    budget = os.environ.get("MESOLENS_BENCH_BUDGET", "standard")
    spec = replace(face_spec(face_pack(slide), budget=budget), search=None)
    model = api.load(f"slide:{slide}")
    _tell(f"{slide}, {len(spec.angles)} angles on {len(spec.items)} prompts")
    look = api.look(model, spec)
    heard = outcomes(look)
    said = judged(from_angles(model, spec))
    replies = [each for each in said if heard[each.item.id, each.angle, each.draw][1] == each.text]
    _tell(f"{slide}, metrics of {len(replies)} replies; {len(said) - len(replies)} drawn otherwise and left out")
    return Case(
        slide,
        tuple(each.angle for each in replies),
        kinds(replies),
        np.array([KINDS.index(heard[each.item.id, each.angle, each.draw][0]) for each in replies]),
        {OURS: two_numbers(look.tables, replies), **metrics(model, replies, clean(model, spec), look.tables)},
    )


def outcomes(look: api.Face) -> dict[tuple[str, str, int], tuple[str, str]]:
    """What the face takes each reply for, and its text, by item, angle and draw."""
    rows = shown(look.reading, look.tables)
    assert rows is not None, "a look keeps its replies"
    names = ("item", "angle", "seed", "outcome", "reply")
    columns = [rows[name].to_pylist() for name in names]
    return {(item, angle, seed): (kind, reply) for item, angle, seed, kind, reply in zip(*columns, strict=True)}


def two_numbers(tables: Tables, replies: Sequence[Said]) -> Float[np.ndarray, "I 2"]:
    """Log-likelihood of each reply in the own voice less that in the likeliest other one, in nats; its coherence."""
    rows = tables["face-replies"]
    names = ("item", "angle", "draw", "totals", "coherence")
    columns = [rows[name].to_pylist() for name in names]
    found = {
        (item, angle, draw): (totals[OWN] - max(totals[OWN + 1 :]), coherence)
        for item, angle, draw, totals, coherence in zip(*columns, strict=True)
        if totals is not None
    }
    return np.array([found[each.item.id, each.angle, each.draw] for each in replies])


def compared(case: Case, others: Sequence[Case]) -> list[Row]:
    """The rows of one slide; `others` are those whose labels a rule may be carried over from."""
    _tell(f"{case.slide}, {SPLITS} halvings of the angles")
    halves = [half(case, others, seed) for seed in range(SPLITS)]
    few = [of_angles(case, shuffled(case, seed)[:FEW]) for seed in range(SPLITS)]
    found = {(OURS, THREE): [balanced(case.heard[~mine], case.truth[~mine]) for mine, _ in halves]}
    found[OURS, TWO] = [_ours_of_two(case, ~mine) for mine, _ in halves]
    for method in PEERS:
        found[method, THREE] = [_right([case], [mine], case, ~mine, method) for mine, _ in halves]
        found[method, TWO] = [_right([case], [_two(case, mine)], case, _two(case, ~mine), method) for mine, _ in halves]
        found[method, SCARCE] = [
            _right([case], [some & mine], case, ~mine, method) for some, (mine, _) in zip(few, halves, strict=True)
        ]
        if others:
            found[method, AWAY] = [_right(others, theirs, case, ~mine, method) for mine, theirs in halves]
    order = [
        (method, kind) for kind in (THREE, TWO, SCARCE, AWAY) for method in (OURS, *PEERS) if (method, kind) in found
    ]
    return [_row(case.slide, method, kind, found[method, kind]) for method, kind in order]


def shuffled(case: Case, seed: int) -> list[str]:
    """The angles of a slide in an order drawn by the seed."""
    return np.random.default_rng(seed).permutation(np.unique(case.angles)).tolist()


def half(case: Case, others: Sequence[Case], seed: int) -> tuple[Half, list[Half]]:
    """Which replies are from the first half of the angles, shuffled by the seed: of a slide, and of others."""
    order = shuffled(case, seed)
    mine, *theirs = (of_angles(each, order[: len(order) // 2]) for each in (case, *others))
    return mine, theirs


def of_angles(case: Case, names: Sequence[str]) -> Half:
    """Which replies are from some angles."""
    return np.isin(case.angles, list(names))


def _two(case: Case, which: Half) -> Half:
    """Those that are not the own voice's."""
    return which & (case.truth != OWN)


def _ours_of_two(case: Case, which: Half) -> float:
    """Of others' and nobody's replies: whether the face takes them for somebody's."""
    some = _two(case, which)
    return balanced((case.heard[some] == NOBODY).astype(int), (case.truth[some] == NOBODY).astype(int))


def _right(fit: Sequence[Case], known: Sequence[Half], case: Case, judged: Half, method: str) -> float:
    """How often a method is right on some replies, fitted on others that are known."""
    given = [each.given(method)[which] for each, which in zip(fit, known, strict=True)]
    truth = [each.truth[which] for each, which in zip(fit, known, strict=True)]
    rule = fitted(np.concatenate(given), np.concatenate(truth))
    return balanced(rule(case.given(method)[judged]), case.truth[judged])


def _row(slide: str, method: str, quantity: str, values: Sequence[float]) -> Row:
    value = float(np.median(values))
    told = (str(BAR), BAR.holds(value)) if (method, quantity) == (OURS, THREE) else ("", None)
    return Row("face_methods", f"{slide}, {method}", quantity, value, min(values), max(values), *told)


def _tell(what: str) -> None:
    print(f"face_methods: {what}", file=sys.stderr, flush=True)
