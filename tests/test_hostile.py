"""Laws of printing what strangers wrote."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mesolens.hostile import printable

ANY = st.text(st.characters(codec=None))


@given(ANY)
def test_nothing_unseen_is_left_and_it_encodes(text: str) -> None:
    shown = printable(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


@given(ANY)
def test_printing_twice_changes_nothing(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(ANY, st.integers(2, 20))
def test_the_limit_holds_and_keeps_the_beginning(text: str, limit: int) -> None:
    cut, whole = printable(text, limit), printable(text)
    assert len(cut) <= limit
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs", "M"))))
def test_harmless_text_is_kept(text: str) -> None:
    assert printable(text) == text


def test_escapes_and_bidi_are_shown_not_sent() -> None:
    assert printable("a\x1b]0;title\x07b\u202ec\n") == "a\\x1b]0;title\\x07b\\u202ec\\x0a"
