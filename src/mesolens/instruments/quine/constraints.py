"""What a program must have beside its output: a checker for each rung, which knows nothing of the runs."""

import re
from collections.abc import Callable, Mapping

from mesolens.instruments.quine.facts import Facts
from mesolens.instruments.quine.spec import Item

Check = Callable[[Item, str, Facts], str]
"""From an item, a program's text and its facts to what is wrong with it; "" when nothing is."""


def broken(item: Item, text: str, facts: Facts) -> str:
    """What a program lacks that its item asks for, in a line; "" when it lacks nothing or its rung asks for nothing."""
    check = CHECKS.get(item.rung)
    return "" if check is None else check(item, text, facts)


def _named(item: Item, text: str, facts: Facts) -> str:
    del text
    name = item.nonce.split()[-1]
    return "" if name in facts.identifiers else f"the name {name} is none of its identifiers"


def _commented(item: Item, text: str, facts: Facts) -> str:
    del text
    said = {re.sub(r"^(#+|//+|/\*+)|\*/$", "", comment).strip(" *") for comment in facts.comments}
    return "" if item.nonce in said else f"no comment says {item.nonce}"


def _held(item: Item, text: str, facts: Facts) -> str:
    del text
    return "" if item.nonce in facts.strings else f"no string literal has the value {item.nonce}"


def _long(item: Item, text: str, facts: Facts) -> str:
    count = len(text.removesuffix("\n"))
    return _named(item, text, facts) if count == item.number else f"it has {count} characters, not {item.number}"


def _letterless(item: Item, text: str, facts: Facts) -> str:
    letter = item.nonce[0]
    times = text.lower().count(letter)
    return f"the letter {letter} stands in it {times} times" if times else _named(item, text, facts)


CHECKS: Mapping[str, Check] = {
    "identifier": _named,
    "comment": _commented,
    "quotes": _held,
    "length": _long,
    "letter": _letterless,
    "payload": _held,
    "reversed": _named,
    "relay": _named,
    "multi": _named,
    "generations": _named,
}
