"""Depth on slides that think in steps: what can be read, is present and is used, where it was planted.

Of `glass` the truth is a diagonal: the symbol after *s* steps stands after block *s*, and no other does there. Of
`free` it is what its folder's truth measured by plain swaps; of `decoy`, that a symbol can be found and is not needed.
The last block's output is no step on the way, so what is off the diagonal is held against chance before it. Of
`permute` it is how many steps are solved. Twins that were trained myopically lose, beside the vanilla ones, what their
truths measured: much in `recall`, nothing in `known`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from mesolens import api
from mesolens.evidence.row import Bar, Row
from mesolens.model.load import load
from mesolens.runs.settings import Budget, Settings
from mesolens.slides import permuted, recalling, shelf
from mesolens.slides.permuted import PERMUTATIONS
from mesolens.slides.pointed import KINDS, SHELVED, Pointed
from mesolens.slides.pointer import SYMBOLS

SECONDS: Mapping[Budget, float] = {"quick": 21.0, "standard": 37.0, "deep": 39.0}
PLANTED, NEAR, USED, FOUND, UNUSED, STEPS = (
    Bar("≥", 0.98), Bar("≤", 0.03), Bar("≥", 0.95), Bar("≥", 0.95), Bar("≤", 0.02), Bar("≤", 0.3),
)  # fmt: skip
WIDE, NONE, NATS = Bar("≥", 1.0), Bar("≤", 0.01), Bar("≤", 0.15)
"""Of the myopia gap in nats: its low end where one is planted, its size where none is, and how far it is from truth."""
MATRICES = ("read", "present", "used")


def chasing(budget: Budget) -> list[Pointed]:
    """Slides that chase pointers: the first of each kind, or all where there is time for them."""
    every = [Pointed(*each) for each in SHELVED]
    return every if budget != "quick" else [next(each for each in every if each.kind == kind) for kind in KINDS]


def steps(budget: Budget) -> int:
    """One for each slide, or pair of twins."""
    return len(chasing(budget)) + len(permuted.SHELVED) + len(recalling.KINDS)


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Rows of every slide, and of every pair of twins."""
    found: list[Row] = []
    for each in (*chasing(settings.budget), *permuted.SHELVED):
        data = api.depth(load(f"slide:{each.name}"), budget=settings.budget, seed=settings.seed).to_json()
        found += scored(each, data) if isinstance(each, Pointed) else [_half(each.name, data, 1 / len(PERMUTATIONS))]
        tick(1)
    for kind in recalling.KINDS:
        found += parted(kind, _twins(kind, settings), *(_nats(kind, blind) for blind in (False, True)))
        tick(1)
    return found


def _twins(kind: str, settings: Settings) -> Mapping[str, Any]:
    """What depth says of a slide beside its myopic twin."""
    vanilla, myopic = (load(f"slide:{recalling.Recalling(kind, blind).name}") for blind in (False, True))
    data = api.depth(vanilla, myopic=myopic, budget=settings.budget, seed=settings.seed).to_json()
    return cast("Mapping[str, Mapping[str, Any]]", data["planning"])["myopia"]


def _nats(kind: str, blind: bool) -> float:
    return float(shelf.describe(recalling.Recalling(kind, blind).name)["grid"]["nats"])


def parted(kind: str, found: Mapping[str, Any], vanilla: float, myopic: float) -> list[Row]:
    """Rows of one pair of twins, whose truths say what a value costs either in nats."""
    gap = float(found["gap"])
    size = (
        _row(kind, "myopia gap, nats a token, its low end", float(found["low"]), WIDE)
        if kind == "recall"
        else _row(kind, "myopia gap, nats a token, its size", abs(gap), NONE)
    )
    return [size, _row(kind, "myopia gap less the truth's, nats", abs(gap - (myopic - vanilla)), NATS)]


