"""Compositions: angles one after the other, from left to right, as in `leet:0.3|json|past-tense`.

A number after a colon is the strength; without one it is 1. Text and composition go back and forth one to one: what
is printed parses to the same composition, and what was written in the shortest way is printed as it was.

Each step draws from a generator of its own, seeded by a hash of the seed, the item, the step's place and its angle; so
the same item is turned alike in every run, and steps do not disturb each other.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from hashlib import sha256
from random import Random
from types import MappingProxyType

from mesolens.angles.angle import FAMILIES, UNDOING, Angle, Family, Undoing
from mesolens.angles.catalog import CATALOG
from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.question import Question

_STRENGTH = re.compile(r"[01]|[01]?\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Step:
    """An angle at a strength from 0 to 1.

    Raises:
        BadInput: the strength lies outside.
    """

    angle: Angle
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise BadInput(f"the strength of {self.angle.name} is {self.strength}: it must be from 0 to 1")

    def __str__(self) -> str:
        if self.strength == 1:
            return self.angle.name
        digits = f"{Decimal(repr(self.strength + 0.0)):f}"  # + 0.0: there is one zero only
        return f"{self.angle.name}:{digits.rstrip('0').rstrip('.')}"

    @property
    def undoing(self) -> Undoing:
        """Whether the message can be got back; what is exact at full strength may be lossy below it."""
        partial = self.angle.dial != "" and self.strength < 1
        return "lossy" if partial and self.angle.undoing == "exact" else self.angle.undoing


@dataclass(frozen=True, slots=True)
class Composition:
    """Steps from first to last. A step of strength 0 changes nothing and counts for nothing.

    >>> str(parse("leet:0.30|json"))
    'leet:0.3|json'

    Raises:
        BadInput: there is no step.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise BadInput("a composition needs an angle; `identity` is the one that changes nothing")

    def __str__(self) -> str:
        return "|".join(str(step) for step in self.steps)

    @property
    def survives(self) -> bool:
        """Whether the persona should survive every step."""
        return all(step.angle.survives for step in self._real)

    @property
    def undoing(self) -> Undoing:
        """Whether the message can be got back: the worst of the steps."""
        return UNDOING[max((UNDOING.index(step.undoing) for step in self._real), default=0)]

    @property
    def families(self) -> tuple[Family, ...]:
        """The families of the steps, each once, in the order of `FAMILIES`."""
        there = {step.angle.family for step in self._real}
        return tuple(family for family in FAMILIES if family in there)

    @property
    def _real(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.strength > 0)


def parse(text: str, also: Mapping[str, Angle] = MappingProxyType({})) -> Composition:
    """The composition that a text names; `also` are angles beside those of the catalogue.

    Raises:
        BadInput: no such angle (names that are near are told), a strength that is no number from 0 to 1, or no step.
    """
    known = {**CATALOG, **also}
    return Composition(tuple(_step(part.strip(), known) for part in text.split("|")))


def turned(question: Question, composition: Composition, seed: int, item: str) -> Question:
    """The question after all steps; `item` is its name in the pack, so that equal questions may be drawn apart."""
    for place, step in enumerate(composition.steps):
        question = step.angle.turn(question, step.strength, _generator(seed, item, place, step.angle.name))
    return question


def named(name: str, known: Mapping[str, Angle]) -> Angle:
    """The angle of that name.

    Raises:
        BadInput: there is none; the message tells names that are near.
    """
    if name in known:
        return known[name]
    if not name:
        raise BadInput("an angle's name is missing; write names joined by |, such as leet:0.3|json")
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "`mesolens angles list` shows all"
    raise BadInput(f"{printable(repr(name), 60)} is no angle: {hint}")


def _step(part: str, known: Mapping[str, Angle]) -> Step:
    name, colon, strength = part.partition(":")
    angle = named(name, known)
    if not colon:
        return Step(angle)
    if not _STRENGTH.fullmatch(strength) or float(strength) > 1:
        raise BadInput(f"the strength of {name} is {printable(repr(strength), 40)}: write a number from 0 to 1")
    return Step(angle, float(strength))


def _generator(seed: int, item: str, place: int, name: str) -> Random:
    digest = sha256(json.dumps([seed, item, place, name]).encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))  # noqa: S311  (no secret)
