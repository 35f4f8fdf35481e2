"""The replies of a face as the page reads them on demand: one block an angle, all together within a budget of bytes.

A reply travels with the posterior over voices after each of its tokens, in 16 bits a figure: the voices that ever reach
2 % by name, the others as what is left to one. Angles are taken by what a reader wants first: those that were called,
the worst before the others; controls, to compare with; then the rest. An angle that no longer fits is left to the run
folder, and the page says how many are.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.report.forms import text
from mesolens.report.payload import finite, script_json

Floats = NDArray[np.float64]

TABLE = "face-replies"
SEEN = 0.02
"""The least that a voice reaches somewhere in a reply to be drawn by its name."""

FULL = 65535
"""What stands for one in a packed posterior."""

_TEXTS = ("item", "prompt", "rotated", "outcome", "voice")
_FIGURES = ("seed", "own", "other", "nobody", "coherence")


@dataclass(frozen=True, slots=True)
class Replies:
    """What the page carries of the replies.

    Attributes:
        blocks: the replies of an angle, by its place among the angles.
        left: angles whose replies stay in the run folder, and how many replies those are.
    """

    blocks: Mapping[int, Json]
    left: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Voiced:
    """The posteriors of all tokens of a table, one after the other; those of reply r end before `ends[r + 1]`."""

    ends: NDArray[np.int64]
    voices_TK: Floats  # noqa: N815 - the letters are its axes


def replies(rows: pa.Table | None, angles: Sequence[dict[str, Json]], voices: int, most: int) -> Replies:
    """As many angles' replies as `most` bytes hold; `voices` counts the voices of the bank.

    Raises:
        BadInput: a token's posterior has not one figure for each voice.
    """
    if rows is None or not rows.num_rows:
        return Replies({}, (0, 0))
    places = {str(angle["angle"]): k for k, angle in enumerate(angles)}
    of_row = np.array([places.get(text(name), -1) for name in cast(list[object], rows["angle"].to_pylist())])
    voiced = _voiced(rows, voices)
    blocks: dict[int, Json] = {}
    kept = room = 0
    for place in sorted(range(len(angles)), key=lambda k: _turn(angles[k])):
        mine = np.flatnonzero(of_row == place)
        block = _block(rows.take(mine), mine, voiced) if len(mine) and room < most else None
        size = len(script_json(block))
        if block is not None and room + size <= most:
            blocks[place] = block
            room, kept = room + size, kept + len(mine)
    there = len(set(of_row.tolist()))
    return Replies(blocks, (there - len(blocks), rows.num_rows - kept))


def _turn(angle: Mapping[str, Json]) -> tuple[int, float]:
    own = angle["own"]
    value = finite(own.get("value")) if isinstance(own, dict) else None
    rank = 0 if angle["called"] and not angle["control"] else 1 if angle["control"] else 2
    return rank, 1.0 if value is None else value


def _voiced(rows: pa.Table, voices: int) -> _Voiced:
    """The nested column as one matrix, without a Python object a figure."""
    nested = pa.list_(pa.list_(pa.float64()))
    column = cast("pa.ListArray[Any]", pa.concat_arrays(rows["voices"].cast(nested).chunks))
    inner = cast("pa.ListArray[Any]", column.flatten())  # also drops what stands behind a null
    wide = np.diff(inner.offsets.to_numpy())
    if (wide != voices).any():
        raise BadInput(f"table {TABLE} has a token with {wide[wide != voices][0]} voices, but there are {voices}")
    figures = inner.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    count = np.nan_to_num(pc.list_value_length(column).to_numpy(zero_copy_only=False)).astype(np.int64)
    return _Voiced(np.concatenate([[0], np.cumsum(count)]), figures.reshape(-1, max(1, voices)))


def _block(rows: pa.Table, places: NDArray[np.int64], voiced: _Voiced) -> Json:
    return [
        _reply(row, voiced.voices_TK[voiced.ends[r] : voiced.ends[r + 1]])
        for row, r in zip(cast(list[dict[str, object]], rows.drop_columns("voices").to_pylist()), places, strict=True)
    ]


def _reply(row: Mapping[str, object], voices_TK: Floats) -> Json:
    found: dict[str, Json] = {name: text(row.get(name)) for name in _TEXTS}
    found |= {name: finite(row.get(name)) for name in _FIGURES}
    said = row.get("tokens")
    tokens = [text(token) for token in cast(list[object], said)] if isinstance(said, list) else []
    whole = text(row.get("reply"))
    found |= {"tokens": [*tokens], "reply": None if "".join(tokens) == whole else whole}
    return found | _posterior(voices_TK, len(tokens))


def _posterior(voices_TK: Floats, tokens: int) -> dict[str, Json]:
    """The voices that show, and their figures token after token; none where there is not one row a token."""
    if len(voices_TK) != tokens or not tokens or not np.isfinite(voices_TK).all():
        return {"who": [], "posterior": ""}
    who = np.flatnonzero(voices_TK.max(0) >= SEEN)
    units = np.round(FULL * voices_TK[:, who].clip(0, 1)).astype("<u2")
    return {"who": [*who.tolist()], "posterior": base64.b64encode(units.tobytes()).decode("ascii")}
