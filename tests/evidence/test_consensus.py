"""Consensus: planted groups are counted and come again, and rows without groups are seldom given any."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence import consensus
from mesolens.evidence.axes import unit
from mesolens.evidence.consensus import STABLE, Grouping, agreement_of_groups, ambiguity, grouped, overlaps
from tests.evidence.test_axes import planted

labels = st.integers(2, 12).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=2, max_size=5)
)
pairs_of_labels = st.integers(1, 14).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 4), min_size=n, max_size=n) for _ in range(2)))
)


def sought(rows: np.ndarray, **options: int) -> Grouping:
    """Groups of rows over items of their own, two traits of them."""
    items = [str(k) for k in range(rows.shape[1])]
    strata = ["ab"[k % 2] for k in range(rows.shape[1])]
    asked = {"most": 4, "resamples": 8, "rotations": 19, **options}
    return grouped(rows, np.linalg.norm(rows, axis=1), items, strata, **asked)


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_planted_groups_are_counted_found_and_stable(groups: int) -> None:
    rows, of = planted(np.random.default_rng(groups), groups, 10, 16, 0.4)
    found = sought(rows)
    assert found.chosen == groups
    assert found.p == pytest.approx(1 / 20)
    assert agreement_of_groups(found.axes.of, of) == 1.0
    assert (found.stability >= STABLE).all()
    assert (found.low <= found.stability + 1e-12).all()
    assert [count.groups for count in found.counts] == [2, 3, 4]


def test_nothing_turns_on_the_signs_of_rows_or_their_common_scale() -> None:
    rng = np.random.default_rng(7)
    rows, _ = planted(rng, 3, 6, 14, 0.4)
    signs = rng.choice([-1.0, 1.0], len(rows))[:, None]
    one, turned, scaled = (sought(each, most=3) for each in (rows, rows * signs, rows * 4.0))
    assert one.chosen == turned.chosen == scaled.chosen == 3
    for other in (turned, scaled):
        assert one.axes.of.tolist() == other.axes.of.tolist()
        np.testing.assert_allclose(one.stability, other.stability, atol=1e-9)


def test_another_order_of_rows_gives_the_same_groups_in_that_order() -> None:
    rng = np.random.default_rng(8)
    rows, _ = planted(rng, 3, 6, 14, 0.4)
    order = rng.permutation(len(rows))
    one, other = sought(rows, most=3), sought(rows[order], most=3)
    assert one.chosen == other.chosen
    assert agreement_of_groups(one.axes.of[order], other.axes.of) == 1.0


def test_the_same_seed_gives_the_same_grouping() -> None:
    rows, _ = planted(np.random.default_rng(9), 3, 8, 16, 0.5)
    one, other = (sought(rows, most=4, rotations=3, seed=5) for _ in range(2))
    assert one.counts == other.counts
    assert one.p == other.p
    assert np.array_equal(one.stability, other.stability)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_rows_without_groups_are_given_some_about_once_in_twenty(shared: float) -> None:
    """Also where whole items have much in common, which alone makes no groups."""
    called = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(40, 20)) @ np.diag(1 + shared * (np.arange(20) < 3))
        called += sought(rows, most=3, seed=seed).chosen > 0
    assert called <= 4  # of 20 at 1 in 20, five or more come up 3 times in 1000


@pytest.mark.parametrize("count", [1, 2])
def test_rows_too_few_to_be_told_apart_are_one_group(count: int) -> None:
    found = sought(np.random.default_rng(0).normal(size=(count, 12)))
    assert (found.chosen, found.counts) == (0, ())
    assert found.axes.of.tolist() == [0] * count
    assert found.stability.tolist() == [1.0]


def test_views_of_one_item_are_drawn_together_and_every_stratum_keeps_its_size() -> None:
    items = [name for name in "abcdef" for _ in range(3)]
    strata = ["x"] * 6 + ["y"] * 12
    for seed in range(30):
        columns = consensus._drawn(items, strata, np.random.default_rng(seed))  # pyright: ignore[reportPrivateUsage]
        assert len(columns) == 18
        assert sum(strata[column] == "x" for column in columns) == 6
        times = np.bincount(columns, minlength=18).reshape(6, 3)
        assert (times == times[:, :1]).all()


def test_rotated_rows_keep_what_items_have_in_common_and_every_length() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(4000, 5)) @ rng.normal(size=(5, 5))
    lengths = np.linalg.norm(rows, axis=1)
    turned = consensus._rotated(rows, lengths, rng)  # pyright: ignore[reportPrivateUsage]
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), lengths)
    one, other = (unit(each).T @ unit(each) / len(each) for each in (rows, turned))
    assert np.abs(one - other).max() < 0.05


@given(labels, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_ambiguity_is_what_pairs_of_rows_say(groups: list[list[int]], seed: int) -> None:
    table = np.array(groups)
    weight = np.random.default_rng(seed).uniform(0.1, 3.0, table.shape[1])
    total = mass = 0.0
    for one, other in combinations(range(table.shape[1]), 2):
        together = float(np.mean([row[one] == row[other] for row in groups]))
        total += weight[one] * weight[other] * 4 * together * (1 - together)
        mass += weight[one] * weight[other]
    found = ambiguity(table, weight)
    assert found == pytest.approx(total / mass, abs=1e-6)
    assert -1e-9 <= found <= 1 + 1e-9
    assert ambiguity(np.stack([table[0], 3 - table[0]]), weight) == pytest.approx(0.0, abs=1e-9)
    assert ambiguity(table, weight * 8) == pytest.approx(found)


@given(pairs_of_labels, st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_overlaps_are_what_sets_of_rows_say(pair: tuple[list[int], list[int]], seed: int) -> None:
    one, other = pair
    weight = np.random.default_rng(seed).uniform(0.1, 3.0, len(one))

    def mass(rows: set[int]) -> float:
        return float(sum(weight[row] for row in rows))

    sets = [[{row for row, label in enumerate(side) if label == group} for group in range(5)] for side in pair]
    literal = [max(mass(a & b) / mass(a | b) if a | b else 0.0 for b in sets[1]) for a in sets[0]]
    found = overlaps(np.array(one), np.array(other), weight, 5)
    np.testing.assert_allclose(found, literal, atol=1e-12)
    same = overlaps(np.array(one), 4 - np.array(one), weight, 5)
    np.testing.assert_allclose(same, [1.0 if some else 0.0 for some in sets[0]])


@given(pairs_of_labels)
@settings(max_examples=80, deadline=None)
def test_agreement_is_what_pairs_of_rows_say(pair: tuple[list[int], list[int]]) -> None:
    one, other = (np.array(side) for side in pair)
    pairs = list(combinations(range(len(one)), 2))
    a, b = ([side[i] == side[j] for i, j in pairs] for side in pair)
    both, chance = sum(x and y for x, y in zip(a, b, strict=True)), sum(a) * sum(b) / max(len(pairs), 1)
    most = (sum(a) + sum(b)) / 2
    literal = 1.0 if most == chance else (both - chance) / (most - chance)
    assert agreement_of_groups(one, other) == pytest.approx(literal)
    assert agreement_of_groups(other, one) == pytest.approx(literal)
    assert agreement_of_groups(one, 9 - one) == 1.0


def test_agreement_is_zero_on_average_for_groups_dealt_at_random() -> None:
    rng = np.random.default_rng(3)
    one = np.repeat(np.arange(4), [5, 9, 3, 13])
    found = [agreement_of_groups(one, rng.permutation(one)) for _ in range(800)]
    assert abs(float(np.mean(found))) < 4 * float(np.std(found)) / np.sqrt(800)
