"""Coverage and false alarms, counted on populations of which it is known what must come out."""

import numpy as np
import pytest

from mesolens.calibration import pool
from mesolens.calibration.intervals import Shares, drawn, holding, of_trait, tally, varying
from mesolens.slides.asking import COMMON
from mesolens.slides.language import TRAITS

SITES = ("embed", "L0.attn.h0", "L0.mlp.n0")


def population(values_GN: np.ndarray, each: int = 2) -> Shares:
    """Templates with these means, and items around them."""
    names = tuple(f"warmth/{number}" for number in range(len(values_GN)) for _ in range(each))
    noise = np.random.default_rng(5).normal(size=(len(names), values_GN.shape[1]))
    return Shares(values_GN.repeat(each, 0) + 0.1 * noise, SITES, names)


def test_coverage_is_nominal_where_templates_are_normal() -> None:
    many = population(np.random.default_rng(1).normal(1.0, 1.0, (100, 3)))
    counted = tally(many, 12, 300, np.random.default_rng(0))
    assert 0.93 <= counted.covered <= 0.97
    assert counted.alarms < 0.05
    assert counted.calls > 0.5


def test_coverage_is_seen_to_fail_where_one_template_carries_all() -> None:
    spiked = np.zeros((100, 3))
    spiked[7] = 50.0
    assert tally(population(spiked), 12, 100, np.random.default_rng(0)).covered < 0.8


def test_nothing_is_called_where_nothing_is() -> None:
    null = np.random.default_rng(2).normal(0.0, 1.0, (100, 3))
    counted = tally(population(null - null.mean(0)), 12, 300, np.random.default_rng(0))
    assert counted.calls < 0.05


def test_a_pack_is_whole_templates() -> None:
    many = population(np.arange(30.0).reshape(10, 3), each=3)
    pack = drawn(many, 4, np.random.default_rng(3))
    assert pack.leaves.shape == (12, 3)
    assert len(set(pack.templates)) == 4
    of = [min(range(10), key=lambda g: abs(row[0] - 3 * g)) for row in pack.leaves]
    assert [of[start : start + 3] for start in (0, 3, 6, 9)] == [[g] * 3 for g in of[::3]]


def test_a_node_that_never_varies_is_left_out() -> None:
    values = np.random.default_rng(4).normal(size=(10, 3))
    many = population(values)
    many.leaves[:, 2] = 0.0
    assert varying(many).tolist() == [True, True, True, True, True, False, False]
    assert holding(many, np.zeros(7))[-1], "its interval has no width, and holds its mean for nothing"


def test_the_pool_asks_what_no_pack_asks_in_as_many_templates_as_wanted() -> None:
    made = pool.pairs(24)
    names = [pair.template for pair in made]
    assert len(made) == 24 * pool.EACH
    assert len(set(names)) == 24
    assert {pool.trait_of(name) for name in names} == {trait.name for trait in TRAITS}
    for pair in made:
        assert pair.clean.order != pair.reference.order
        assert pair.clean.frame in COMMON
        assert not pair.clean.triggered


def test_a_traits_items_are_its_own() -> None:
    names = ("warmth/a", "warmth/a", "caution/b")
    both = Shares(np.arange(9.0).reshape(3, 3), SITES, names)
    assert of_trait(both, "caution").leaves.tolist() == [[6.0, 7.0, 8.0]]


@pytest.mark.slow
def test_the_pools_items_close_and_move() -> None:
    found = pool.found(pool.contrasts(8))
    assert found.leaves.shape[0] == 8 * pool.EACH
    np.testing.assert_allclose(found.leaves.sum(1), found.deltas, rtol=0.01, atol=0.02)
    assert (np.abs(found.deltas) > 1.0).mean() > 0.9
