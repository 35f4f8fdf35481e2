"""An index gives what counting by the definition gives: in any vocabulary, over shards, with a document left out."""

import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput

from .brute import ENGINES, Brute, built

SMALL, WIDE = 3, 70_000
"""Vocabularies of two and of four bytes a token; only few tokens of either are drawn, so that n-grams repeat."""


@st.composite
def corpora(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    vocabulary = draw(st.sampled_from([SMALL, 65534, WIDE]))
    few = [0, 1, 2, 255, 256, 257, 65533, WIDE - 1]
    token = st.sampled_from([each for each in few if each < vocabulary])
    documents = draw(st.lists(st.lists(token, max_size=12), min_size=1, max_size=8))
    return vocabulary, documents if any(documents) else [*documents, [0]]


@st.composite
def asked(draw: st.DrawFn) -> tuple[int, list[list[int]], list[list[int]], int | None, int]:
    """A corpus, n-grams (some from it), a document to leave out or none, and how large its shards are."""
    vocabulary, documents = draw(corpora())
    tokens = sorted({token for document in documents for token in document} | {0, vocabulary - 1})
    drawn = st.lists(st.sampled_from(tokens), max_size=9)
    cut = st.sampled_from(documents).flatmap(
        lambda d: st.tuples(st.integers(0, len(d)), st.integers(0, len(d))).map(lambda ends: d[min(ends) : max(ends)])
    )
    queries = draw(st.lists(st.one_of(cut, drawn, cut.map(lambda q: [*q, 0])), min_size=1, max_size=12))
    without = draw(st.none() | st.integers(0, len(documents) - 1))
    return vocabulary, documents, queries, without, draw(st.integers(max(map(len, documents)) + 1, 60))


@pytest.mark.parametrize("fast", ENGINES)
@settings(max_examples=40, deadline=None)
@given(asked())
def test_all_answers_are_those_of_the_definition(
    fast: bool, case: tuple[int, list[list[int]], list[list[int]], int | None, int]
) -> None:
    vocabulary, documents, queries, without, shard_tokens = case
    truth = Brute(documents, vocabulary)
    with tempfile.TemporaryDirectory() as folder:
        index = built(documents, Path(folder), vocabulary, shard_tokens, fast)
        assert (index.tokens, index.documents) == (truth.tokens, truth.documents)
        assert [index.document(n).tolist() for n in range(truth.documents)] == truth.texts
        assert index.count(queries, without).tolist() == [truth.count(query, without) for query in queries]
        nexts = index.following(queries, without)
        assert [(tokens.tolist(), counts.tolist()) for tokens, counts in nexts] == truth.following(queries, without)
        text = max(queries, key=len)
        for most in (0, 2, 9):
            found, wanted = index.ladder(text, most, without), truth.ladder(text, most, without)
            assert found.joint_TN.tolist() == wanted.joint_TN.tolist()
            assert found.context_TN.tolist() == wanted.context_TN.tolist()
        lengths = [
            max(n for n in range(len(text) - s + 1) if n == 0 or truth.count(text[s : s + n], without))
            for s in range(len(text))
        ]
        assert index.longest(text, without=without).tolist() == lengths


@settings(max_examples=30, deadline=None)
@given(asked())
def test_a_span_is_found_in_the_documents_that_have_it(
    case: tuple[int, list[list[int]], list[list[int]], int | None, int],
) -> None:
    vocabulary, documents, queries, without, shard_tokens = case
    with tempfile.TemporaryDirectory() as folder:
        index = built(documents, Path(folder), vocabulary, shard_tokens)
        for span in filter(None, queries):
            places = {place.document: place for place in index.places(span, 100, without)}
            for number, document in enumerate(documents):
                at = [p for p in range(len(document)) if document[p : p + len(span)] == span]
                if at and number != without:
                    assert (places[number].times, places[number].first) == (len(at), at[0])
                else:
                    assert number not in places


def test_no_n_gram_crosses_the_border_of_a_document(tmp_path: Path) -> None:
    index = built([[1, 2], [3, 1], [2, 3]], tmp_path, 4)
    assert index.count([[2, 3], [1, 2], [1, 3], [3, 1, 2]]).tolist() == [1, 1, 0, 0]
    ladder = index.ladder([1, 2, 3], 2)
    assert ladder.context_TN[2, 1] == 1, "2 occurs twice, and once ends its document"
    assert [each.tolist() for each in index.following([[2]])[0]] == [[3], [1]]


def test_an_array_of_queries_is_the_same_as_a_list(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, 5, 200).tolist() for _ in range(10)]
    index = built(documents, tmp_path, 5, 500)
    queries = rng.integers(0, 5, (100, 4))
    assert index.count(queries).tolist() == index.count(queries.tolist()).tolist()
    assert index.count(queries).sum() > 100


@pytest.mark.parametrize("token", [-1, 4, 65535])
def test_a_token_outside_the_vocabulary_is_refused(tmp_path: Path, token: int) -> None:
    index = built([[1, 2]], tmp_path, 4)
    with pytest.raises(BadInput, match=f"token {token} is not in the vocabulary of 4"):
        index.count([[1, token]])


def test_a_document_that_is_not_there_is_refused(tmp_path: Path) -> None:
    index = built([[1, 2]], tmp_path, 4)
    for number in (-1, 1):
        with pytest.raises(BadInput, match=f"no document {number}"):
            index.document(number)
    with pytest.raises(BadInput, match="no document 7"):
        index.count([[1]], without=7)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("numba") is None, reason="needs numba")
@pytest.mark.parametrize("kind", ["u16", "u32"])
def test_engines_agree_where_the_sample_has_many_blocks(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(3)
    vocabulary, step = {"u16": (50, 1), "u32": (70_000, 1009)}[kind]
    documents = [(rng.zipf(1.3, size) % 40 * step).tolist() for size in rng.integers(0, 400, 300)]
    documents[-1] = [7 * step, 0, 0]  # the zeros that stand for nothing beyond the end are not counted as these
    fast, plain = (built(documents, tmp_path / str(each), vocabulary, 30_000, each) for each in (True, False))
    text = [*documents[5][:40], *documents[9][:300], 7 * step, 0, 0, 0, *documents[5]]
    queries = [text[start : start + length] for start in range(300) for length in range(0, 20, 3)]
    for without in (None, 5):
        assert np.array_equal(fast.count(queries, without), plain.count(queries, without))
        assert np.array_equal(fast.longest(text, 60, without), plain.longest(text, 60, without))
        one, other = fast.ladder(text, 11, without), plain.ladder(text, 11, without)
        assert np.array_equal(one.joint_TN, other.joint_TN)
        assert np.array_equal(one.context_TN, other.context_TN)
