"""Bring what a stranger's reading holds into a known form, or refuse it with its place.

Every figure becomes a finite number or null, every text a string without lone surrogates, every list what its name
promises. What is no list or object where one must be is refused; fields that nobody asks for are passed over.
"""

from collections.abc import Mapping, Sequence

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.report.payload import finite

Part = Mapping[str, Json]
Form = Mapping[str, Sequence[str]]
"""The fields of a row, by what they must hold: `text`, `flag`, `figure`, or `ranged` (a value with its interval)."""


def text(value: object) -> str:
    """A text that can be encoded: lone surrogates become question marks, and what is no text becomes empty."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def texts(data: Part, key: str) -> list[str]:
    """A list of texts; empty where there is none.

    Raises:
        BadInput: what is there is no list.
    """
    return [text(value) for value in listed(data, key)]


def formed(row: Part, form: Form) -> dict[str, Json]:
    """The fields of a row that `form` asks for."""
    found: dict[str, Json] = {name: text(row.get(name)) for name in form.get("text", ())}
    found |= {name: row.get(name) is True for name in form.get("flag", ())}
    found |= figures(row, form.get("figure", ()))
    return found | {name: ranged(row.get(name)) for name in form.get("ranged", ())}


def figures(row: Part, names: Sequence[str]) -> dict[str, Json]:
    """The figures of these names; null where there is no finite number."""
    return {name: finite(row.get(name)) for name in names}


def ranged(value: Json | None) -> Json:
    """A value with its interval; a bare number has none, and null is null."""
    if isinstance(value, dict):
        return figures(value, ("value", "low", "high"))
    bare = finite(value)
    return None if bare is None else {"value": bare, "low": None, "high": None}


def rows(data: Part, key: str) -> list[Part]:
    """A list of objects; empty where there is none.

    Raises:
        BadInput: what is there is no list, or something in it is no object.
    """
    return [as_object(row, key) for row in listed(data, key)]


def listed(data: Part, key: str) -> Sequence[Json]:
    """A list as it is; empty where there is none.

    Raises:
        BadInput: what is there is no list.
    """
    found = data.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadInput(f"a reading's {key} is no list; the run folder is damaged")
    return found


def as_object(value: Json | None, where: str) -> Part:
    """An object as it is.

    Raises:
        BadInput: it is none.
    """
    if not isinstance(value, dict):
        raise BadInput(f"a reading's {where} is no object; the run folder is damaged")
    return value
