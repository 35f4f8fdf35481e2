"""Writing TOML, which Python reads and does not write: plain values, arrays, and tables one below the other.

Only what a pack is made of is written, and `tomllib` reads back what was given::

    tomllib.loads(to_toml(document)) == document
"""

import json
import re
from collections.abc import Mapping
from math import isinf, isnan
from typing import cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable

_BARE = re.compile(r"[A-Za-z0-9_-]+")
WIDTH = 100
"""Characters up to which an array stays on one line."""


def to_toml(document: Mapping[str, Json]) -> str:
    """The document as TOML: plain entries first, then each list of objects as `[[tables]]`.

    Raises:
        BadInput: it holds null, or half of a surrogate pair, which TOML cannot say.
    """
    tables = {key: value for key, value in document.items() if _is_tables(value)}
    text = "".join(_entry(key, value) for key, value in document.items() if key not in tables)
    for key, value in tables.items():
        for table in cast(list[Mapping[str, Json]], value):
            text += f"\n[[{_key(key)}]]\n" + "".join(_entry(name, inner) for name, inner in table.items())
    return text


def _is_tables(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _entry(key: str, value: Json) -> str:
    return f"{_key(key)} = {_value(value)}\n"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: Json, nested: bool = False) -> str:
    """A value; inside a table that stands on one line, so does everything."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        inner = (f"{_key(name)} = {_value(each, True)}" for name, each in value.items())
        return "{ " + ", ".join(inner) + " }" if value else "{}"
    if isinstance(value, list):
        return _array([_value(each, nested) for each in value], nested)
    raise BadInput(f"TOML has no word for {printable(repr(value), 40)}; leave the key out")


def _array(parts: list[str], nested: bool) -> str:
    line = "[" + ", ".join(parts) + "]"
    if nested or (len(line) <= WIDTH and "\n" not in line):
        return line
    return "[\n" + "".join("  " + part.replace("\n", "\n  ") + ",\n" for part in parts) + "]"


def _number(value: int | float) -> str:
    if isinstance(value, float) and (isnan(value) or isinf(value)):
        return "nan" if isnan(value) else f"{'-' if value < 0 else ''}inf"
    return repr(value)


def _string(text: str) -> str:
    """A string in quotes. JSON's escapes are TOML's, but for DEL, which JSON leaves bare."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput(f"{printable(repr(text), 60)} holds half of a surrogate pair, which UTF-8 cannot write")
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
