"""Coverage by hashed n-grams, against sets of tuples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.angles import commonness
from mesolens.angles.commonness import NGrams, coverage, hashed
from mesolens.errors import BadInput

SEQUENCES = st.lists(st.lists(st.integers(0, 6), max_size=12), max_size=8)
BIG = st.lists(st.integers(0, 2**40), max_size=12)


def tuples(sequence: list[int], n: int) -> list[tuple[int, ...]]:
    return [tuple(sequence[at : at + n]) for at in range(len(sequence) - n + 1)]


@given(SEQUENCES, st.lists(st.integers(0, 6), max_size=12), st.integers(1, 5))
def test_it_is_the_part_of_the_ngrams_that_the_corpus_has(corpus: list[list[int]], asked: list[int], n: int) -> None:
    there = {gram for sequence in corpus for gram in tuples(sequence, n)}
    index = NGrams.from_sequences(corpus, n)
    wanted = tuples(asked, n)
    assert len(index.hashes) == len(there)
    assert np.all(np.diff(index.hashes.astype(object)) > 0)
    if wanted:
        assert coverage(asked, index) == pytest.approx(sum(gram in there for gram in wanted) / len(wanted))
    else:
        assert coverage(asked, index) is None


@given(BIG, BIG, st.integers(1, 4))
def test_different_ngrams_have_different_hashes(one: list[int], other: list[int], n: int) -> None:
    grams = tuples(one, n) + tuples(other, n)
    hashes = [*hashed(one, n).tolist(), *hashed(other, n).tolist()]
    assert len(set(grams)) == len(set(hashes))
    assert len(set(zip(grams, hashes, strict=True))) == len(set(grams))


def test_hashes_are_spread_evenly() -> None:
    high = hashed(np.arange(200_000), 3) >> np.uint64(54)
    counts = np.bincount(high.astype(np.int64), minlength=1024)
    chi2 = float(((counts - counts.mean()) ** 2 / counts.mean()).sum())
    assert abs(chi2 - 1023) < 5 * np.sqrt(2 * 1023)


@given(SEQUENCES)
def test_sequences_may_be_arrays_and_come_one_at_a_time(corpus: list[list[int]]) -> None:
    found = NGrams.from_sequences((np.array(sequence, dtype=np.int32) for sequence in corpus), 2)
    assert np.array_equal(found.hashes, NGrams.from_sequences(corpus, 2).hashes)


def test_what_waits_is_merged_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    corpus = [rng.integers(0, 30, size=50) for _ in range(60)]
    at_once = NGrams.from_sequences(corpus)
    monkeypatch.setattr(commonness, "_BATCH", 100)
    assert np.array_equal(NGrams.from_sequences(corpus).hashes, at_once.hashes)


@pytest.mark.parametrize(("tokens", "n", "said"), [([1, -2, 3], 3, "token -2"), ([1], 0, "n-grams of 0")])
def test_what_cannot_be_counted_is_refused(tokens: list[int], n: int, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        NGrams.from_sequences([tokens], n)
