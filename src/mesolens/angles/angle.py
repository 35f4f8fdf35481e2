"""An angle: a pure, seeded, composable change of a prompt, with a strength from 0 to 1.

A face is looked at from many angles, to see from which of them it becomes another one. Every angle keeps these laws:

- strength 0 changes nothing;
- the same question, strength and seed give the same result, and the generator is the only chance;
- a message that is not empty stays so;
- an `exact` angle at strength 1 is undone exactly where the message is ASCII.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.question import Question

Family = Literal["surface", "encoding", "order", "language", "frame", "role", "context", "learned", "control"]
FAMILIES: tuple[Family, ...] = get_args(Family)

Undoing = Literal["exact", "lossy", "none"]
UNDOING: tuple[Undoing, ...] = get_args(Undoing)
"""From the best to the worst: a program gets the message back; a reader does, for the most part; nobody does."""

Turn = Callable[[Question, float, Random], Question]
Undo = Callable[[Question], Question]

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Angle:
    """One way to look at a model.

    Attributes:
        name: as in the syntax of compositions: lower-case words joined by hyphens.
        family: what kind of change it is.
        about: one line for people.
        survives: whether the persona should survive it. A request to be somebody else is obeyed by right.
        undoing: whether the user's message can be got back.
        dial: what strength means, in words; "" if it has none, and then any strength above 0 is all of it.
        turn: the change. It takes nothing from the generator but `random()`, which Python keeps stable.
        undo: gives back a question with the message as it was; None unless `undoing` is `exact`.

    Raises:
        BadInput: the name does not fit the syntax, or `undo` and `undoing` disagree.
    """

    name: str
    family: Family
    about: str
    survives: bool
    undoing: Undoing
    dial: str
    turn: Turn
    undo: Undo | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise BadInput(
                f"{printable(repr(self.name), 60)} cannot name an angle: write lower-case words with hyphens"
            )
        if (self.undoing == "exact") != (self.undo is not None):
            raise BadInput(f"the angle {self.name} is {self.undoing}: exact ones, and only they, have an `undo`")


def chosen(among: tuple[str, ...], choice: float) -> str:
    """The one of several texts on which a draw from [0, 1) falls.

    >>> chosen(("tea", "milk"), 0.7)
    'milk'
    """
    return among[int(choice * len(among))]
