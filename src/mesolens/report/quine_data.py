"""The contract of quines as the page reads it: untrusted data, brought into one form.

Every program stands on a rung of the ladder, a rung has no more honest programs than items, and no more novel ones than
honest ones; what contradicts that is refused with its place. Programs are strangers' text and stay text: they are cut
at what was looked at, and nothing here reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report.forms import Form, Part, as_object, figures, formed, rows, text
from mesolens.report.payload import finite

PROGRAM, PROMPT, CHECKS, MISSING = 1 << 16, 4000, 20, 200
"""Most characters of a program and a prompt, checks of a program, and items without a reply that a page lists."""

_LIMITS = ("cpu_s", "wall_s", "memory_mib", "pids", "file_mib", "output_mib", "source_kib")
_RUNG: Form = {"text": ("name", "says"), "figure": ("items", "honest", "novel", "low", "high")}
_PROGRAM: Form = {
    "text": ("id", "rung", "language", "verdict", "reason"),
    "figure": ("comments", "dead_code", "ms"),
}
_CHECK: Form = {"text": ("name", "says"), "flag": ("passed",)}
_ANEW: Form = {
    "text": ("id",),
    "figure": ("tokens", "of", "begun anew", *(
        f"{name} from the {place}" for name in ("same ending", "honest") for place in ("quote", "prompt")
    )),
}  # fmt: skip
_NOVELTY: Form = {"text": ("nearest",), "flag": ("novel",), "figure": ("likeness",)}


@dataclass(frozen=True, slots=True)
class Program:
    """One program as the page carries it, and its rung."""

    stratum: str
    block: dict[str, Json]


def sandbox(data: Part) -> dict[str, Json]:
    """Whether programs could be run, why not, and how much each might use.

    Raises:
        BadInput: it or its limits are no object.
    """
    part = as_object(data.get("sandbox") or {}, "sandbox")
    limits = as_object(part.get("limits") or {}, "limits")
    return {
        "available": part.get("available") is True,
        "why": text(part.get("why")),
        "limits": figures(limits, _LIMITS),
    }


def ladder(data: Part) -> list[dict[str, Json]]:
    """The rungs in order, each with its counts and the interval of its honest share.

    Raises:
        BadInput: they are no list of objects, two have one name, or their counts contradict each other.
    """
    found = [formed(row, _RUNG) for row in rows(data, "rungs")]
    if len({str(rung["name"]) for rung in found}) < len(found):
        raise _damaged("two rungs have one name")
    for rung in found:
        counts = [count for count in (finite(rung[key]) for key in ("novel", "honest", "items")) if count is not None]
        if counts != sorted(counts) or any(count < 0 for count in counts):
            raise _damaged(f"the counts of rung {printable(repr(rung['name']), 60)} contradict each other")
    return found


def programs_of(data: Part) -> list[Program]:
    """Every program with its verdict, in the reading's order.

    Raises:
        BadInput: they are no list of objects, or one stands on no rung of the ladder.
    """
    known = {str(rung["name"]) for rung in ladder(data)}
    found = [_program(row) for row in rows(data, "programs")]
    lost = next((program.stratum for program in found if program.stratum not in known), None)
    if lost is not None:
        raise _damaged(f"a program stands on {printable(repr(lost), 60)}, which is no rung of the ladder")
    return found


def missing(data: Part) -> list[Json]:
    """Items to which no reply came, each with why.

    Raises:
        BadInput: they are no list of objects.
    """
    return [formed(row, {"text": ("id", "why")}) for row in rows(data, "missing")]


def planning(data: Part) -> list[Json]:
    """What was read at the opening quote, program by program, as rows of name and text.

    Raises:
        BadInput: it is no list of objects.
    """
    found = [formed(row, _ANEW) for row in rows(data, "planning")[:MISSING]]
    return [[row["id"], _anew(row)] for row in found]


def _anew(row: Mapping[str, Json]) -> str:
    """One program in a line: how often the replies begun anew at the quote, and at the prompt, ended as it does."""
    told = [
        f"{name}: {_share(row[f'{name} from the quote'])}, {_share(row[f'{name} from the prompt'])} from the prompt"
        for name in ("same ending", "honest")
    ]
    return f"token {_count(row['tokens'])} of {_count(row['of'])}, begun anew {_count(row['begun anew'])} times; " + (
        "; ".join(told)
    )


def _share(value: Json) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, (int, float)) else "–"


def _count(value: Json) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else "–"


def _program(row: Part) -> Program:
    whole, near = text(row.get("program")), row.get("novelty")
    block: dict[str, Json] = {
        **formed(row, _PROGRAM),
        "cut": row.get("ended") is False,
        "prompt": text(row.get("prompt"))[:PROMPT],
        "program": whole[:PROGRAM],
        "left": max(0, len(whole) - PROGRAM),
        "checks": [formed(check, _CHECK) for check in rows(row, "checks")[:CHECKS]],
        "novelty": None if near is None else formed(as_object(near, "novelty"), _NOVELTY),
    }
    return Program(text(row.get("rung")), block)


def _damaged(what: str) -> BadInput:
    return BadInput(f"readings/quine.json: {what}; the run folder is damaged")
