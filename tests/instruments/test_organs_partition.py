"""Partitions of leaves: planted organs are found, nothing is lost, and no leaf's place in the model matters."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.consensus import agreement_of_groups
from mesolens.instruments.middle.organs.found import found_in, item_rows
from mesolens.instruments.middle.organs.groupings import LAYERS, ORGANS, RANDOM, TRAITS, groupings
from mesolens.instruments.middle.organs.partition import REST, partition, sums
from mesolens.instruments.middle.organs.read import conservation
from mesolens.instruments.middle.organs.spec import FOUND
from mesolens.model.sites import parse
from tests.instruments.organ_tables import SMALL, planted, tables_of, views


def test_planted_organs_are_found_and_noise_is_the_remainder() -> None:
    truth = planted()
    known = partition(truth.found, truth.spec)
    assert known.organs == known.grouping.chosen == 3
    assert agreement_of_groups(known.of, truth.of) == 1.0
    assert set(known.of[truth.of == -1].tolist()) == {REST}


def test_every_leaf_has_one_place_and_organs_stand_by_what_they_carry() -> None:
    truth = planted(2, noise=0.02)
    found, known = truth.found, partition(truth.found, truth.spec)
    assert known.of.shape == (len(found.sites),)
    assert set(known.of.tolist()) <= {REST, *range(known.organs)}
    assert all((known.of == organ).any() for organ in range(known.organs))
    rows = found.of(FOUND)
    gross = (np.abs(found.shares[rows]) / np.abs(found.shares[rows]).sum(1, keepdims=True)).mean(0)
    parts = [float(gross[known.of == organ].sum()) for organ in range(known.organs)]
    np.testing.assert_allclose(known.part, parts)
    assert parts == sorted(parts, reverse=True)
    assert len(known.grouping.stability) == len(known.grouping.low) == known.organs
    assert ((known.tight >= 0.5) & (known.tight <= 1 + 1e-9)).all()


@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 5), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_organs_and_remainder_add_up_to_the_leaves(views: int, leaves: int, groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares, of = rng.normal(size=(views, leaves)) * 10.0 ** rng.integers(-6, 6), rng.integers(-1, groups, leaves)
    found = sums(shares, of, groups)
    literal = [[sum(row[of == group]) for group in (*range(groups), REST)] for row in shares]
    np.testing.assert_allclose(found, literal, rtol=1e-9, atol=1e-9 * np.abs(shares).max())
    assert (np.abs(found.sum(1) - shares.sum(1)) <= 1e-12 * np.abs(shares).sum(1)).all()


def test_the_organ_level_is_conserved() -> None:
    truth = planted(2, noise=0.02)
    assert conservation(truth.found, partition(truth.found, truth.spec)) <= 1e-12


def test_leaves_in_another_order_get_the_same_organs() -> None:
    truth = planted()
    order = np.random.default_rng(0).permutation(len(truth.of))
    turned = replace(truth.found, shares=truth.found.shares[:, order])
    one, other = partition(truth.found, truth.spec), partition(turned, truth.spec)
    assert one.of[order].tolist() == other.of.tolist()
    np.testing.assert_allclose(one.part, other.part)


def test_views_that_organs_are_not_found_by_have_no_say() -> None:
    truth = planted()
    others = np.array([view.use != FOUND for view in truth.spec.views])
    shares = truth.found.shares.copy()
    shares[others] = np.random.default_rng(1).normal(size=shares[others].shape)
    one, other = (partition(replace(truth.found, shares=each), truth.spec) for each in (truth.found.shares, shares))
    assert np.array_equal(one.of, other.of)
    assert np.array_equal(one.grouping.stability, other.grouping.stability)


def test_a_question_with_large_shares_counts_like_any_other() -> None:
    truth = planted()
    scale = np.random.default_rng(2).choice([0.25, 1.0, 64.0], len(truth.found.shares))[:, None]
    one, other = (
        partition(replace(truth.found, shares=truth.found.shares * each), truth.spec) for each in (1.0, scale)
    )
    assert np.array_equal(one.of, other.of)


def test_two_leaves_that_carry_all_are_no_organs() -> None:
    rows = np.full((len(views()), 12), 1e-9)
    rows[:, :2] = np.random.default_rng(0).uniform(1, 2, (len(rows), 2))
    known = partition(found_in(tables_of(list(rows)), replace(SMALL, views=views())), SMALL)
    assert known.grouping.chosen == 0
    assert known.grouping.counts == ()


def test_rows_of_shares_come_back_in_the_order_of_views() -> None:
    truth = planted()
    order = np.random.default_rng(3).permutation(len(truth.found.shares)).tolist()
    rest = [{"delta": truth.found.deltas[row], "steps": 8 + row, "closes": row % 2 == 0} for row in order]
    mixed = item_rows(order, [truth.found.shares[row] for row in order], rest)
    again = found_in({**truth.tables, "organs-items": mixed}, truth.spec)
    assert np.array_equal(again.shares, truth.found.shares)
    assert np.array_equal(again.deltas, truth.found.deltas)
    assert again.closes.tolist() == [row % 2 == 0 for row in range(len(order))]
    assert again.steps == 8 + len(order) - 1
    assert again.completeness == pytest.approx(0.0, abs=1e-12)


def test_other_groupings_have_the_sizes_of_organs_and_the_same_leaves() -> None:
    truth = planted()
    known = partition(truth.found, truth.spec)
    several = groupings(truth.spec, truth.found, known)
    assert {kind: len(some) for kind, some in several.items()} == {ORGANS: 1, RANDOM: 3, LAYERS: 1, TRAITS: 1}
    sizes = np.bincount(known.of[known.of != REST])
    for some in several.values():
        for of in some:
            assert np.bincount(of[of != REST]).tolist() == sizes.tolist()
            assert ((of == REST) == (known.of == REST)).all()
    assert several[LAYERS][0][known.of != REST].tolist() == sorted(several[LAYERS][0][known.of != REST].tolist())


def test_random_groupings_keep_how_many_leaves_of_each_writer_a_group_has() -> None:
    truth = planted()
    found, known = truth.found, partition(truth.found, truth.spec)
    writers = np.array([str(parse(site).parent()) for site in found.sites])
    several = groupings(truth.spec, found, known)[RANDOM]
    for of in several:
        for writer in set(writers.tolist()):
            here = writers == writer
            assert sorted(of[here].tolist()) == sorted(known.of[here].tolist())
    assert any(not np.array_equal(of, known.of) for of in several)
    again = groupings(truth.spec, found, known)[RANDOM]
    assert all(np.array_equal(one, other) for one, other in zip(several, again, strict=True))


def test_trait_directions_put_leaves_of_one_trait_together() -> None:
    truth = planted()
    found, known = truth.found, partition(truth.found, truth.spec)
    (of,) = groupings(truth.spec, found, known)[TRAITS]
    rows = found.of(FOUND)
    means = [np.abs(found.shares[[row for row in rows if found.views[row].trait == trait]].mean(0))
             for trait in ("candour", "warmth")]  # fmt: skip
    inside = np.flatnonzero(of != REST)
    order = sorted(inside.tolist(), key=lambda leaf: (means[1][leaf] > means[0][leaf], -max(m[leaf] for m in means)))
    assert of[order].tolist() == sorted(of[inside].tolist())
