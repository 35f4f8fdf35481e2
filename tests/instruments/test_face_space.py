"""Where a state stands: distances by an independent implementation, and laws of the bank's role space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float
from scipy.stats import special_ortho_group

from mesolens.instruments.face.space import cloud, displaced, distances, role_space


def shrunk(states_IW: Float[np.ndarray, "I W"]) -> Float[np.ndarray, "W W"]:
    """The covariance shrunk by the oracle-approximating rule, as the paper writes it (Chen et al. 2010, eq. 23)."""
    count, width = states_IW.shape
    centred = states_IW - states_IW.mean(0)
    sample = centred.T @ centred / count
    mean = np.trace(sample) / width
    top = (1 - 2 / width) * np.trace(sample @ sample) + np.trace(sample) ** 2
    bottom = (count + 1 - 2 / width) * (np.trace(sample @ sample) - np.trace(sample) ** 2 / width)
    part = min(1.0, top / bottom)
    return (1 - part) * sample + part * mean * np.eye(width)


def states(seed: int, count: int, width: int) -> Float[np.ndarray, "I W"]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) * np.geomspace(5, 0.1, width) + rng.normal(size=width)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(3, 40), st.integers(3, 30))
def test_the_distance_is_mahalanobis_with_a_shrunk_covariance(seed: int, count: int, width: int) -> None:
    known, new = states(seed, count, width), states(seed + 1, 7, width) + 1
    off = new - known.mean(0)
    expected = np.sqrt(np.einsum("iw,wv,iv->i", off, np.linalg.inv(shrunk(known)), off) / width)
    np.testing.assert_allclose(distances(cloud(known), new), expected, rtol=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 100), st.floats(-9, 9))
def test_distances_do_not_depend_on_axes_scale_or_origin(seed: int, scale: float, shift: float) -> None:
    known, new = states(seed, 20, 12), states(seed + 1, 5, 12)
    turn = special_ortho_group.rvs(12, random_state=seed)
    moved = (scale * side @ turn + shift for side in (known, new))
    np.testing.assert_allclose(distances(cloud(next(moved)), next(moved)), distances(cloud(known), new), rtol=1e-7)


def test_an_ordinary_state_lies_near_one_and_the_mean_at_none() -> None:
    known, new = np.random.default_rng(0).normal(3, 2, (2, 2000, 20))
    far = distances(cloud(known), new)
    assert float((far**2).mean()) == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(distances(cloud(known), known.mean(0)[None]), 0.0, atol=1e-9)


def test_states_that_are_all_alike_make_a_cloud_all_the_same() -> None:
    same = np.ones((5, 4))
    assert distances(cloud(same), same).tolist() == [0.0] * 5
    assert np.isfinite(distances(cloud(same), same + 1)).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(2, 6), st.data())
def test_a_move_towards_a_role_lies_inside_and_one_across_lies_outside(
    seed: int, voices: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(voices, 16))
    space = role_space(means)
    assert space.basis.shape == (voices - 1, 16)
    role = data.draw(st.integers(1, voices - 1))
    towards = (means[role] - means[0])[None]
    across = rng.normal(size=16)
    across -= space.basis.T @ (space.basis @ across)
    for move, inner, outer in ((towards, True, False), (across[None], False, True), (towards + across, True, True)):
        inside, outside, _ = displaced(space, move)
        assert bool(inside[0] > 1e-9) is inner
        assert bool(outside[0] > 1e-6) is outer
        total = float(np.linalg.norm(move)) / space.unit
        assert np.hypot(inside[0], outside[0]) == pytest.approx(total, rel=1e-9)


@given(st.integers(0, 999), st.integers(2, 6))
@settings(max_examples=20, deadline=None)
def test_the_axis_is_nought_unmoved_and_minus_one_at_the_mean_of_the_roles(seed: int, voices: int) -> None:
    means = np.random.default_rng(seed).normal(size=(voices, 16))
    space = role_space(means)
    moves = np.stack([np.zeros(16), means[1:].mean(0) - means[0], means[0] - means[1:].mean(0)])
    np.testing.assert_allclose(displaced(space, moves)[2], [0.0, -1.0, 1.0], atol=1e-9)


def test_the_unit_is_the_mean_distance_of_the_role_means_from_their_centre() -> None:
    means = np.array([[0.0, 3.0], [0.0, -3.0]])
    inside, outside, _ = displaced(role_space(means), np.array([[2.0, 6.0]]))
    assert (inside[0], outside[0]) == pytest.approx((2.0, 2.0 / 3.0))


def test_a_bank_whose_voices_stand_in_one_place_has_no_inside() -> None:
    space = role_space(np.ones((3, 5)))
    inside, outside, axis = displaced(space, np.eye(5)[:1])
    assert (inside[0], axis[0]) == (0.0, 0.0)
    assert outside[0] > 0
