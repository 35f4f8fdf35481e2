"""The planted mixtures plant what they say."""

import numpy as np
import pytest

from mesolens.calibration.mixtures import REPLY, Found, found, left_out_gap, planted, state_of, walked


@pytest.mark.parametrize("seed", range(12))
def test_every_setting_is_a_source_and_a_model_of_probabilities(seed: int) -> None:
    setting = planted(np.random.default_rng(seed))
    for table in (setting.source, setting.model):
        assert np.allclose(table.sum(1), 1)
        assert (table >= 0).all()
    assert setting.documents.max() < setting.symbols


def test_walks_follow_their_table() -> None:
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.ones(3), size=9)
    texts = walked(rng, table, 3, 2, rng.integers(0, 3, (2000, 2)), 20)
    states = np.concatenate([state_of(texts[:, t - 2 : t], 3) for t in range(2, 20)])
    after = texts[:, 2:].T.ravel()
    for state in range(9):
        seen = np.bincount(after[states == state], minlength=3) / (states == state).sum()
        assert np.abs(seen - table[state]).max() < 0.05


def test_a_bracket_is_held_against_the_truth() -> None:
    assert Found(0.6, 0.8, 0.6, 0.8).held()
    assert not Found(0.9, 0.8, 0.6, 0.8).held()
    assert Found(0.55, 0.8, 0.6, 0.8).held()
    assert not Found(0.55, 0.8, 0.6, 0.8).held(peer=True)
    assert not Found(0.5, 0.8, 0.5, 0.6).determined


@pytest.mark.slow
def test_brackets_hold_the_truth() -> None:
    every = [found(planted(np.random.default_rng([5, n])), n) for n in range(30)]
    told = [each for each in every if each.determined]
    assert len(told) >= 8
    assert np.mean([each.held() for each in told]) >= 0.9
    assert REPLY > 0


def test_leaving_out_leaves_no_leak() -> None:
    row = left_out_gap(3)
    assert row.holds
    assert row.low is not None
    assert row.high is not None
    assert row.high - row.low < 0.15
