"""What is written into the page can never leave its block, and comes back as it was."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mesolens.evidence.shards import Json
from mesolens.report.payload import facts, finite, packed, script_json
from tests.report.synthetic import HOSTILE

TEXT = st.text(st.characters(), max_size=60) | st.sampled_from(HOSTILE)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))


@given(DOCUMENTS)
def test_no_text_leaves_its_block_and_all_text_comes_back(document: Json) -> None:
    text = script_json(document)
    assert text.isascii()
    assert not set(text) & set("<>&\n\r\u2028\u2029")
    assert json.loads(text) == document


def test_what_json_cannot_name_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


@given(arrays(np.float64, st.integers(0, 40)))
def test_packed_floats_come_back_bit_by_bit(array: np.ndarray) -> None:
    assert np.frombuffer(base64.b64decode(packed(array)), "<f8").tobytes() == array.astype("<f8").tobytes()


@given(st.one_of(LEAVES, st.floats(), DOCUMENTS))
def test_only_finite_numbers_are_numbers(value: object) -> None:
    found = finite(value)
    assert found is None or (np.isfinite(found) and found == value)
    assert (found is None) == (isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value))


@given(st.dictionaries(st.text("abc", min_size=1), LEAVES, min_size=1))
def test_every_fact_is_shown(document: dict[str, Json]) -> None:
    assert [row[0] for row in facts(document) if isinstance(row, list)] == list(document)
