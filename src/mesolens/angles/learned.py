"""Learned angles: a composition under a name, such as a search has found; it turns up and down as one."""

from functools import reduce
from random import Random

from mesolens.angles.angle import Angle, Undo
from mesolens.angles.composition import Composition
from mesolens.model.question import Question

_STRENGTHS = "part of the strength of each step"


def learned(name: str, about: str, composition: Composition, survives: bool | None = None) -> Angle:
    """The angle that takes all steps; its strength scales theirs.

    Args:
        survives: whether the persona should survive it; None leaves it to the steps.

    Raises:
        BadInput: the name does not fit the syntax.
    """
    steps = composition.steps

    def turn(question: Question, strength: float, rng: Random) -> Question:
        for step in steps:
            own = Random(int(rng.random() * 2**53))  # noqa: S311  (no secret)
            question = step.angle.turn(question, strength * step.strength, own)
        return question

    kept = composition.survives if survives is None else survives
    undoing, dial = composition.undoing, _STRENGTHS if any(step.angle.dial for step in steps) else ""
    return Angle(name, "learned", about, kept, undoing, dial, turn, _back(composition) if undoing == "exact" else None)


def _back(composition: Composition) -> Undo:
    undos = [step.angle.undo for step in reversed(composition.steps) if step.angle.undo and step.strength > 0]
    return lambda question: reduce(lambda turned, undo: undo(turned), undos, question)