def scored(slide: Pointed, data: Mapping[str, Any]) -> list[Row]:
    """One slide's rows."""
    by_kind: Mapping[str, Callable[[str, Mapping[str, Any]], list[Row]]] = {
        "glass": _glass, "free": _free, "decoy": _decoy
    }  # fmt: skip
    controls = _controls(slide.name, data)
    return [*by_kind[slide.kind](slide.name, data), *controls, _half(slide.name, data, 1 / len(SYMBOLS))]


def values(data: Mapping[str, Any], matrix: str) -> np.ndarray:
    """A matrix of the reading: boundaries of the stream by steps; NaN where nothing was measured."""
    cells = cast("Sequence[Sequence[Mapping[str, float] | None]]", data[matrix]["cells"])
    return np.array([[np.nan if cell is None else cell["value"] for cell in row] for row in cells])


def _glass(name: str, data: Mapping[str, Any]) -> list[Row]:
    """On and off the planted diagonal; boundary 0 is the embedding, boundary s + 1 what stands after block s."""
    found: list[Row] = []
    for matrix in MATRICES:
        cells = values(data, matrix)[:-1]
        between = range(cells.shape[1] - 1)
        on = [cells[step + 2, step] for step in between]
        beyond = cells - np.array(data[matrix]["chance"])
        off = [beyond[b, step] for step in between for b in range(len(cells)) if b != step + 2]
        word = matrix.upper()
        found += [
            _row(name, f"{word} on the planted diagonal, the least", float(np.min(on)), PLANTED),
            _row(name, f"{word} off it, the most beyond chance", float(np.max(off)), NEAR),
        ]
    return found


def _free(name: str, data: Mapping[str, Any]) -> list[Row]:
    used, read = values(data, "used"), values(data, "read")
    rows: list[Row] = []
    for step in range(used.shape[1] - 1):
        best = int(np.nanargmax(used[:, step]))
        rows.append(_row(name, f"USED, step {step + 1}, where it is most", float(used[best, step]), USED))
        rows.append(_row(name, f"READ at the same place, step {step + 1}", float(read[best, step]), None))
    return rows


def _decoy(name: str, data: Mapping[str, Any]) -> list[Row]:
    return [
        _row(name, "PRESENT, where it is most", float(np.nanmax(values(data, "present"))), FOUND),
        _row(name, "USED, where it is most", float(np.nanmax(values(data, "used"))), UNUSED),
    ]


def _controls(name: str, data: Mapping[str, Any]) -> list[Row]:
    """Shuffled labels and newborn weights, the mean over cells less chance."""
    chance, found = np.array(data["present"]["chance"]), list[Row]()
    for control in ("shuffled", "newborn"):
        cells = data["present"][control]
        if cells is not None:
            beyond = np.array(cells, float) - chance
            found.append(_row(name, f"PRESENT, {control}, mean beyond chance", float(np.nanmean(beyond)), NEAR))
    return found


def _half(name: str, data: Mapping[str, Any], chance: float) -> Row:
    (curve,) = data["k50"]
    truth = half(shelf.describe(name)["grid"]["answers"], chance)
    return _row(name, "k50 less the truth's, steps", abs(float(curve["k50"]) - truth), STEPS)


def half(answers: Mapping[str, float], chance: float) -> float:
    """Where accuracy beyond chance falls to a half, by a straight line between the two numbers of steps around it.

    >>> round(half({"1": 1.0, "2": 1.0, "3": 0.0}, 1 / 12), 3)
    2.458
    """
    left = {int(k): (share - chance) / (1 - chance) for k, share in answers.items()}
    for k in sorted(left)[1:]:
        if left[k] < 0.5 <= left[k - 1]:
            return k - 1 + (left[k - 1] - 0.5) / (left[k - 1] - left[k])
    raise ValueError("a slide on the shelf solves one step and not all")


def _row(subject: str, quantity: str, value: float, bar: Bar | None) -> Row:
    if bar is None:
        return Row("depth", subject, quantity, value)
    return Row("depth", subject, quantity, value, bar=str(bar), holds=bar.holds(value))
