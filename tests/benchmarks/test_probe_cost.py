"""The probe benchmark measures what it says: models of that size, questions that differ, and the whole way for both."""

from unittest.mock import patch

import pytest
from transformers import LlamaForCausalLM

from benchmarks import probe_cost, questions
from benchmarks.questions import SIZES, Size, own
from benchmarks.row import Row


@pytest.mark.parametrize("size", SIZES)
def test_a_model_has_as_many_parameters_as_its_name_says(size: Size) -> None:
    count = sum(each.numel() for each in LlamaForCausalLM(questions._CONFIGS[size]).parameters())
    assert count == {"2.1M": 2_098_304, "38M": 37_888_512}[size]


def test_questions_of_our_own_differ_where_no_others_are_there() -> None:
    asked = own(256)
    assert len({each.text for each in asked}) == 256
    assert {each.yes for each in asked if each.trait == "trait 0"} | {each.yes for each in asked} == {True, False}


def test_shared_questions_are_taken_evenly_from_all_personas() -> None:
    if not questions.SHARED.is_dir():
        pytest.skip(f"needs the shared data at {questions.SHARED}")
    asked = questions.questions(256)
    counts = [sum(each.trait == trait for each in asked) for trait in {each.trait for each in asked}]
    assert len(asked) == 256
    assert len(counts) == 15
    assert max(counts) - min(counts) <= 1
    assert {each.yes for each in asked} == {True, False}


def test_rows_hold_ours_against_the_bar_and_beside_the_peer() -> None:
    times = {"mesolens": [1.0, 2.0, 1.2], probe_cost.PEER: [5.0] * 3, probe_cost.WITH_STATES: [9.0] * 3}
    with (
        patch.object(probe_cost, "timed", lambda works, rounds, count: times),
        patch.object(probe_cost, "find_spec", lambda name: None),
    ):
        plain, beside = probe_cost.measured("2.1M", own(4))
    assert plain.value == beside.value == 1.2
    assert (plain.low, plain.high, plain.bar, plain.holds) == (1.0, 2.0, "≤ 1.5", True)
    assert (plain.peer, plain.peer_value, beside.peer_value) == ("Inspect hf", 5.0, 9.0)
    assert isinstance(plain, Row)
