"""Calibrating organs: scores that a literal reckoning gives, and labels exchanged that keep everything else."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.api import Organs
from mesolens.calibration import grouped
from mesolens.calibration.grouped import Planted, as_planted, exchanged, main_organ, rand
from mesolens.evidence.reading import Reading
from mesolens.traits.contrasts import Contrast

TRUTH = Planted({"a": ["L0.mlp.n0", "L0.mlp.n1"], "b": ["L0.mlp.n2"]}, {"warmth": ["a"], "temper": ["a", "b"]})


def found(*serves: tuple[str, ...]) -> Organs:
    """Organs that serve these traits."""
    rows: list[Any] = [
        {"shared": len(traits) > 1, "serves": [{"trait": t, "called": t in traits} for t in ("warmth", "temper")]}
        for traits in serves
    ]
    return Organs(Reading("organs", "x", "organs", "", data={"organs": rows}), {})


def test_traits_are_as_planted_where_their_groups_organs_serve_them() -> None:
    place = {"a": [0, 0], "b": [1]}
    assert as_planted(found(("warmth", "temper"), ("temper",)), TRUTH, place) == pytest.approx(2 / 3)
    both = found(("warmth", "temper"), ("warmth", "temper"))
    assert as_planted(both, TRUTH, place) == 1.0
    assert as_planted(found(("temper",), ("temper",)), TRUTH, place) == pytest.approx(1 / 3)
    assert as_planted(both, TRUTH, {"a": [-1, -1], "b": [1]}) == 0.0


@given(st.lists(st.integers(-1, 3), min_size=1))
def test_a_groups_organ_is_the_one_that_most_of_it_is_in(organs: list[int]) -> None:
    counts = Counter(organs)
    assert counts[main_organ(organs)] == max(counts.values())


def test_the_rand_index_is_one_for_the_planted_groups_and_low_for_one_organ() -> None:
    assert rand({"a": [3, 3], "b": [0, 0]}) == 1.0
    assert rand({"a": [0, 0], "b": [0, 0]}) == 0.0


def test_exchanging_turns_about_half_and_leaves_contrasts_without_a_foil() -> None:
    texts = [Contrast("p", "q", f"t{k}", f"f{k}") for k in range(200)] + [Contrast("p", "q", "t", None)]
    turned = exchanged(texts, 1)
    assert turned == exchanged(texts, 1) != exchanged(texts, 2)
    changed = [now != was for now, was in zip(turned, texts, strict=True)]
    assert 70 <= sum(changed) <= 130
    assert turned[-1] == texts[-1]
    for now, was in zip(turned, texts, strict=True):
        assert {now.target, now.foil} == {was.target, was.foil}


def test_a_figure_beside_another_grouping_is_held_against_its_lower_end() -> None:
    row = {
        "name": "layers",
        "difference": 0.2,
        "low": -0.01,
        "high": 0.4,
        "more": 0.3,
        "more_low": 0.1,
        "more_high": 0.5,
    }
    assert grouped._above("s", row).holds is False
    assert grouped._above("s", {**row, "low": 0.01}).holds is True
    more = grouped._more_selective("s", row)
    assert (more.value, more.low, more.high, more.holds) == (0.3, 0.1, 0.5, None)


def test_neurons_are_found_by_their_site() -> None:
    sites = pa.table({"site": ["L0.mlp.n2", "L0.mlp.n0", "L0.mlp.n1"], "organ": pa.array([1, 0, -1], pa.int32())})
    tables = {
        "organs-members": sites.select(["organ"]),
        "organs-sites": sites.select(["site"]),
        "organs-items": pa.table({"view": pa.array([0], pa.int32()), "shares": [[1.0, 2.0, 3.0]]}),
    }
    reading = Reading("organs", "x", "organs", "", data={"traits": ["warmth"], "views": [[0, 0, "found"]]})
    assert grouped.placed(Organs(reading, tables), TRUTH) == {"a": [0, -1], "b": [1]}
