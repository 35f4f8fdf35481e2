"""Tasks with known steps, as JSON Lines: what is asked, what the answer is, and what lies between, one item a line.

============================  ========================================================================================
`prompt` or `prompt_ids`      text, chat messages or token ids, after which the answer is the next token
`answer` or `answer_ids`      what is right
`choices` or `choices_ids`    what answers and steps are read among; without them all that the file names
`steps`                       in order, each `{"name": …, "value": …}` or with `value_id`; may be empty
`counterfactual`              for each step `{"value": …, "answer": …}` (or `value_id`, `answer_id`): another value, and
                              what the answer would then be; null for a step that has none
`k`                           serial steps that the answer takes; without it the number of steps
`group`                       the cluster for intervals and halves; without it the item is a cluster of its own
`presentation`, `id`          names for people
`chance`                      how often one is right who rules out what the prompt rules out; without it one in so many
                              choices
============================  ========================================================================================

Keys that are not named here are ignored. Whether each value is one token is for a tokenizer to say
(:mod:`mesolens.traits.task_ids`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.traits.contrasts import Prompt, prompt_from
from mesolens.traits.opening import json_lines, read_text, shown

Value = str | int
"""A text that is one token, or a token id."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another value of a step, and what the answer would then be."""

    value: Value
    answer: Value


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the answer: its name, its value, and another value where one is given."""

    name: str
    value: Value
    other: Other | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a task.

    Attributes:
        choices: what answers and steps are read among; empty for all that the task names.
        k: serial steps that the answer takes.
        group: the cluster to which the item belongs; "" makes it a cluster of its own.
        chance: of being right without any step, or None for one in so many choices.
        where: the place in its file, for messages.
    """

    prompt: Prompt
    answer: Value
    steps: tuple[Step, ...] = ()
    choices: tuple[Value, ...] = ()
    k: int = 1
    group: str = ""
    presentation: str = ""
    id: str = ""
    chance: float | None = None
    where: str = ""


def read_task(path: Path) -> list[Item]:
    """The items of a task file, in order; blank lines are skipped.

    Raises:
        BadInput: the file cannot be read or holds none, or a line is no item; the message names file, line and value.
    """
    found = [item_from(line, where) for where, line in json_lines(read_text(path), path.name)]
    if not found:
        raise BadInput(f"{shown(path)} holds no items; write one JSON object a line, with prompt, answer and steps")
    return found


def item_from(line: Mapping[str, object], where: str) -> Item:
    """The item that a JSON object describes; `where` names its place in messages.

    Raises:
        BadInput: a key is missing, doubled (`prompt` beside `prompt_ids`) or of the wrong kind.
    """
    prompt = prompt_from(line, "prompt", where)
    if prompt is None:
        raise BadInput(f"{where}: no `prompt` (or `prompt_ids`)")
    steps = _steps(line, where)
    return Item(
        prompt,
        _value(line, ("answer", "answer_id", "answer_ids"), where),
        steps,
        _choices(line, where),
        _number(line.get("k", max(len(steps), 1)), where),
        _text(line, "group", where),
        _text(line, "presentation", where),
        _text(line, "id", where),
        _chance(line.get("chance"), where),
        where,
    )


def _steps(line: Mapping[str, object], where: str) -> tuple[Step, ...]:
    written = _list(line, "steps", where)
    others = _list(line, "counterfactual", where) or [None] * len(written)
    if len(others) != len(written):
        raise BadInput(f"{where}: {len(others)} in `counterfactual` and {len(written)} in `steps`; give one for each")
    found = tuple(
        _step(step, other, place, where) for place, (step, other) in enumerate(zip(written, others, strict=True), 1)
    )
    names = [step.name for step in found]
    if len(set(names)) < len(names):
        raise BadInput(f"{where}: two steps are called {printable(repr(_twice(names)), 60)}; give each its own name")
    return found


def _twice(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1)


def _step(step: object, other: object, place: int, where: str) -> Step:
    fields, here = _object(step, "steps", where), f"{where}: step {place}"
    name = _text(fields, "name", here) or f"step {place}"
    value = _value(fields, ("value", "value_id"), here)
    if other is None:
        return Step(name, value)
    told, there = _object(other, "counterfactual", where), f"{where}: counterfactual {place}"
    changed = Other(_value(told, ("value", "value_id"), there), _value(told, ("answer", "answer_id"), there))
    if changed.value == value:
        raise BadInput(f"{there}: its value is the step's own, {printable(repr(value), 60)}; give another")
    return Step(name, value, changed)


def _choices(line: Mapping[str, object], where: str) -> tuple[Value, ...]:
    texts, ids = _list(line, "choices", where), _list(line, "choices_ids", where)
    if texts and ids:
        raise BadInput(f"{where}: both `choices` and `choices_ids`; give one")
    return tuple(_one(value, "choices", where) for value in texts or ids)


def _value(line: Mapping[str, object], keys: tuple[str, ...], where: str) -> Value:
    given = [key for key in keys if line.get(key) is not None]
    if len(given) != 1:
        told = " and ".join(f"`{key}`" for key in given)
        raise BadInput(f"{where}: {f'{told}; give one' if given else f'no `{keys[0]}` (or `{keys[-1]}`)'}")
    value = line[given[0]]
    if isinstance(value, list) and given[0].endswith("_ids"):
        ids = cast(list[object], value)
        if len(ids) != 1:
            raise BadInput(f"{where}: `{given[0]}` has {len(ids)} tokens; answers of one token can be read, no others")
        value = ids[0]
    if given[0] == keys[0] and not isinstance(value, str):
        raise BadInput(f"{where}: `{keys[0]}` must be text, not {printable(repr(value), 60)}")
    return _one(value, given[0], where)


def _one(value: object, key: str, where: str) -> Value:
    if (isinstance(value, str) and value) or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise BadInput(f"{where}: `{key}` must be text or a token id, not {printable(repr(value), 60)}")


def _list(line: Mapping[str, object], key: str, where: str) -> list[object]:
    value = line.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInput(f"{where}: `{key}` must be a list, not {printable(repr(value), 60)}")
    return cast(list[object], value)


def _object(value: object, key: str, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadInput(f"{where}: `{key}` must hold objects, not {printable(repr(value), 60)}")
    return cast(dict[str, object], value)


def _text(line: Mapping[str, object], key: str, where: str) -> str:
    value = line.get(key)
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{where}: `{key}` must be text, not {printable(repr(value), 60)}")
    return value or ""


def _number(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10_000:
        raise BadInput(f"{where}: `k` is {printable(repr(value), 60)}; it must be a whole number of steps, 1 or more")
    return value


def _chance(value: object, where: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise BadInput(f"{where}: `chance` is {printable(repr(value), 60)}; it must be at least 0 and below 1")
    return float(value)
