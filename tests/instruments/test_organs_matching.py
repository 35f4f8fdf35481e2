"""Organs of two models: the same ones found again in any order, and what one lacks is the other's own."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.axes import unit
from mesolens.instruments.middle.organs.matching import Responses, matched, responses
from tests.instruments.organ_tables import planted


def some(seed: int, organs: int, views: int = 60) -> Responses:
    return Responses("one", unit(np.random.default_rng(seed).normal(size=(organs, views))))


def pairs(found: dict[str, Any], *, shared: bool = True) -> set[tuple[int, int]]:
    return {(row["one"], row["other"]) for row in found["matched"] if row["shared"] or not shared}


@given(st.integers(0, 99), st.permutations(range(4)), st.lists(st.sampled_from([-1.0, 1.0]), min_size=4, max_size=4))
@settings(max_examples=20, deadline=None)
def test_the_same_organs_in_another_order_and_turned_round_are_all_found(
    seed: int, order: list[int], turn: list[float]
) -> None:
    one = some(seed, 4)
    found = cast("dict[str, Any]", matched(one, Responses("other", one.rows[order] * np.array(turn)[:, None]), 0))
    assert pairs(found) == {(organ, place) for place, organ in enumerate(order)}
    assert [row["likeness"] for row in found["matched"]] == pytest.approx([1.0] * 4)
    assert found["alone"] == {"one": [], "other": []}


def test_what_one_model_lacks_is_the_others_own() -> None:
    one, strange = some(1, 4), some(2, 1)
    found = cast(
        "dict[str, Any]", matched(one, Responses("other", np.concatenate([one.rows[[2, 0]], strange.rows])), 0)
    )
    assert pairs(found) == {(2, 0), (0, 1)}
    assert found["alone"] == {"one": [1, 3], "other": [2]}


def test_organs_that_have_nothing_to_do_with_each_other_are_seldom_shared() -> None:
    """The largest likeness of all pairs is held against that of shuffled views: one run in twenty, by chance."""
    wrong = sum(bool(pairs(cast("Any", matched(some(seed, 3), some(1000 + seed, 3), seed)))) for seed in range(100))
    assert wrong <= 12


def test_an_organ_answers_by_what_its_leaves_sum_to_whatever_their_names() -> None:
    truth = planted()
    mixed = np.random.default_rng(0).permutation(len(truth.of))
    table = truth.tables["organs-items"]
    shares = truth.found.shares[:, mixed]
    place = table.column_names.index("shares")
    items = table.set_column(place, table.field(place), [shares.tolist()])
    one = responses(truth.tables, truth.spec, "one")
    other = responses({**truth.tables, "organs-items": items}, truth.spec, "other")
    found = cast("dict[str, Any]", matched(one, other, 0))
    assert [row["likeness"] for row in found["matched"]] == pytest.approx([1.0] * 3, abs=1e-6)


def test_models_that_did_not_see_the_same_are_refused() -> None:
    one = some(1, 2)
    with pytest.raises(BadInput, match="60 and 59 views"):
        matched(one, replace(one, name="two", rows=one.rows[:, :59]), 0)
