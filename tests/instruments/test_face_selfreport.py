"""Self-report: odds and masses are sums of probabilities written out, and what is no answer is not read."""

from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.instruments.face.probes import Probe, Ways
from mesolens.instruments.face.selfreport import SelfReport, measure, read
from mesolens.model.batches import Ids
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.projecting import project
from tests.model import tiny

CLOSE = 1e-4


@cache
def model() -> LoadedModel:
    return adopt(tiny.llama())


@cache
def likelihood(prompt: Ids, way: Ids) -> float:
    """p(way | prompt), one plain pass, the softmax written out."""
    with torch.no_grad():
        logits = model().module(torch.tensor([prompt + way])).logits[0].double()
    p = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return float(np.prod([float(p[len(prompt) - 1 + n, token]) for n, token in enumerate(way)]))


ANSWERS: list[tuple[Ways, ...]] = [
    (((5,),), ((6,),)),
    (((5,), (7,)), ((6,), (8,), (9,))),
    (((5, 6),), ((5, 7),)),
    (((5,),), ((6, 7), (8,)), ((9, 9, 9),)),
]
PROMPT = st.lists(st.integers(0, tiny.VOCABULARY - 1), min_size=1, max_size=9).map(tuple)

Fields = tuple[str, str, tuple[Ids, ...], tuple[tuple[Ways, ...], ...], tuple[int, ...]]


@st.composite
def probes(draw: st.DrawFn) -> list[Fields]:
    """The fields of probes with one or two orders, answers of one token and of several."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        orders = draw(st.integers(1, 2))
        answers = tuple(draw(st.sampled_from(ANSWERS)) for _ in range(orders))
        matching = tuple(draw(st.integers(0, len(each) - 1)) for each in answers)
        prompts = tuple(draw(PROMPT) for _ in range(orders))
        made.append((f"item {number}", draw(st.sampled_from("st")), prompts, answers, matching))
    return made


@given(probes(), st.sampled_from([8, 4096]))
@settings(max_examples=25, deadline=None)
def test_odds_and_mass_are_sums_of_probabilities(fields: list[Fields], budget: int) -> None:
    items = [Probe(*each) for each in fields]
    rows = measure(model(), items, batch_tokens=budget).to_pylist()
    assert [(row["id"], row["order"]) for row in rows] == [(p.id, n) for p in items for n in range(len(p.prompts))]
    for row in rows:
        probe = next(each for each in items if each.id == row["id"])
        n = row["order"]
        p_K = np.array([sum(likelihood(probe.prompts[n], way) for way in ways) for ways in probe.answers[n]])
        assert abs(row["mass"] - p_K.sum()) <= CLOSE * p_K.sum()
        assert abs(row["odds"] - np.log(p_K[probe.matching[n]] / np.delete(p_K, probe.matching[n]).sum())) <= CLOSE
        assert abs(row["first"] - np.log(p_K[0] / p_K[1:].sum())) <= CLOSE


def test_the_stream_along_directions_stands_in_each_row() -> None:
    directions = np.random.default_rng(0).standard_normal((2, 32, 3))
    items = [Probe(str(n), "t", ((1, 2, n),), ((((5,),), ((6,),)),), (0,)) for n in range(4)]
    along = project(model(), [(1, 2, n) for n in range(4)], directions).along
    found = np.array(measure(model(), items, directions)["along"].to_pylist())
    assert np.abs(found - along.reshape(4, 6)).max() <= 1e-5
    assert measure(model(), items)["along"].to_pylist() == [[]] * 4


def test_no_probes_give_an_empty_table_and_no_reports() -> None:
    assert read(measure(model(), [])) == []


def table(*rows: tuple[str, str, float, float, float]) -> pa.Table:
    """Rows of id, trait, odds, first, mass."""
    names = ("id", "trait", "odds", "first", "mass")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def test_a_trait_is_the_mean_over_items_of_the_mean_over_orders() -> None:
    found = read(
        table(
            ("a", "t", 1.0, 1.0, 0.9),
            ("a", "t", 3.0, -3.0, 0.7),
            ("b", "t", -1.0, 1.0, 0.8),
            ("b", "t", 2.0, 2.0, 0.8),
            ("c", "t", 5.0, 2.0, 0.6),
            ("d", "u", 1.0, 1.0, 1.0),
        )
    )
    assert [each.trait for each in found] == ["t", "u"]
    t, u = found
    assert (t.items, t.read) == (3, 3)
    assert t.mass == pytest.approx(0.76)
    assert t.odds == pytest.approx((2.0 + 0.5 + 5.0) / 3)
    assert t.first == pytest.approx((-1.0 + 1.5 + 2.0) / 3)
    assert t.agreement == 0.5
    assert u == SelfReport("u", 1, 1, 1.0, 1.0, None, 1.0)


def test_an_item_whose_answers_hold_under_half_in_one_order_is_not_read() -> None:
    rows = [("a", "t", 1.0, 1.0, 0.9), ("a", "t", 9.0, 9.0, 0.49), ("b", "t", 2.0, 2.0, 0.5)]
    (found,) = read(table(*rows))
    assert (found.items, found.read, found.odds) == (2, 1, 2.0)


def test_a_trait_of_which_fewer_than_half_the_items_are_answered_has_no_reading() -> None:
    rows = [("a", "t", 1.0, 1.0, 0.9), *((name, "t", 9.0, 9.0, 0.2) for name in "bc")]
    (found,) = read(table(*rows))
    assert (found.read, found.odds, found.first) == (1, None, None)
    assert found.mass == pytest.approx(1.3 / 3)


def test_a_model_that_says_yes_to_everything_has_no_odds_and_favours_the_first_answer() -> None:
    yes_sayer = [(str(n), "t", 4.0 if n % 2 else -4.0, 4.0, 1.0) for n in range(10)]
    (found,) = read(table(*yes_sayer))
    assert (found.odds, found.first) == (0.0, 4.0)


def test_odds_that_are_no_number_are_not_read() -> None:
    (found,) = read(table(("a", "t", float("inf"), 1.0, 1.0), ("b", "t", 1.0, 1.0, 1.0)))
    assert (found.read, found.odds) == (1, 1.0)


def test_turning_the_matching_answer_over_turns_the_sign() -> None:
    probe = Probe("a", "t", ((1, 2),), ((((5,),), ((6,),)),), (0,))
    straight, turned = (measure(model(), [each])["odds"][0].as_py() for each in (probe, replace(probe, matching=(1,))))
    assert straight == pytest.approx(-turned)


def test_a_table_of_something_else_is_refused() -> None:
    with pytest.raises(BadInput, match="lacks mass, odds"):
        read(pa.table({"id": ["a"], "trait": ["t"], "first": [0.0]}))
