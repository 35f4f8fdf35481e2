"""How common an angle's text is, how far its state is from the persona's own, and which of these predicts breakage.

Four numbers for each turned prompt, and each also in standard deviations from clean prompts of like length, since long
prompts cost more bits and end elsewhere: bits per byte of the original message; the part of its n-grams that the corpus
has; distance of the decision state; and bits that tuning saved, where the model before tuning is given. Which of them
predicts whether a reply is still the own voice's is measured (area under the ROC curve), not assumed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.lengths import standardised
from mesolens.evidence.shards import Json
from mesolens.instruments.face.grid import Grid
from mesolens.instruments.face.states import CLEAN
from mesolens.instruments.face.turned import number

MEASURES = ("bits", "coverage", "distance", "base")
UNCANNY = 2.0
"""Standard deviations: common text costs less than so many more than clean prompts do, a distant state lies beyond."""
_NEIGHBOURS = 40


@dataclass(frozen=True, slots=True)
class Commons:
    """By measure, the value and the standardised value of each prompt and angle; NaN where it was not taken.

    `tokens` is the length of each turned prompt; `inside` and `outside` are the parts of the displacement, means over
    layers, and `axis` that along own less roles.
    """

    value: Mapping[str, Float[np.ndarray, "I N"]]
    z: Mapping[str, Float[np.ndarray, "I N"]]
    tokens: Float[np.ndarray, "I N"]
    inside: Float[np.ndarray, "I N"]
    outside: Float[np.ndarray, "I N"]
    axis: Float[np.ndarray, "I N"]


def commons_of(states: pa.Table | None, coverage: Mapping[tuple[str, str], float], grid: Grid) -> Commons:
    """The measures of every prompt and angle of a grid; `coverage` is by angle and item, CLEAN for clean prompts.

    Without a table of states, as of a model that only shows its words, none was taken.
    """
    if states is None:
        none = np.full(grid.outcome.shape, np.nan)
        return Commons(dict.fromkeys(MEASURES, none), dict.fromkeys(MEASURES, none), none, none, none, none)
    columns = _columns(states, coverage)
    angle = np.array(states["angle"].to_pylist(), dtype=object)
    clean, length = angle == CLEAN, states["tokens"].to_numpy().astype(float)
    at = {name: place for place, name in enumerate(grid.angles)}
    rows: dict[str, list[int]] = {}
    for place, item in enumerate(grid.items):
        rows.setdefault(item, []).append(place)
    where = [
        (row, at[name], place)
        for place, (name, item) in enumerate(zip(angle, states["item"].to_pylist(), strict=True))
        if name in at and item in rows
        for row in rows[item]
    ]
    spread = {name: _spread(values, where, grid) for name, values in columns.items()}
    z = {
        name: _spread(
            standardised(columns[name], columns[name][clean], length, length[clean], neighbours=_NEIGHBOURS),
            where,
            grid,
        )
        for name in MEASURES
    }
    value = {name: spread[name] for name in MEASURES}
    return Commons(value, z, _spread(length, where, grid), spread["inside"], spread["outside"], spread["axis"])


def _columns(states: pa.Table, coverage: Mapping[tuple[str, str], float]) -> dict[str, Float[np.ndarray, " R"]]:
    bits, base = (_floats(states, name) for name in ("bits", "base_bits"))
    size = np.maximum(states["bytes"].to_numpy().astype(float), 1.0)
    layers = {name: np.array(states[name].to_pylist(), dtype=float).mean(1) for name in ("distance", *_MOVES)}
    keys = zip(states["angle"].to_pylist(), states["item"].to_pylist(), strict=True)
    covered = np.array([coverage.get((str(angle), str(item)), np.nan) for angle, item in keys])
    return {"bits": bits / size, "coverage": covered, "base": (base - bits) / size, **layers}


_MOVES = ("inside", "outside", "axis")


def _floats(states: pa.Table, name: str) -> Float[np.ndarray, " R"]:
    return np.array([np.nan if value is None else value for value in states[name].to_pylist()], dtype=float)


def _spread(
    values_R: Float[np.ndarray, " R"], where: Sequence[tuple[int, int, int]], grid: Grid
) -> Float[np.ndarray, "I N"]:
    found = np.full(grid.outcome.shape, np.nan)
    for row, column, place in where:
        found[row, column] = values_R[place]
    return found


def described(commons: Commons, column: int) -> dict[str, Json]:
    """What is said of one angle: means over prompts of each measure, the displacement, and whether it is uncanny."""
    said: dict[str, Json] = {name: _pair(commons, name, column) for name in MEASURES}
    inside, outside, axis = (_mean(part[:, column]) for part in (commons.inside, commons.outside, commons.axis))
    bits, distance = (_mean(commons.z[name][:, column]) for name in ("bits", "distance"))
    moved: dict[str, Json] = {"inside": number(inside), "outside": number(outside), "axis": number(axis)}
    return {
        "commonness": said,
        "displacement": moved if np.isfinite(inside) else None,
        "uncanny": bool(bits < UNCANNY <= distance),
    }


def _pair(commons: Commons, name: str, column: int) -> Json:
    value = _mean(commons.value[name][:, column])
    if not np.isfinite(value):
        return None
    return {"value": value, "z": number(_mean(commons.z[name][:, column]))}


def _mean(values: Float[np.ndarray, " I"]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
