"""What a name and a text may be, and that no two of a kind are the same: names end up in tables and on screens."""

from collections.abc import Sequence

from mesolens.errors import BadInput
from mesolens.hostile import printable

LONGEST_NAME = 120
"""Characters."""


def check_name(what: str, name: str) -> None:
    """Let pass what may name a thing of the kind `what`: one line of visible characters with no space around it.

    Raises:
        BadInput: the name is empty, too long, or holds what cannot be seen.
    """
    if not name or name != name.strip() or name != printable(name) or len(name) > LONGEST_NAME:
        raise BadInput(
            f"{printable(repr(name), 80)} cannot name a {what}; use 1 to {LONGEST_NAME} visible characters in one line"
        )


def check_text(what: str, text: str) -> None:
    """Let pass what a model may be given to read.

    Raises:
        BadInput: the text is empty or blank, or holds half of a surrogate pair, which no tokenizer reads.
    """
    if not text.strip():
        raise BadInput(f"{what} is empty; write what is said")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput(f"{what} holds half of a surrogate pair: {printable(repr(text), 80)}; write it as UTF-8 text")


def check_unique(what: str, values: Sequence[str]) -> None:
    """Let pass values of which no two are the same.

    Raises:
        BadInput: a value comes twice; the message names it.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise BadInput(f"two {what} are {printable(repr(value), 80)}; each must be its own")
        seen.add(value)
