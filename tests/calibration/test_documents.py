"""Retraining on parts of documents, what stands beside an attribution, and the rows that say how good it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.calibration import documents, likeness
from mesolens.runs.settings import Settings
from mesolens.slides.retrained import QUALITY, Ids, Setting, documents_of, likely, retrained

TINY = Setting(documents=12, passes=2, rows=4, texts=3, width=16)
IDS = st.lists(st.integers(0, 3), min_size=1, max_size=9).map(tuple)


def drawn(setting: Setting) -> tuple[list[Ids], list[Ids]]:
    """Documents of random tokens, of which no tokenizer is needed."""
    rng = np.random.default_rng(setting.seed)
    rows = [tuple(rng.integers(8, 60, 12).tolist()) for _ in range(setting.documents + setting.texts)]
    return rows[: setting.documents], rows[setting.documents :]


@settings(max_examples=60, deadline=None)
@given(st.lists(IDS, min_size=1, max_size=3), st.lists(IDS, min_size=1, max_size=4))
def test_longest_runs_are_those_of_a_plain_look(texts: list[Ids], others: list[Ids]) -> None:
    found = likeness.longest_shared(texts, others)
    for row, text in zip(found, texts, strict=True):
        for value, other in zip(row, others, strict=True):
            runs = {text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1)}
            held = [len(run) for run in runs if run in {other[a : a + len(run)] for a in range(len(other))}]
            assert value == max(held, default=0)


def test_words_that_few_documents_have_make_texts_alike() -> None:
    found = likeness.tfidf([(0, 0, 0, 5)], [(0, 0, 0, 1), (0, 5, 2, 3), (0, 4, 2, 3)], 6)[0]
    assert found[1] > found[0]
    assert found[1] > found[2]
    assert likeness.shared_ngrams([(1, 2, 3, 1, 2, 3)], [(1, 2, 3, 9), (9, 1, 2)]).tolist() == [[1.0, 0.0]]


def test_a_part_is_trained_on_alone_and_the_same_way_every_time() -> None:
    known, fresh = drawn(TINY)
    whole, some = (retrained(TINY, known, keep) for keep in (range(12), {1, 4, 7}))
    again = retrained(TINY, [ids if n in (1, 4, 7) else (0, 1) for n, ids in enumerate(known)], {1, 4, 7})
    scores = [np.concatenate(likely(model, fresh)) for model in (whole, some, again)]
    assert (scores[1] == scores[2]).all()
    assert not np.allclose(scores[0], scores[1])
    assert np.allclose(likeness.states(whole, known, known).diagonal(), 1)


@pytest.mark.slow
def test_fresh_documents_are_none_of_those_trained_on_and_a_seed_gives_its_own() -> None:
    known, fresh = documents_of(Setting())
    assert (len(known), len(fresh)) == (1024, 40)
    assert not set(known) & set(fresh)
    assert documents_of(Setting(seed=1))[0][:9] != known[:9]


def test_halves_are_halves_and_each_its_own() -> None:
    inside = documents.halves(20, 11, seed=1)
    assert (inside.sum(1) == 5).all()
    assert len(np.unique(inside, axis=0)) == 20


def test_the_rows_name_every_peer_and_the_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(documents.RETRAININGS, "quick", 5)  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(documents, "documents_of", drawn)
    done: list[int] = []
    found = documents.rows(Settings(budget="quick"), done.append, TINY)
    assert sum(done) == documents.steps("quick")
    assert [row.peer for row in found] == [*documents.PEERS, None, None]
    assert found[0].bar == "≥ 0.3"
    assert found[0].holds == (found[0].low is not None and found[0].low >= 0.3)
    for row in found:
        assert row.low is not None
        assert row.high is not None
        assert -1 <= row.low <= row.value <= row.high <= 1


@pytest.mark.slow
def test_the_quality_that_attributions_say_is_what_retraining_finds() -> None:
    found = documents.rows(Settings(budget="quick"), lambda _: None)
    lds = QUALITY["lds"]
    assert isinstance(lds, float)
    assert found[0].low is not None
    assert found[0].high is not None
    assert found[0].low <= lds <= found[0].high
    assert found[0].holds
    assert found[-1].holds
