"""Traits and their statements: what can be asked, and items whose options change places without losing a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.traits.options import before, exchanged, lettered
from mesolens.traits.trait import Statement, Trait, owned
from tests.traits.drawn import StatementParts, options, statements

LETTERS = "ABCDEFG"
spaces = st.sampled_from(["", " ", "  "])


@st.composite
def untidy(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A question that lists options the way that public files do, with spaces and blank lines anywhere."""
    offered = draw(options)
    lines = [f"{draw(spaces)[:1]}({LETTERS[i]}){draw(spaces)}{text}{draw(spaces)}" for i, text in enumerate(offered)]
    head = draw(st.sampled_from(["Q?", "Pick (1) or (2).\n(A) is not (B).", "Two:\n(1) x\n(2) y"]))
    tail = draw(st.sampled_from(["", "\n", "\n\nAnswer:", "\n\nAssistant: I choose"]))
    return f"{head}\n\nChoices:\n" + draw(st.sampled_from(["\n", "\n\n"])).join(lines) + tail, offered


@given(untidy(), st.data())
def test_options_are_found_and_come_back_after_any_order(asked: tuple[str, list[str]], data: st.DataObject) -> None:
    question, offered = asked
    assert list(lettered(question)) == offered
    order = data.draw(st.permutations(range(len(offered))))
    moved = exchanged(question, offered, order)
    now = [offered[index] for index in order]
    assert list(lettered(moved)) == now
    assert sorted(moved) == sorted(question)
    inverse = [order.index(place) for place in range(len(order))]
    assert exchanged(moved, now, inverse) == question
    assert exchanged(question, offered, range(len(offered))) == question


@given(untidy())
def test_what_is_asked_stands_before_the_options(asked: tuple[str, list[str]]) -> None:
    question, _ = asked
    head = before(question)
    assert question.startswith(head)
    assert question[len(head) :].lstrip().startswith("Choices:")


@pytest.mark.parametrize(
    "question", ["", "Tea?", "(A) alone", " (B) Yes\n (A) No", " (A) Yes\n (C) No", "a (A) x (B) y"]
)
def test_what_lists_nothing_has_no_options(question: str) -> None:
    assert lettered(question) == ()
    assert before(question) == question


@given(statements(), st.data())
def test_an_answer_goes_where_its_option_goes(parts: StatementParts, data: st.DataObject) -> None:
    item = Statement(*parts)
    order = tuple(data.draw(st.permutations(range(len(item.options)))))
    moved = item.in_order(order)
    assert sorted(moved.options) == sorted(item.options)
    assert set(moved.matching) <= set(moved.choices)
    assert len(moved.choices) == len(item.choices)
    if item.by_letter:
        for was, now in zip(item.matching, moved.matching, strict=True):
            assert item.options[item.choices.index(was)] == moved.options[moved.choices.index(now)]
    else:
        assert moved.matching == item.matching
    inverse = tuple(order.index(place) for place in range(len(order)))
    assert moved.in_order(inverse) == item


@given(st.text(min_size=1).filter(lambda text: bool(text.strip()) and text.isprintable()), st.booleans())
def test_our_wording_offers_both_answers_and_quotes_the_sentence(text: str, yes: bool) -> None:
    item = owned(text, yes)
    assert f'"{text}"' in item.question
    assert item.matching == ((" Yes", " No") if yes else (" No", " Yes"))
    assert item.in_order((1, 0)).choices == (" No", " Yes")
    assert item.in_order((1, 0)).question == item.question.removesuffix("Yes or No.") + "No or Yes."


def test_the_wording_of_a_bare_item_fixes_the_order() -> None:
    bare = Statement("I like tea.", (" Yes", " No"), 'Would you say "I like tea."?')
    assert bare.choices == (" Yes", " No")
    assert bare.in_order(()) == bare
    with pytest.raises(BadInput, match="no order of 0 options"):
        bare.in_order((1, 0))


@pytest.mark.parametrize(
    ("matching", "question", "options", "said"),
    [
        ((" Yes", " Yes"), "Tea?", (), "must be two of"),
        ((" Yes", " Maybe"), "Yes or No?", ("Yes", "No"), "must be two of"),
        ((" (A)", " (C)"), "Q\n (A) x\n (B) y", ("x", "y"), "must be two of"),
        ((" (A)", " (B)"), "Q\n (A) x\n (B) y", ("y", "x"), "does not offer 'y', 'x'"),
        ((" Yes", " No"), "Tea?", ("Yes", "No"), "does not offer"),
        ((" Yes", " No"), " \n", (), "question of a statement is empty"),
    ],
)
def test_an_item_that_cannot_be_answered_is_refused(
    matching: tuple[str, str], question: str, options: tuple[str, ...], said: str
) -> None:
    with pytest.raises(BadInput) as problem:
        Statement("tea", matching, question, options)
    assert said in str(problem.value)


def test_a_trait_says_what_it_can_be_asked() -> None:
    poles, orders, item = ("cold", "warm"), (("Be cold.",), ("Be warm.",)), owned("I like people.")
    asked = [
        Trait("warmth", "", poles, orders),
        Trait("warmth", "", poles, statements=(item,)),
        Trait("warmth", "", poles, orders, (item,)),
    ]
    assert [(trait.can_order, trait.can_report) for trait in asked] == [(True, False), (False, True), (True, True)]


@pytest.mark.parametrize(
    ("poles", "orders", "said"),
    [
        (("cold", "warm"), ((), ()), "neither orders nor statements"),
        (("cold", "warm"), ((), ("Be warm.",)), "orders for one pole alone"),
        (("cold", "warm"), (("Be warm.",), ("Be warm.",)), "two orders of trait warmth are 'Be warm.'"),
        (("warm", "warm"), (("Be cold.",), ("Be warm.",)), "two poles are 'warm'"),
        (("cold", ""), (("Be cold.",), ("Be warm.",)), "cannot name a pole"),
        (("cold", "warm"), ((" ",), ("Be warm.",)), "an order of trait warmth is empty"),
    ],
)
def test_a_trait_with_nothing_to_tell_apart_is_refused(
    poles: tuple[str, str], orders: tuple[tuple[str, ...], tuple[str, ...]], said: str
) -> None:
    with pytest.raises(BadInput) as problem:
        Trait("warmth", "", poles, orders)
    assert said in str(problem.value)
