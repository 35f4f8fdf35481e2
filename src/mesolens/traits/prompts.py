"""Everyday prompts: what ordinary users ask, so that a face is first seen from the front.

On disk they are JSON Lines, one object a line: `id`, `register` (the manner of speaking, such as `curt` or `formal`),
`text` (the user's message), and if wanted `core` (the part of `text` that carries the matter) and `system`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.question import Question
from mesolens.traits.checks import check_name, check_text, check_unique
from mesolens.traits.opening import json_lines, read_text, shown

KEYS = ("id", "register", "text", "core", "system")


@dataclass(frozen=True, slots=True)
class Everyday:
    """One prompt.

    Attributes:
        id: names it in tables.
        register: the manner in which it is said; prompts of one register are alike, so intervals cluster by it.
        question: what is put to the model.

    Raises:
        BadInput: a name cannot be printed, or the message is empty.
    """

    id: str
    register: str
    question: Question

    def __post_init__(self) -> None:
        check_name("prompt", self.id)
        check_name("register", self.register)
        check_text(f"the text of prompt {self.id}", self.question.text)
        if self.question.system:
            check_text(f"the system message of prompt {self.id}", self.question.system)


def check_prompts(prompts: Sequence[Everyday]) -> None:
    """Let pass prompts of which no two have one id or ask the same.

    Raises:
        BadInput: two are the same; they would count as two witnesses where there is one.
    """
    check_unique("prompts' ids", [prompt.id for prompt in prompts])
    check_unique("prompts", [f"{prompt.question.system}\n{prompt.question.text}".strip() for prompt in prompts])


def read_prompts(path: Path) -> tuple[Everyday, ...]:
    """The prompts in a JSON Lines file, in order.

    Raises:
        BadInput: the file cannot be read or holds none, a line is no prompt, or two are the same; with the line.
    """
    prompts = tuple(prompt_from(item, where) for where, item in json_lines(read_text(path), path.name))
    if not prompts:
        raise BadInput(f"{shown(path)} holds no prompts; write one JSON object a line, with id, register and text")
    try:
        check_prompts(prompts)
    except BadInput as problem:
        raise BadInput(f"{shown(path)}: {problem}") from None
    return prompts


def prompt_from(item: Mapping[str, object], where: str) -> Everyday:
    """The prompt that an object describes; `where` names its place in messages.

    Raises:
        BadInput: a key is missing, unknown or not text, or the core does not stand in the text.
    """
    unknown = sorted(set(item) - set(KEYS))
    if unknown:
        raise BadInput(f"{where}: a prompt has no key {printable(unknown[0], 40)!r}; it has {', '.join(KEYS)}")
    missing = [key for key in KEYS[:3] if key not in item]
    if missing:
        raise BadInput(f"{where}: no `{missing[0]}`")
    text = {key: _text(item.get(key, ""), key, where) for key in KEYS}
    if text["core"] not in text["text"]:
        raise BadInput(f"{where}: the core {printable(repr(text['core']), 60)} does not stand in the text")
    try:
        return Everyday(text["id"], text["register"], Question(text["text"], core=text["core"], system=text["system"]))
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{where}: `{key}` must be text, not {printable(repr(value), 60)}")
    return value


def prompt_item(prompt: Everyday) -> dict[str, str]:
    """The object that describes a prompt.

    Raises:
        BadInput: the question holds what the format has no key for: earlier turns, a prefilled reply, another form.
    """
    asked = prompt.question
    if asked != Question(asked.text, core=asked.core, system=asked.system):
        raise BadInput(f"prompt {prompt.id} has turns, a prefill or a form of its own; packs hold text and system only")
    item = {"id": prompt.id, "register": prompt.register, "text": asked.text}
    optional = {"core": asked.core, "system": asked.system}
    return item | {key: value for key, value in optional.items() if value}


def write_prompts(prompts: Iterable[Everyday], path: Path) -> None:
    """Write prompts as JSON Lines, which `read_prompts` reads back.

    Raises:
        BadInput: as `prompt_item`.
    """
    lines = [json.dumps(prompt_item(prompt), ensure_ascii=False) + "\n" for prompt in prompts]
    path.write_text("".join(lines), "utf-8")
