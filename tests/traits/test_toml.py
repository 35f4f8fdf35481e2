"""What is written as TOML, Python's own reader reads back."""

import tomllib
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.traits.toml import to_toml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaves = texts | st.integers() | st.booleans() | st.floats(allow_nan=False)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))
tables = st.lists(st.dictionaries(texts, values, max_size=4), max_size=3)


@given(st.dictionaries(texts, values | tables, max_size=5))
def test_a_document_comes_back(document: dict[str, Json]) -> None:
    assert tomllib.loads(to_toml(document)) == document


@given(st.dictionaries(texts, st.lists(texts, min_size=3), min_size=1, max_size=3))
def test_no_line_break_of_a_string_is_written_as_one(document: dict[str, list[str]]) -> None:
    written = to_toml(cast(dict[str, Json], document))
    assert all(line.rstrip(",").endswith(("]", '"', "[")) for line in written.strip().split("\n"))


@pytest.mark.parametrize("value", [None, [None], {"a": None}, "\ud800", ["\udfff"]])
def test_what_toml_cannot_say_is_refused(value: Json) -> None:
    with pytest.raises(BadInput):
        to_toml({"key": value})
