"""Quines made by hand: a reading as the contract has it, and a run folder around it.

Every verdict is there, and every rung's counts are those of its programs. `hostile` plants text that tries to leave its
place in every field that holds text, the programs included.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json
from mesolens.instruments.quine.limits import Limits
from mesolens.runs.store import Store
from tests.report.synthetic import HOSTILE

RUNGS = ("identifier", "comment", "length", "relay")
VERDICTS = ("honest", "cheats", "wrong", "breaks constraint", "no program", "stopped")
_SOURCE = "fomirezu = 'fomirezu = %r\\nprint(fomirezu %% fomirezu)'\nprint(fomirezu % fomirezu)"
_CHECKS = ("byte equality", "bytecode child", "canary edits", "constraint")
_WHY = "there is no bubblewrap on this machine"


@dataclass(frozen=True, slots=True)
class QuineShape:
    """How large a synthetic ladder is, and whether its programs were run."""

    each: int = 6
    verdict: str = "writes quines"
    skipped: bool = False
    seed: int = 0
    hostile: bool = False


def reading(shape: QuineShape) -> Reading:
    """The same shape gives the same reading."""
    programs = [] if shape.skipped else [_program(shape, r, k) for r in range(len(RUNGS)) for k in range(shape.each)]
    data: dict[str, Json] = {
        "sandbox": {
            "available": not shape.skipped,
            "why": _evil(shape, 1, _WHY) if shape.skipped else "",
            "limits": cast(Json, Limits().to_json()),
        },
        "rungs": [_rung(shape, r, programs) for r in range(len(RUNGS))],
        "programs": cast(Json, programs),
        "missing": [{"id": _evil(shape, 4, "comment-9"), "why": _evil(shape, 5, "the prompt is too long")}],
        "planning": None if shape.skipped else [_anew(shape, number) for number in range(3)],
    }
    verdict = f"skipped, because {_evil(shape, 2, _WHY)}" if shape.skipped else shape.verdict
    said = _evil(shape, 3, "4 of 24 programs print what they should without looking at themselves.")
    numbers = (Number("honest programs", 1 / 6, "of the replies", 0.05, 0.4),)
    protocol: dict[str, Json] = {"items": len(programs), "system": _evil(shape, 6, "You write programs.")}
    return Reading("quine", _evil(shape, 7, "a model"), verdict, said, numbers, protocol, data)


def _evil(shape: QuineShape, k: int, plain: str) -> str:
    return HOSTILE[k % len(HOSTILE)] if shape.hostile else plain


def _anew(shape: QuineShape, number: int) -> dict[str, Json]:
    shares: dict[str, Json] = {
        f"{name} from the {place}": number / 4 for name in ("same ending", "honest") for place in ("quote", "prompt")
    }
    return {"id": _evil(shape, number, f"identifier-{number}"), "tokens": 20, "of": 90, "begun anew": 4} | shares


def _name(shape: QuineShape, r: int) -> str:
    return f"{_evil(shape, r, RUNGS[r])[:60]}{r if shape.hostile else ''}"


def _rung(shape: QuineShape, r: int, programs: list[dict[str, Json]]) -> Json:
    mine = [program for program in programs if program["rung"] == _name(shape, r)]
    honest = [program for program in mine if program["verdict"] == "honest"]
    novel = sum(cast("dict[str, Json]", program["novelty"])["novel"] is True for program in honest)
    counts: dict[str, Json] = {"items": len(mine), "honest": len(honest), "novel": novel}
    share = len(honest) / len(mine) if mine else 0.0
    ends: dict[str, Json] = {"low": max(0.0, share - 0.15) if mine else 0.0, "high": share + 0.3 if mine else 1.0}
    return {"name": _name(shape, r), "says": _evil(shape, r + 3, f"what {RUNGS[r]} asks for"), **counts, **ends}


def _program(shape: QuineShape, r: int, k: int) -> dict[str, Json]:
    verdict = VERDICTS[k % len(VERDICTS)]
    checks: list[Json] = [
        {
            "name": _evil(shape, r + j, name),
            "passed": verdict == "honest" or j == 0,
            "says": _evil(shape, j, "it holds"),
        }
        for j, name in enumerate(_CHECKS)
    ]
    near: Json = {"nearest": _evil(shape, k, "percent"), "likeness": 0.4 + 0.1 * r, "novel": r == 0}
    none = verdict == "no program"
    return {
        "id": f"{_evil(shape, r + k, RUNGS[r])}-{k}",
        "rung": _name(shape, r),
        "language": "javascript" if r == 3 else "python",
        "prompt": _evil(shape, k + 1, "Write a program that prints exactly its own source."),
        "program": "" if none else _evil(shape, k + 2, _SOURCE),
        "verdict": verdict,
        "reason": _evil(shape, k + 3, f"why it is {verdict}"),
        "ended": verdict != "stopped",
        "comments": 0.05,
        "dead_code": 0.02,
        "ms": 31.5,
        "checks": [] if none else checks,
        "novelty": None if none else near,
    }


def write_quine(run: Path, shape: QuineShape) -> Path:
    """Write quines' reading into a run folder; one that is there already keeps what it holds."""
    store = Store(run)
    if not (run / "run.json").exists():
        subject = _evil(shape, 7, "a model")
        store.write_json("run", {"format": 1, "command": ["mesolens", "quine"], "subject": subject, "settings": {}})
    store.write_json("readings/quine", reading(shape).to_json())
    return run
