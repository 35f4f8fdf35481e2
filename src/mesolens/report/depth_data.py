"""The contract of depth as the page reads it: untrusted data, brought into one form.

A matrix has one row for each boundary of the stream and one cell for each step; what contradicts that is refused with
its place. A cell is a figure with its interval, or null where nothing was measured. Long lists are cut at what a page
can show, and the page says how many are beyond.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.report.forms import Form, Part, as_object, figures, formed, listed, ranged, rows, text, texts
from mesolens.report.payload import facts, finite

LAYERS, STEPS, CURVES, LEVELS, FAMILIES, CONDITIONS, PAIRS = 512, 48, 24, 400, 24, 60, 200
"""Most boundaries and steps of a matrix, curves, points of one, families, conditions and pairs that a page lists."""

_TASK: Form = {
    "text": ("name", "position", "presentation"),
    "flag": ("solved",),
    "figure": ("items", "k", "accuracy", "low", "high", "free"),
}
_LEVEL = ("k", "n", "accuracy", "low", "high", "chance")
_CURVE: Form = {"text": ("presentation", "says"), "figure": ("k50", "low", "high")}
_BOUND: Form = {"text": ("says",), "figure": ("layers", "serial")}
_CONDITION: Form = {"text": ("name",), "figure": ("n", "accuracy", "low", "high", "unanswered", "missing")}
_PAIR: Form = {"text": ("one", "other"), "figure": ("n", "difference", "low", "high", "p", "p_alone")}
_EFFECT: Form = {"text": ("name", "says"), "figure": ("effect",)}
_RATE = ("difficulty", "n", "accuracy", "low", "high", "guessing")
_FAMILY: Form = {"text": ("name", "says"), "flag": ("counts",), "ranged": ("slope",)}
_COMMITMENT = ("position", "model", "low", "high", "baseline", "p")


def depth(data: Part) -> dict[str, Json]:
    """Everything of a depth's reading that is drawn.

    Raises:
        BadInput: the data has not the form of one, or a matrix has not one cell for each boundary and step.
    """
    task = as_object(data.get("task") or {}, "task")
    layers, steps = texts(task, "layers"), texts(task, "steps")
    shape = len(layers), len(steps)
    return {
        "task": task_of(data),
        "layers": [*layers[:LAYERS]],
        "steps": [*steps[:STEPS]],
        "between": [*_between(task, len(steps))[:STEPS]],
        "read": _matrices(data, "read", shape, ("cells", "tuned"), ()),
        "present": _matrices(data, "present", shape, ("cells",), ("shuffled", "newborn")),
        "used": _matrices(data, "used", shape, ("cells", "patched", "mean"), ("shuffled",)),
        "k50": [_curve(row) for row in rows(data, "k50")[:CURVES]],
        "bound": bound(data),
        "nocot": _nocot(data),
        "planning": _planning(data),
        "unavailable": [*texts(data, "unavailable")],
    }


def task_of(data: Part) -> dict[str, Json]:
    """What was asked, and how much of it is answered rightly with no token between.

    Raises:
        BadInput: it is no object.
    """
    return formed(as_object(data.get("task") or {}, "task"), _TASK)


def bound(data: Part) -> dict[str, Json]:
    """How many serial steps the architecture can take at one token.

    Raises:
        BadInput: it is no object.
    """
    return formed(as_object(data.get("bound") or {}, "bound"), _BOUND)


def left_out(data: Part) -> dict[str, Json]:
    """How many boundaries, steps, curves and families there are beyond those that a page lists.

    Raises:
        BadInput: one of them is no list.
    """
    task = as_object(data.get("task") or {}, "task")
    sizes = {
        "layers": len(listed(task, "layers")) - LAYERS,
        "steps": len(listed(task, "steps")) - STEPS,
        "curves": len(listed(data, "k50")) - CURVES,
        "families": len(_families(data)) - FAMILIES,
    }
    return {name: size for name, size in sizes.items() if size > 0}


def _between(task: Part, steps: int) -> list[bool]:
    """Which steps lie between question and answer; all of them where the reading does not say."""
    found = listed(task, "between")
    if found and len(found) != steps:
        raise _damaged(f"the task has {steps} steps, but says of {len(found)} whether they lie between")
    return [value is True for value in found] or [True] * steps


def _matrices(data: Part, name: str, shape: tuple[int, int], measured: Sequence[str], plain: Sequence[str]) -> Json:
    """One reader's matrices: `measured` with intervals, `plain` figures of its controls; null where it is null."""
    if data.get(name) is None:
        return None
    part = as_object(data.get(name), name)
    found: dict[str, Json] = {key: _matrix(part, name, key, shape, ranged) for key in measured}
    found |= {key: _matrix(part, name, key, shape, finite) for key in plain}
    chance = listed(part, "chance")
    if chance and len(chance) != shape[1]:
        raise _damaged(f"{name}.chance has {len(chance)} steps, but the task has {shape[1]}")
    by_step: list[Json] = [finite(value) for value in chance[:STEPS]]
    unknown: list[Json] = [None] * min(shape[1], STEPS)
    return {**found, "chance": by_step or unknown, "lens": text(part.get("lens"))}


