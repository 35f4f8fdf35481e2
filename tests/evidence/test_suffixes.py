"""The n-gram baseline: shares that sum to one, blind to its own group, and right where the last tokens decide."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.suffixes import baseline

TEXTS = st.lists(st.lists(st.integers(0, 4), max_size=6), min_size=2, max_size=8)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_shares_sum_to_one_and_own_groups_tell_nothing(texts: list[list[int]], data: st.DataObject) -> None:
    outcomes = data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts)))
    groups = [str(k // 2) for k in range(len(texts))]
    found = baseline(texts, outcomes, texts, groups, 3)
    assert np.allclose(found.sum(1), 1)
    assert (found > 0).all()
    changed = [(outcome + 1) % 3 if group == "0" else outcome for outcome, group in zip(outcomes, groups, strict=True)]
    assert np.allclose(baseline(texts, changed, texts, groups, 3)[:2], found[:2])
    assert np.allclose(baseline(texts, outcomes, texts, ["one"] * len(texts), 3), 1 / 3)


def test_where_the_last_token_decides_the_baseline_knows_and_elsewhere_it_does_not() -> None:
    rng = np.random.default_rng(0)
    texts, outcomes = [], []
    for _ in range(200):
        outcome = int(rng.integers(3))
        texts.append([*rng.integers(10, 14, 5).tolist(), outcome])
        outcomes.append(outcome)
    groups = [str(k) for k in range(200)]
    right = np.array(outcomes)
    knows, blind = (
        baseline(texts, outcomes, texts, groups, 3),
        baseline(texts, outcomes, [t[:4] for t in texts], groups, 3),
    )
    assert knows[np.arange(200), right].mean() > 0.8
    assert abs(blind[np.arange(200), right].mean() - 1 / 3) < 0.05


def test_by_hand() -> None:
    found = baseline([[5], [5], [6]], [0, 0, 1], [[5], [5], [6]], [*"abc"], 2)
    empty = (np.array([1.0, 1.0]) + 2 * 0.5) / 4
    assert np.allclose(found[0], (np.array([1.0, 0.0]) + 2 * empty) / 3)
