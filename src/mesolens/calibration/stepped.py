"""Depth on slides that chase pointers: what can be read, what is present and what is used, where it was planted.

Of `glass` the truth is a diagonal: the symbol after *s* steps stands after block *s*, and no other does there. Of
`free` it is what its folder's truth measured by plain swaps; of `decoy`, that a symbol can be found and is not needed.
The last block's output is no step on the way, so what is off the diagonal is held against chance before it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from mesolens import api
from mesolens.evidence.row import Bar, Row
from mesolens.model.load import load
from mesolens.runs.settings import Budget, Settings
from mesolens.slides import shelf
from mesolens.slides.pointed import SHELVED, Pointed
from mesolens.slides.pointer import SYMBOLS

SECONDS: Mapping[Budget, float] = {"quick": 14.0, "standard": 17.0, "deep": 18.0}
PLANTED, NEAR, USED, FOUND, UNUSED, STEPS = (
    Bar("≥", 0.98), Bar("≤", 0.03), Bar("≥", 0.95), Bar("≥", 0.95), Bar("≤", 0.02), Bar("≤", 0.3),
)  # fmt: skip
MATRICES = ("read", "present", "used")


def steps(budget: Budget) -> int:
    """One for each slide."""
    return len(SHELVED)


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Rows of every slide."""
    found: list[Row] = []
    for each in SHELVED:
        slide = Pointed(*each)
        depth = api.depth(load(f"slide:{slide.name}"), budget=settings.budget, seed=settings.seed)
        found += scored(slide, depth.to_json())
        tick(1)
    return found


def scored(slide: Pointed, data: Mapping[str, Any]) -> list[Row]:
    """One slide's rows."""
    by_kind: Mapping[str, Callable[[str, Mapping[str, Any]], list[Row]]] = {
        "glass": _glass, "free": _free, "decoy": _decoy
    }  # fmt: skip
    return [*by_kind[slide.kind](slide.name, data), *_controls(slide.name, data), _half(slide.name, data)]


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


def _half(name: str, data: Mapping[str, Any]) -> Row:
    (curve,) = [row for row in data["k50"] if row["presentation"] == "in context"]
    truth = half(shelf.describe(name)["grid"]["answers"])
    return _row(name, "k50 less the truth's, steps", abs(float(curve["k50"]) - truth), STEPS)


def half(answers: Mapping[str, float]) -> float:
    """Where accuracy beyond chance falls to a half, by a straight line between the two numbers of steps around it.

    >>> round(half({"1": 1.0, "2": 1.0, "3": 0.0}), 3)
    2.458
    """
    chance = 1 / len(SYMBOLS)
    left = {int(k): (share - chance) / (1 - chance) for k, share in answers.items()}
    for k in sorted(left)[1:]:
        if left[k] < 0.5 <= left[k - 1]:
            return k - 1 + (left[k - 1] - 0.5) / (left[k - 1] - left[k])
    raise ValueError("a slide on the shelf solves one step and not all")


def _row(subject: str, quantity: str, value: float, bar: Bar | None) -> Row:
    if bar is None:
        return Row("depth", subject, quantity, value)
    return Row("depth", subject, quantity, value, bar=str(bar), holds=bar.holds(value))
