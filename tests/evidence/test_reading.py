"""Readings: what is written validates, reads back the same, and hostile text stays text."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.reading import Number, Reading, from_json
from mesolens.evidence.shards import Shard, content_key

texts = st.text(max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.tuples(texts, finite, texts, st.none() | finite, st.none() | finite, texts, st.none() | st.booleans())
fields = st.tuples(
    st.from_regex(r"[a-z][a-z0-9_-]*", fullmatch=True),
    texts,
    st.text(min_size=1, max_size=9),
    texts,
    st.lists(numbers, max_size=3),
    st.dictionaries(texts, texts | finite, max_size=3),
    st.dictionaries(texts, st.lists(finite, max_size=3), max_size=3),
)


def built(parts: tuple[Any, ...]) -> Reading:
    """A reading from its drawn parts; built outside the strategy, where shape checks may use chance."""
    instrument, subject, verdict, sentence, drawn, protocol, data = parts
    return Reading(instrument, subject, verdict, sentence, tuple(Number(*n) for n in drawn), protocol, data)


@settings(max_examples=25, deadline=None)
@given(fields)
def test_a_reading_survives_the_way_through_json(parts: tuple[Any, ...]) -> None:
    reading = built(parts)
    assert from_json(json.loads(json.dumps(reading.to_json()))) == reading


@settings(max_examples=25, deadline=None)
@given(fields)
def test_fields_of_later_versions_do_no_harm(parts: tuple[Any, ...]) -> None:
    reading = built(parts)
    document = reading.to_json() | {"later": 1, "format": 2}
    document["numbers"] = [{**n, "later": 2} for n in document["numbers"]]
    assert from_json(document) == reading


@pytest.mark.parametrize("missing", ["instrument", "verdict", "numbers", "data"])
def test_what_is_no_reading_is_named(missing: str) -> None:
    document = Reading("middle", "m", "closed", "s").to_json()
    del document[missing]
    with pytest.raises(ValueError, match=missing):
        from_json(document)


def test_a_notebook_shows_hostile_names_as_text() -> None:
    shown = Reading("middle", "<script>alert(1)</script>", "closed", "<b>", (Number("<i>", 1.0),))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<i>closed</i>" in shown
    assert "&lt;i&gt;" in shown


@given(st.dictionaries(texts, finite | texts, max_size=5))
def test_keys_depend_on_content_and_not_on_order(document: dict[str, float | str]) -> None:
    turned = dict(reversed(list(document.items())))
    assert content_key(document) == content_key(turned)
    assert Shard("middle", document, 1).key == Shard("middle", turned, 2).key
    assert Shard("middle", {**document, "more": 1}, 1).key != Shard("middle", document, 1).key or "more" in document