def _matrix(part: Part, name: str, key: str, shape: tuple[int, int], cell: Callable[[Json], Json]) -> Json:
    if part.get(key) is None:
        return None
    found = listed(part, key)
    if len(found) != shape[0]:
        raise _damaged(f"{name}.{key} has {len(found)} layers, but the task has {shape[0]}")
    kept: list[Json] = []
    for row in found:
        if not isinstance(row, list) or len(row) != shape[1]:
            raise _damaged(f"a layer of {name}.{key} has not one cell for each of {shape[1]} steps")
        kept.append([cell(value) for value in row[:STEPS]])
    return kept[:LAYERS]


def _curve(row: Part) -> Json:
    return {**formed(row, _CURVE), "curve": [figures(level, _LEVEL) for level in rows(row, "curve")[:LEVELS]]}


def _families(data: Part) -> list[Part]:
    """The families of puzzles; a reading without a list of them has one."""
    if data.get("nocot") is None:
        return []
    part = as_object(data.get("nocot"), "nocot")
    return rows(part, "families") or [part]


def _nocot(data: Part) -> Json:
    return [_family(row) for row in _families(data)[:FAMILIES]] or None


def _family(row: Part) -> Json:
    return {
        **formed(row, _FAMILY),
        "conditions": [formed(each, _CONDITION) for each in rows(row, "conditions")[:CONDITIONS]],
        "paired": [formed(each, _PAIR) for each in rows(row, "paired")[:PAIRS]],
        "effects": [formed(each, _EFFECT) for each in rows(row, "effects")[:CONDITIONS]],
        "by_difficulty": [figures(each, _RATE) for each in rows(row, "by_difficulty")[:LEVELS]],
    }


def _planning(data: Part) -> Json:
    if data.get("planning") is None:
        return None
    part = as_object(data.get("planning"), "planning")
    found: Mapping[str, Json] = {
        name: _told(part.get(name)) for name in ("announce", "forked", "regeneration", "myopia")
    }
    return {
        **found,
        "says": text(part.get("says")),
        "commitment": [figures(row, _COMMITMENT) for row in rows(part, "commitment")[:LEVELS]],
    }


def _told(value: Json | None) -> Json:
    """An object as rows of name and text; null is null."""
    if value is None:
        return None
    told = cast("list[list[str]]", facts(cast(Json, dict(as_object(value, "planning"))))[:LEVELS])
    return [[text(name), text(said)] for name, said in told]


def _damaged(what: str) -> BadInput:
    return BadInput(f"readings/depth.json: {what}; the run folder is damaged")
