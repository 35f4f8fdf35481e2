"""The verdict on one program: what was checked, what came of it, and how new the program is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mesolens.hostile import printable
from mesolens.instruments.quine.aims import Trail, how, missed
from mesolens.instruments.quine.constraints import broken
from mesolens.instruments.quine.extraction import programs
from mesolens.instruments.quine.facts import Facts
from mesolens.instruments.quine.families import Nearest, nearest
from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.spec import Item

Verdict = Literal["honest", "cheats", "wrong", "breaks constraint", "no program", "stopped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: `byte equality`, `bytecode child`, `canary edits` or `constraint`.
        passed: whether it held; None where an earlier one left nothing to look at.
        says: it in a line.
    """

    name: str
    passed: bool | None
    says: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A program and what is said of it.

    Attributes:
        program: its text; of a pair both, one after the other.
        reason: the verdict in a line.
        nearest: the family that it is most like; None where it could not be read.
        comments, dead_code: parts of its bytes.
        ms: milliseconds that the verdict took.
    """

    verdict: Verdict
    reason: str
    program: str
    checks: tuple[Check, ...] = ()
    nearest: Nearest | None = None
    comments: float = 0.0
    dead_code: float = 0.0
    ms: float = 0.0


def judge_reply(bench: Bench, item: Item, reply: str) -> Judged:
    """The verdict on what a model replied.

    A block of code in a chat does not show whether its last line ends in a line break. So a program is held against
    what it prints both with one and without.
    """
    found = programs(reply, item.language, 2 if item.rung == "multi" else 1)
    if not found:
        return Judged("no program", "the reply has no program", "")
    bare = [text.removesuffix("\n") for text in found]
    judged = _judged(bench, item, bare)
    if judged.verdict in ("wrong", "cheats"):
        again = _judged(bench, item, [f"{text}\n" for text in bare])
        if _RANK.index(again.verdict) < _RANK.index(judged.verdict):
            return replace(again, ms=again.ms + judged.ms)
        judged = replace(judged, ms=again.ms + judged.ms)
    return judged


_RANK: Sequence[Verdict] = ("honest", "breaks constraint", "cheats", "stopped", "wrong", "no program")


def judge(bench: Bench, item: Item, texts: Sequence[bytes]) -> Judged:
    """The verdict on the programs of an item, byte for byte as they are."""
    begin = time.perf_counter()
    judged = _verdict(bench, item, texts)
    return replace(judged, ms=1000 * (time.perf_counter() - begin))


def _judged(bench: Bench, item: Item, texts: Sequence[str]) -> Judged:
    return judge(bench, item, [text.encode("utf-8", "replace") for text in texts])


def _verdict(bench: Bench, item: Item, texts: Sequence[bytes]) -> Judged:
    shown = [text.decode("utf-8", "replace") for text in texts]
    program = "\n".join(shown)
    if not all(text.strip() for text in texts):
        return Judged("no program", "it is empty", program)
    trail = Trail(bench)
    wrong = missed(trail, item, texts)
    facts = trail.facts[0]
    if facts.error:
        return Judged("no program", f"it is no {item.language}: {_line(facts.error)}", program)
    plain = _plainly(bench, item, texts) if wrong else ""
    checks = _checks(trail, wrong, plain, "" if wrong else _lacking(item, shown, trail.facts))
    verdict, reason = _ruling(trail, wrong, checks)
    near = nearest(item.language, facts.shape)
    return Judged(verdict, _line(reason), program, checks, near, facts.comment_share, facts.dead_share)


def _lacking(item: Item, texts: Sequence[str], facts: Sequence[Facts]) -> str:
    return broken(item, texts[0], facts[0])


def _plainly(bench: Bench, item: Item, texts: Sequence[bytes]) -> str:
    """What is wrong where programs may look at their own text; "" when nothing is."""
    return missed(Trail(bench, closed=False), item, texts)


def _checks(trail: Trail, wrong: str, plain: str, lacking: str) -> tuple[Check, ...]:
    faithful = all(step.faithful for step in trail.steps)
    return (
        Check("byte equality", not plain, _line(plain) or "it prints what it should"),
        Check("bytecode child", not wrong, _line(wrong) or "it does so where its text is not"),
        Check(
            "canary edits",
            None if wrong else faithful,
            "there was nothing to hold against" if wrong else _canary(trail, faithful),
        ),
        Check(
            "constraint",
            None if wrong else not lacking,
            "not looked at" if wrong else _line(lacking) or "it has what was asked for",
        ),
    )


def _canary(trail: Trail, faithful: bool) -> str:
    if faithful:
        return "edited where it carries nothing, it prints the same"
    first = next(step.canary for step in trail.steps if not step.faithful)
    told = "it prints something else" if first.end == "ended" else how(first)
    return _line(f"edited where it carries nothing, it does not print the same: {told}")


def _ruling(trail: Trail, wrong: str, checks: tuple[Check, ...]) -> tuple[Verdict, str]:
    equal, closed, canary, constraint = checks
    last = trail.steps[-1].closed
    if wrong and equal.passed:
        return "cheats", f"it prints what it should only where it can look at its own text: {closed.says}"
    if wrong and last.end in ("time", "output"):
        return "stopped", how(last)
    if wrong:
        return "wrong", closed.says if last.end == "ended" else how(last)
    if not canary.passed:
        return "cheats", f"it reads its own code: {canary.says}"
    if not constraint.passed:
        return "breaks constraint", constraint.says
    return "honest", "it prints what it should from data that it carries"


def _line(text: str) -> str:
    return printable(text.strip(), 200)
