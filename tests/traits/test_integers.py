"""Whole numbers out of replies: every way to write one gives it back, and nothing else gives any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.traits.integers import integer

WHOLE = st.integers(-(10**15), 10**15)
REFUSED = [
    "", "-", "--5", "five", "negative 5", "x5", "5x", "5-", "1e5", "0x1f", "5%", "5 %", "3.5", "1,234.5",
    "5/2", "5 / 2",
    "5 + 3", "5+3", "5 = 5", "5 × 2", "12 34", "1 234", "12,34", "1,23", "1,2345", "1,234,56", "1,234_567", "5 million",
    "5 or 6", "5 point 2", "٣", "²", "5;6",
]  # fmt: skip


@given(WHOLE, st.sampled_from(["{}", " {}", " {}.", "**{}**", "**{}**.", "${}$", r"\({}\)", r"\boxed{{{}}}", "= {}",
                               "{}\n\n2 + 2 = 4", "{}, as can be seen", "{} apples", "{}!"]))  # fmt: skip
def test_a_number_comes_back_from_every_way_to_write_it(number: int, way: str) -> None:
    for text in (
        str(number),
        f"{number:,}",
        f"{number:_}",
        f"{number:,}".replace(",", "\u202f"),
        str(number).replace("-", "−"),
    ):
        assert integer(way.format(text)) == number


@pytest.mark.parametrize("reply", REFUSED)
def test_what_is_not_plainly_one_number_is_none(reply: str) -> None:
    assert integer(reply) is None
    assert integer(f" {reply}") is None


@given(st.text())
def test_any_text_gives_a_number_that_stands_in_it_or_none(text: str) -> None:
    found = integer(text)
    if found is not None:
        bare = "".join(character for character in text if character.isascii() and character.isdigit())
        assert str(abs(found)) in bare


@given(WHOLE, st.floats(0.001, 0.999))
def test_decimals_are_never_rounded(number: int, part: float) -> None:
    assert integer(f"{number}.{str(part)[2:5]}") is None


@given(st.integers(10, 10**9))
def test_a_cut_reply_never_gives_the_beginning_of_a_number(number: int) -> None:
    text = str(number)
    for end in range(1, len(text) + 1):
        assert integer(text[:end], cut=True) is None
    assert integer(f"{text}\n", cut=True) == number
