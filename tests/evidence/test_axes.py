"""Axial clustering: nothing turns on a row's sign, order or scale, and planted lines are found again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.axes import axes, unit
from mesolens.evidence.consensus import agreement_of_groups


def planted(rng: np.random.Generator, groups: int, each: int, items: int, noise: float) -> tuple[np.ndarray, ...]:
    """Rows along a few lines, each turned either way, with what line each lies on."""
    lines = np.linalg.qr(rng.normal(size=(items, groups)))[0].T
    of = np.repeat(np.arange(groups), each)
    rows = lines[of] + noise * rng.normal(size=(len(of), items)) / np.sqrt(items)
    return rows * rng.choice([-1.0, 1.0], len(of))[:, None] * rng.uniform(0.5, 3.0, len(of))[:, None], of


@given(st.integers(2, 5), st.integers(0, 999), st.floats(0.0, 0.5))
@settings(max_examples=40, deadline=None)
def test_planted_lines_are_found_whichever_way_their_rows_point(groups: int, seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    rows, of = planted(rng, groups, 12, 30, noise)
    found = axes(unit(rows), np.ones(len(rows)), groups, rng, starts=12)
    assert agreement_of_groups(found.of, of) == 1.0


@given(st.integers(0, 999), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_sign_of_a_row_changes_nothing(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    rows, weight = unit(rng.normal(size=(25, 6))), rng.uniform(0.1, 2.0, 25)
    signs = rng.choice([-1.0, 1.0], 25)
    one, other = (axes(each, weight, groups, np.random.default_rng(3)) for each in (rows, rows * signs[:, None]))
    assert one.of.tolist() == other.of.tolist()
    assert one.explained == pytest.approx(other.explained, abs=1e-9)
    np.testing.assert_allclose(one.likeness, other.likeness, atol=1e-6)


@given(st.integers(0, 999), st.integers(-8, 8))
@settings(max_examples=30, deadline=None)
def test_the_scale_of_weights_changes_nothing(seed: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    rows, weight = unit(rng.normal(size=(25, 6))), rng.uniform(0.1, 2.0, 25)
    one, other = (axes(rows, w, 3, np.random.default_rng(3)) for w in (weight, weight * 2.0**power))
    assert one.of.tolist() == other.of.tolist()
    assert one.explained == pytest.approx(other.explained)


@given(st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_another_order_of_rows_gives_the_same_groups_in_that_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, _ = planted(rng, 3, 10, 20, 0.3)
    order = rng.permutation(len(rows))
    one = axes(unit(rows), np.ones(30), 3, np.random.default_rng(1), starts=12)
    other = axes(unit(rows[order]), np.ones(30), 3, np.random.default_rng(2), starts=12)
    assert agreement_of_groups(one.of[order], other.of) == 1.0
    assert one.explained == pytest.approx(other.explained)


@given(st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_rows_lie_with_the_nearest_axis_and_axes_are_their_weighted_means(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, weight = unit(rng.normal(size=(30, 4))), rng.uniform(0.1, 2.0, 30)
    found = axes(rows, weight, 4, rng, steps=200)
    cosines = np.array([[abs(float(row @ axis)) for axis in found.axis] for row in rows])
    np.testing.assert_allclose(found.likeness, cosines.max(1), atol=1e-12)
    assert (cosines[np.arange(30), found.of] == cosines.max(1)).all()
    assert found.explained == pytest.approx(sum(weight * cosines.max(1)) / sum(weight))
    for group, axis in enumerate(found.axis):
        inside = np.flatnonzero(found.of == group)
        mean = sum(weight[row] * np.sign(rows[row] @ axis) * rows[row] for row in inside)
        assert abs(float(mean @ axis)) / np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-3)


def test_one_axis_is_the_first_principal_one_where_rows_lie_near_it() -> None:
    rng = np.random.default_rng(0)
    rows = unit(rng.choice([-1.0, 1.0], 40)[:, None] * (np.eye(8)[0] + 0.05 * rng.normal(size=(40, 8))))
    found = axes(rows, np.ones(40), 1, rng)
    assert set(found.of.tolist()) == {0}
    principal = np.linalg.svd(rows)[2][0]
    assert abs(float(principal @ found.axis[0])) == pytest.approx(1.0, abs=1e-3)


def test_more_groups_than_there_are_lines_leave_every_row_on_its_line() -> None:
    rows = unit(np.array([[1.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -3.0]]))
    found = axes(rows, np.ones(4), 4, np.random.default_rng(0))
    assert found.explained == pytest.approx(1.0)
    assert np.isfinite(found.axis).all()
    assert found.of[0] == found.of[1] != found.of[2] == found.of[3]


def test_rows_without_weight_move_no_axis() -> None:
    rng = np.random.default_rng(4)
    rows = unit(np.concatenate([np.tile([1.0, 0.0, 0.0], (5, 1)), rng.normal(size=(20, 3))]))
    found = axes(rows, np.array([1.0] * 5 + [0.0] * 20), 1, rng)
    np.testing.assert_allclose(np.abs(found.axis[0]), [1.0, 0.0, 0.0], atol=1e-6)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_unit_rows_have_length_one_and_zeros_stay(rows: int, items: int, seed: int) -> None:
    table = np.random.default_rng(seed).normal(size=(rows, items))
    table[0] = 0.0
    lengths = np.linalg.norm(unit(table), axis=1)
    np.testing.assert_allclose(lengths, [0.0, *[1.0] * (rows - 1)])
