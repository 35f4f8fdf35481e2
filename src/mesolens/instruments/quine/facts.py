"""What is known of a program without running it, in either language."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Facts:
    """A program, read.

    Attributes:
        error: why it is none; "" when it is one, and then the rest holds.
        identifiers: names in its text, outside strings and comments, keywords left out.
        comments: each with its marks.
        strings: values of its string literals.
        shape: features of its syntax with their counts, names and data left out.
        comment_share, dead_share: parts of its bytes that are comments, and that cannot matter.
    """

    error: str = ""
    identifiers: frozenset[str] = frozenset()
    comments: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    shape: Mapping[str, int] = field(default_factory=dict[str, int])
    comment_share: float = 0.0
    dead_share: float = 0.0


def likeness(one: Mapping[str, int], two: Mapping[str, int]) -> float:
    """How alike two shapes are, from 0 to 1: the coefficient of Dice and Sørensen over their features.

    >>> likeness({"a": 2, "b": 1}, {"a": 1, "c": 2})
    0.3333333333333333
    """
    whole = sum(one.values()) + sum(two.values())
    return 2 * sum(min(count, two.get(name, 0)) for name, count in one.items()) / whole if whole else 0.0
