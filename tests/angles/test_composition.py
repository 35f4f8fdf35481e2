"""The syntax of compositions goes back and forth, and steps are taken in order with generators of their own."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles.angle import UNDOING
from mesolens.angles.catalog import CATALOG
from mesolens.angles.composition import Composition, Step, parse, turned
from mesolens.errors import BadInput
from mesolens.model.question import Question

from .questions import Ask, anything

STRENGTHS = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 0.5])
STEPS = st.lists(st.tuples(st.sampled_from(list(CATALOG)), STRENGTHS), min_size=1, max_size=4)
QUESTION = Question("I think tea is good. What do you say?", core="tea is good")


def composed(steps: list[tuple[str, float]]) -> Composition:
    return Composition(tuple(Step(CATALOG[name], strength) for name, strength in steps))


@given(STEPS)
def test_what_is_printed_parses_to_the_same(steps: list[tuple[str, float]]) -> None:
    composition = composed(steps)
    assert parse(str(composition)) == composition


SHORT = st.one_of(
    st.just(""), st.just(":0"), st.integers(1, 999).map(lambda k: f":0.{k:03d}".rstrip("0")), st.just(":0.00001")
)


@given(st.lists(st.tuples(st.sampled_from(list(CATALOG)), SHORT), min_size=1, max_size=4))
def test_what_is_written_the_shortest_way_is_printed_as_it_was(parts: list[tuple[str, str]]) -> None:
    text = "|".join(name + strength for name, strength in parts)
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("leet:.30", "leet:0.3"), ("leet:1", "leet"), ("leet:1.0 | json", "leet|json"), ("leet:0.0", "leet:0")],
)
def test_other_ways_to_write_it_mean_the_same(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("leat", "did you mean leet"),
        ("json|tpyos", "'tpyos' is no angle: did you mean typos"),
        ("qqqqqqq", "`mesolens angles list`"),
        ("LEET", "'LEET' is no angle"),
        ("\x1b[2J", "is no angle"),
        ("", "name is missing"),
        ("leet|", "name is missing"),
        ("leet:", "strength of leet is ''"),
        ("leet:2", "from 0 to 1"),
        ("leet:1.5", "from 0 to 1"),
        ("leet:-0.1", "from 0 to 1"),
        ("leet:nan", "from 0 to 1"),
        ("leet:1e-3", "from 0 to 1"),
        ("leet:٠", "from 0 to 1"),
        ("leet:0.3:0.4", "from 0 to 1"),
    ],
)
def test_what_is_no_composition_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(BadInput) as problem:
        parse(text)
    assert said in str(problem.value)
    assert str(problem.value).isprintable()


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_step_lies_between_0_and_1(strength: float) -> None:
    with pytest.raises(BadInput, match="from 0 to 1"):
        Step(CATALOG["leet"], strength)
    with pytest.raises(BadInput, match="identity"):
        Composition(())


@given(anything(), STEPS, st.integers(0, 2**63), st.text(max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_composition_is_its_steps_one_after_the_other(
    ask: Ask, steps: list[tuple[str, float]], seed: int, item: str
) -> None:
    question, composition = ask(), composed(steps)
    found = turned(question, composition, seed, item)
    assert found == turned(question, composition, seed, item)
    assert found.text or not question.text
    identity = Step(CATALOG["identity"])
    by_hand = question
    for place, step in enumerate(composition.steps):
        by_hand = turned(by_hand, Composition((*[identity] * place, step)), seed, item)
    assert found == by_hand


def test_seed_item_place_and_angle_each_draw_anew() -> None:
    def text(syntax: str, seed: int = 0, item: str = "a") -> str:
        return turned(QUESTION, parse(syntax), seed, item).text

    half = "full-width:0.5"
    drawn = [text(half), text(half, seed=1), text(half, item="b"), text(f"identity|{half}")]
    assert len(set(drawn)) == 4
    bold = text("bold:0.5")
    touched = [[a != b for a, b in zip(QUESTION.text, other, strict=True)] for other in (text(half), bold)]
    assert touched[0] != touched[1]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5), st.integers(0, 99))
def test_with_one_seed_a_higher_strength_keeps_what_a_lower_one_touched(strengths: list[float], seed: int) -> None:
    texts = [turned(QUESTION, Composition((Step(CATALOG["cyrillic"], s),)), seed, "x").text for s in sorted(strengths)]
    for less, more in pairwise(texts):
        assert all(b != a or b == c for a, b, c in zip(QUESTION.text, less, more, strict=True) if b != a)


@given(STEPS)
def test_a_composition_is_as_good_as_its_worst_step(steps: list[tuple[str, float]]) -> None:
    composition = composed(steps)
    real = [Composition((step,)) for step in composition.steps if step.strength > 0]
    assert composition.survives == all(step.survives for step in real)
    assert composition.undoing == max((s.undoing for s in real), key=UNDOING.index, default="exact")
    assert set(composition.families) == {family for step in real for family in step.families}


def test_what_single_steps_are() -> None:
    told = {
        text: parse(text) for text in ("base64", "url", "url:0.5", "leet", "sorted-words", "pirate:0", "json|pirate")
    }
    undoing = {text: composition.undoing for text, composition in told.items()}
    assert undoing == {
        "base64": "exact",
        "url": "exact",
        "url:0.5": "lossy",
        "leet": "lossy",
        "sorted-words": "none",
        "pirate:0": "exact",
        "json|pirate": "exact",
    }
    assert told["json|pirate"].families == ("encoding", "role")
    assert (told["json|pirate"].survives, told["pirate:0"].survives) == (False, True)
    assert told["pirate:0"].families == ()
