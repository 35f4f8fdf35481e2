"""Answers with no visible step, judged: how many are right by condition and difficulty, and which conditions matter.

A score counts only where the solve rate of the plain condition falls with difficulty
(:mod:`mesolens.evidence.falling`) and more is right than replies would be that were dealt to other puzzles of the same
difficulty. Conditions are compared item by item (:mod:`mesolens.evidence.twofold`), and the p-values of all families
together are stepped. A reply that gives no answer of the kind that is asked for is a wrong one; one that never came is
missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float

from mesolens.evidence.falling import Slope, slope
from mesolens.evidence.proportions import proportions
from mesolens.evidence.shards import Json
from mesolens.evidence.twofold import Twofold, stepped, twofold
from mesolens.traits.conditions import Condition, compared
from mesolens.traits.puzzles import Puzzle

LEVEL = 0.05
DOES_NOT_FALL = "solve rate does not fall with difficulty: contamination or guessing, so it does not count"
MISSING = object()
Said = str | None | object
"""What a reply answered, None for no answer of the kind, `MISSING` where no reply came."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to each of some puzzles in each condition.

    Attributes:
        said: for each puzzle what was said in each condition.
    """

    puzzles: tuple[Puzzle, ...]
    conditions: tuple[Condition, ...]
    said: tuple[tuple[Said, ...], ...]


@dataclass(frozen=True, slots=True)
class _Family:
    """The part of the answers that is of one family, as hits (NaN where missing)."""

    name: str
    puzzles: tuple[Puzzle, ...]
    said: tuple[tuple[Said, ...], ...]
    hits: Float[np.ndarray, "I C"]

    @property
    def clusters(self) -> list[str]:
        return [puzzle.cluster for puzzle in self.puzzles]

    @property
    def difficulty(self) -> Float[np.ndarray, " I"]:
        return np.array([puzzle.difficulty for puzzle in self.puzzles])


def nocot(answers: Answers) -> dict[str, Json]:
    """The `nocot` part of the depth reading's data.

    Its figures are those of the first family; `families` has those of each, by its name.
    """
    families = [_family(answers, name) for name in dict.fromkeys(puzzle.family for puzzle in answers.puzzles)]
    pairs = compared(answers.conditions)
    tests = [[_paired(family, one, other) for one, other in pairs] for family in families]
    flat = np.array([test.p for row in tests for test in row], float)
    p_FP = stepped(flat).reshape(len(families), len(pairs))
    found = [
        _told(family, answers.conditions, pairs, row, p.tolist())
        for family, row, p in zip(families, tests, p_FP, strict=True)
    ]
    return {**found[0], "families": cast(Json, found)} if found else {}


def _family(answers: Answers, name: str) -> _Family:
    places = [place for place, puzzle in enumerate(answers.puzzles) if puzzle.family == name]
    puzzles, said = tuple(answers.puzzles[p] for p in places), tuple(answers.said[p] for p in places)
    hits = [
        [np.nan if each is MISSING else float(each == puzzle.answer) for each in row]
        for puzzle, row in zip(puzzles, said, strict=True)
    ]
    return _Family(name, puzzles, said, np.array(hits, float).reshape(len(places), len(answers.conditions)))


def _paired(family: _Family, one: int, other: int) -> Twofold:
    return twofold(family.hits[:, one], family.hits[:, other], family.clusters)


def _told(
    family: _Family,
    conditions: Sequence[Condition],
    pairs: Sequence[tuple[int, int]],
    tests: Sequence[Twofold],
    p: Sequence[float],
) -> dict[str, Json]:
    plain = next((place for place, each in enumerate(conditions) if each.kind == "plain"), 0)
    falls = slope(family.hits[:, plain], family.difficulty)
    by_difficulty = _by_difficulty(family, plain)
    counts, says = concluded(falls, _beyond(by_difficulty))
    return {
        "name": family.name,
        "conditions": cast(Json, [_condition(family, each, place) for place, each in enumerate(conditions)]),
        "paired": cast(
            Json,
            [
                {"one": conditions[a].name, "other": conditions[b].name, **_test(test, corrected)}
                for (a, b), test, corrected in zip(pairs, tests, p, strict=True)
            ],
        ),
        "effects": cast(Json, effects(conditions, pairs, tests, p)),
        "by_difficulty": cast(Json, by_difficulty),
        "slope": None
        if falls is None
        else {"value": falls.value, "low": _finite(falls.low), "high": _finite(falls.high)},
        "counts": counts,
        "says": says,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _condition(family: _Family, condition: Condition, place: int) -> dict[str, Json]:
    hits = family.hits[:, place]
    there = ~np.isnan(hits)
    silent = sum(row[place] is None for row in family.said)
    figures: dict[str, Json] = {"unanswered": silent / max(int(there.sum()), 1), "missing": int((~there).sum())}
    return {"name": condition.name, **_share(hits, family.clusters), **figures}


def _share(hits_I: Float[np.ndarray, " I"], clusters: Sequence[str]) -> dict[str, Json]:
    share = proportions(hits_I[:, None], clusters)
    count, value = int((~np.isnan(hits_I)).sum()), float(share.share[0])
    return {"n": count, "accuracy": _finite(value), "low": float(share.low[0]), "high": float(share.high[0])}


def _test(test: Twofold, corrected: float) -> dict[str, Json]:
    return {
        "n": test.items,
        "difference": _finite(test.difference),
        "low": test.low,
        "high": test.high,
        "gained": test.gained,
        "lost": test.lost,
        "p": corrected,
        "p_alone": test.p,
    }


def _by_difficulty(family: _Family, plain: int) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = []
    for level in np.unique(family.difficulty).tolist():
        here = [place for place, puzzle in enumerate(family.puzzles) if puzzle.difficulty == level]
        clusters = [family.puzzles[place].cluster for place in here]
        dealt = guessing(
            [family.puzzles[place].answer for place in here], [family.said[place][plain] for place in here]
        )
        found.append({"difficulty": level, **_share(family.hits[here, plain], clusters), "guessing": dealt})
    return found


def guessing(answers: Sequence[str], said: Sequence[Said]) -> float:
    """How often what was said to one puzzle is the answer of another.

    >>> guessing(["1", "2", "1"], ["1", "1", "5"])
    0.5
    """
    asked = [place for place, each in enumerate(said) if each is not MISSING]
    pairs = len(asked) * (len(answers) - 1)
    hits = sum(said[one] == answers[other] for one in asked for other in range(len(answers)) if other != one)
    return hits / pairs if pairs else 0.0


def _beyond(levels: Sequence[Mapping[str, Json]]) -> bool:
    """Whether at some difficulty surely more is right than by guessing."""
    return any(cast(float, level["low"]) > cast(float, level["guessing"]) for level in levels if level["n"])


def concluded(falls: Slope | None, beyond: bool) -> tuple[bool, str]:
    """Whether a score counts, and why.

    >>> concluded(Slope(-0.8, -1.1, -0.5), True)
    (True, 'solve rate falls with difficulty, by 0.80 [0.50, 1.10] in log-odds a step')
    >>> concluded(Slope(0.0, -0.2, 0.2), True)[1] == DOES_NOT_FALL
    True
    """
    if not beyond:
        return False, "no more is right than by guessing, at any difficulty: it cannot do these, so nothing counts"
    if falls is None:
        return False, "all puzzles are of one difficulty, so it cannot be told whether the solve rate falls with it"
    if not falls.falls:
        return False, DOES_NOT_FALL
    low, high = (f"{-end:.2f}" if np.isfinite(end) else "∞" for end in (falls.high, falls.low))
    return True, f"solve rate falls with difficulty, by {-falls.value:.2f} [{low}, {high}] in log-odds a step"


def effects(
    conditions: Sequence[Condition], pairs: Sequence[tuple[int, int]], tests: Sequence[Twofold], p: Sequence[float]
) -> list[dict[str, Json]]:
    """For each condition beside plain whether it helps or hurts, and whether by what it says or by its length."""
    signs = {pair: _sign(test, chance) for pair, test, chance in zip(pairs, tests, p, strict=True)}
    rows: list[dict[str, Json]] = []
    for (one, other), sign in signs.items():
        if conditions[other].kind == "plain":
            framed = next(
                (signs[one, place] for place, each in enumerate(conditions) if each.like == conditions[one]), None
            )
            rows.append({"name": conditions[one].name, "effect": sign, "says": _words(sign, framed)})
    return rows


def _sign(test: Twofold, p: float) -> int:
    return int(np.sign(test.difference)) if p <= LEVEL else 0


def _words(sign: int, framed: int | None) -> str:
    if sign == 0:
        return "no difference from plain is sure"
    told = "helps" if sign > 0 else "hurts"
    if framed is None:
        return told
    return (
        f"{told}, and more than as many friendly words" if framed == sign else f"{told}, as friendly words may as well"
    )
