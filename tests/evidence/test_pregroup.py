"""Small groups: nothing is lost of the total, alike rows stay together, and few rows are left alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.pregroup import SKETCH, pregrouped


@given(st.integers(5, 60), st.integers(2, 5), st.sampled_from([3, SKETCH, 3 * SKETCH]), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_each_sum_is_that_of_its_rows_turned_to_one_side(count: int, most: int, items: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, items)) * rng.uniform(0.1, 9.0, count)[:, None]
    of, sums = pregrouped(rows, min(most, count - 1), seed)
    assert sorted(set(of.tolist())) == list(range(len(sums)))
    assert len(sums) <= most
    for group, total in enumerate(sums):
        inside = rows[of == group]
        signs = np.linalg.lstsq(inside.T, total, rcond=None)[0] if len(inside) <= items else None
        if signs is not None:
            np.testing.assert_allclose(np.abs(signs), 1.0, atol=1e-6)
            np.testing.assert_allclose(signs @ inside, total, atol=1e-8)
        assert float(np.linalg.norm(total)) <= np.linalg.norm(inside, axis=1).sum() + 1e-9


@given(st.integers(0, 999), st.sampled_from([8, 200]))
@settings(max_examples=25, deadline=None)
def test_rows_of_one_line_are_together_and_add_up_by_length(seed: int, items: int) -> None:
    rng = np.random.default_rng(seed)
    lines = np.linalg.qr(rng.normal(size=(items, 4)))[0].T
    line_of = np.repeat(np.arange(4), 15)
    pull = rng.choice([-1.0, 1.0], 60) * rng.uniform(0.5, 2.0, 60)
    of, sums = pregrouped(lines[line_of] * pull[:, None], 30, seed)
    for group, total in enumerate(sums):
        inside = of == group
        assert len(set(line_of[inside].tolist())) == 1
        assert np.linalg.norm(total) == pytest.approx(np.abs(pull[inside]).sum(), rel=1e-6)


@given(st.integers(1, 20), st.integers(0, 5), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_no_more_rows_than_asked_for_are_each_their_own_group(count: int, spare: int, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(count, 7))
    of, sums = pregrouped(rows, count + spare, seed)
    assert of.tolist() == list(range(count))
    assert np.array_equal(sums, rows)


def test_the_same_seed_gives_the_same_groups() -> None:
    rows = np.random.default_rng(5).normal(size=(80, 100))
    one, other = (pregrouped(rows, 9, 3) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])
