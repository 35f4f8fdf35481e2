"""Everything that the page is told, as JSON that is safe to stand inside an HTML document.

The page holds one main block, which is read at once, and one block a contrast, which is read when somebody asks for it.
Model text is hostile: `script_json` writes only ASCII, with `<`, `>` and `&` as escapes, so that no text can end the
block that it stands in, whatever it is.
"""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json

_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one instrument contributes: its part of the main block, and the blocks that are read on demand."""

    main: dict[str, Json]
    blocks: Mapping[str, Json]


def script_json(value: object) -> str:
    """`value` as JSON for the inside of a script element: ASCII only, and without `<`, `>` and `&`.

    >>> script_json("</script>")
    '"\\\\u003c/script\\\\u003e"'

    Raises:
        ValueError: `value` holds a NaN or an infinity.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def packed(array: NDArray[np.float64] | NDArray[np.float32] | NDArray[np.int32]) -> str:
    """The array's bytes, little-endian, in base64."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def finite(value: object) -> float | None:
    """`value` as a float, or None when it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def facts(value: Json, name: str = "") -> list[Json]:
    """A JSON document as rows of dotted name and text, for a reader who wants to see all of it.

    >>> facts({"a": {"b": 1, "c": [2, 3]}})
    [['a.b', '1'], ['a.c', '2, 3']]
    """
    if isinstance(value, dict) and set(value) == {"value", "from"}:  # a setting, and who set it
        return [[name, f"{_plain(value['value'])} ({_plain(value['from'])})"]]
    if isinstance(value, dict):
        return [row for key, inner in value.items() for row in facts(inner, f"{name}.{key}" if name else key)]
    if isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        return [row for place, inner in enumerate(value) for row in facts(inner, f"{name}.{place}")]
    if isinstance(value, list):
        return [[name, ", ".join(_plain(inner) for inner in value)]]
    return [[name, _plain(value)]]


def _plain(value: Json) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def number(figure: Number) -> dict[str, Json]:
    """A reading's number as the page wants it; what is not finite is null."""
    return {
        "name": figure.name,
        "value": finite(figure.value),
        "unit": figure.unit,
        "low": finite(figure.low),
        "high": finite(figure.high),
        "bar": figure.bar,
        "holds": figure.holds,
    }


def conclusion(reading: Reading) -> dict[str, Json]:
    """What every chapter shows of its reading, whatever the instrument."""
    return {
        "verdict": reading.verdict,
        "sentence": reading.sentence,
        "subject": reading.subject,
        "numbers": [number(figure) for figure in reading.numbers],
        "protocol": facts(cast(Json, dict(reading.protocol))),
    }
