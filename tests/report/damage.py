"""Damage to a reading: every place of it, and what does not belong there."""

import copy
from typing import Any, cast

from hypothesis import strategies as st

from mesolens.evidence.reading import Reading

JUNK = st.sampled_from(
    [None, True, -1, 10**30, float("nan"), float("inf"), "", "\ud800", [], [[]], {}, {"a": 1}, [None]]
)


def data_of(found: Reading) -> dict[str, Any]:
    """A copy of a reading's data that may be damaged."""
    return cast(dict[str, Any], copy.deepcopy(dict(found.data)))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a value, the value itself first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def damaged(found: Reading, place: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    """A reading's data with something else in one place."""
    data = data_of(found)
    at: Any = data
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = junk
    return data
