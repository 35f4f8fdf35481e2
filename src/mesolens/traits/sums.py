"""Arithmetic on whole numbers: expressions as trees, their text, their value, and new ones at a chosen difficulty.

The operations are `+`, `-`, `*`, `//` and `%` as Python defines them: `//` rounds down, and `%` has the sign of what it
divides by. Text is read by a small parser and reckoned on Python's own integers; nothing of a stranger's is ever run.
What stands in a text is bounded in length, depth and digits before it is reckoned, and there are no powers, so no
value can grow beyond the digits of its text.

Difficulty has two dials: the number of operations, and the digits of the numbers.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mesolens.errors import BadInput
from mesolens.hostile import printable

OPERATIONS: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}
"""What each sign does."""

LONGEST = 2000
"""Characters of a text."""
DEEPEST = 60
"""Brackets and signs inside one another."""
_TOKENS = re.compile(r"\s*(?:(?P<number>[0-9]+)|(?P<sign>//|[-+*%()]))")
_LOOSE, _TIGHT = ("+", "-"), ("*", "//", "%")
_MINUS, _OPEN = "-", "("


@dataclass(frozen=True, slots=True)
class Operation:
    """A sign between two parts, each a number or an operation."""

    sign: str
    left: "int | Operation"
    right: "int | Operation"


Sum = int | Operation


def value_of(found: Sum) -> int:
    """What a sum comes to.

    >>> value_of(sum_from("(44 // -49) % (((15 - 51) * -28) + -98)"))
    909

    Raises:
        ZeroDivisionError: a part divides by nothing.
    """
    if isinstance(found, int):
        return found
    return OPERATIONS[found.sign](value_of(found.left), value_of(found.right))


def operations_in(found: Sum) -> int:
    """How many operations a sum has.

    >>> operations_in(sum_from("2 * (3 + -4)"))
    2
    """
    return 0 if isinstance(found, int) else 1 + operations_in(found.left) + operations_in(found.right)


def written(found: Sum) -> str:
    """The sum as text, every part but the whole in brackets.

    >>> written(sum_from("1 + 2 * -3"))
    '1 + (2 * -3)'
    """
    if isinstance(found, int):
        return str(found)
    return f"{_part(found.left)} {found.sign} {_part(found.right)}"


def _part(found: Sum) -> str:
    return str(found) if isinstance(found, int) else f"({written(found)})"


def sum_from(text: str) -> Sum:
    """The sum that a text writes down, by Python's precedence.

    Raises:
        BadInput: it is no such text, is longer than `LONGEST`, or goes deeper than `DEEPEST`.
    """
    if len(text) > LONGEST:
        raise BadInput(f"a sum of {len(text)} characters; at most {LONGEST} are read")
    reader = _Reader(list(_tokens(text)), text)
    found = reader.level(_LOOSE, 0)
    if reader.tokens:
        raise reader.wrong(f"{reader.tokens[0]!r} after its end")
    return found


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKENS.match(text, place)
        if found is None:
            raise BadInput(f"{printable(repr(text), 80)} is no sum of whole numbers, at character {place}")
        yield found["number"] or found["sign"]
        place = found.end()


@dataclass(slots=True)
class _Reader:
    """What of a text is still to be read."""

    tokens: list[str]
    text: str

    def wrong(self, what: str) -> BadInput:
        return BadInput(f"{printable(repr(self.text), 80)} is no sum of whole numbers: {what}")

    def level(self, signs: Sequence[str], deep: int) -> Sum:
        """Parts between signs of one precedence, from the left."""
        found = self._under(signs, deep)
        while self.tokens and self.tokens[0] in signs:
            sign = self.tokens.pop(0)
            found = Operation(sign, found, self._under(signs, deep))
        return found

    def _under(self, signs: Sequence[str], deep: int) -> Sum:
        return self.level(_TIGHT, deep) if signs is _LOOSE else self._one(deep)

    def _one(self, deep: int) -> Sum:
        if deep > DEEPEST:
            raise self.wrong(f"deeper than {DEEPEST} brackets and signs")
        token = self.tokens.pop(0) if self.tokens else "nothing"
        if token.isdigit():
            return int(token)
        if token in _LOOSE:
            inner = self._one(deep + 1)
            if not isinstance(inner, int):
                raise self.wrong("a sign before brackets")
            return -inner if token == _MINUS else inner
        if token != _OPEN:
            raise self.wrong(f"{token} where a number should stand")
        found = self.level(_LOOSE, deep + 1)
        if not self.tokens or self.tokens.pop(0) != ")":
            raise self.wrong("a bracket that is not closed")
        return found


def draw_sum(rng: np.random.Generator, operations: int, digits: int = 2, signs: Sequence[str] = ("+", "-", "*")) -> Sum:
    """A sum of so many operations on numbers of at most so many digits; a division by zero is drawn again.

    Every way to divide the operations between the two sides is as likely as any other.

    >>> found = draw_sum(np.random.default_rng(0), 3)
    >>> operations_in(found), value_of(found) == value_of(sum_from(written(found)))
    (3, True)

    Raises:
        BadInput: a sign is unknown, or the dials are below none and one.
    """
    strange = [sign for sign in signs if sign not in OPERATIONS]
    if strange or not signs:
        raise BadInput(f"the signs {printable(repr(tuple(signs)), 60)} are not among {', '.join(OPERATIONS)}")
    if not 0 <= operations <= DEEPEST or not 1 <= digits <= 18:
        raise BadInput(f"{operations} operations on {digits} digits; give 0 to {DEEPEST}, and 1 to 18 digits")
    while True:
        found = _drawn(rng, operations, 10**digits, signs)
        try:
            value_of(found)
        except ZeroDivisionError:
            continue
        return found


def _drawn(rng: np.random.Generator, operations: int, beyond: int, signs: Sequence[str]) -> Sum:
    if operations == 0:
        return int(rng.integers(1, beyond))
    left = int(rng.integers(operations))
    sign = signs[int(rng.integers(len(signs)))]
    sides = (left, operations - 1 - left)
    one, other = (_drawn(rng, side, beyond, signs) for side in sides)
    return Operation(sign, one, other)
