"""Contrasts: pairs of prompts between which a readout differs, as JSON Lines, one item a line.

`clean` and `reference` are each a string, a list of chat messages, or token ids (`clean_ids`, `reference_ids`);
`target` and `foil` are strings or ids (`target_ids`, `foil_ids`). The readout is log p(target) − log p(foil) after the
prompt, in nats; without a foil it is log p(target). `template` names the cluster for the bootstrap and `id` the item.
`reference` may be absent when the reference is another model. Keys that are not named here are ignored.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput
from mesolens.hostile import printable

Messages = tuple[Mapping[str, str], ...]
Ids = tuple[int, ...]
Prompt = str | Messages | Ids
Continuation = str | Ids


@dataclass(frozen=True, slots=True)
class Contrast:
    """One item: two prompts and the continuations between which they decide.

    Attributes:
        clean: the prompt whose readout is explained: text, chat messages or token ids.
        reference: what it is compared with; None when another model is the reference.
        target, foil: text or ids after the prompt; no foil means that the readout is log p(target) alone.
        template: the cluster to which the item belongs; "" makes it a cluster of its own.
        id: a name for people.
    """

    clean: Prompt
    reference: Prompt | None
    target: Continuation
    foil: Continuation | None = None
    template: str = ""
    id: str = ""


def read_contrasts(path: Path) -> list[Contrast]:
    """The contrasts in a JSON Lines file, in order; blank lines are skipped.

    Raises:
        BadInput: the file is missing, empty or not UTF-8, or a line is no contrast; the message names the line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as problem:
        raise BadInput(f"cannot read contrasts from {printable(str(path))}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{printable(str(path))} is not UTF-8 text; contrasts are JSON Lines in UTF-8") from None
    found = [_line(line, f"{printable(path.name)}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise BadInput(
            f"{printable(str(path))} holds no contrasts; write one JSON object a line, with clean and target"
        )
    return found


def _line(line: str, where: str) -> Contrast:
    try:
        item = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as problem:
        raise BadInput(f"{where}: not JSON: {problem}") from None
    if not isinstance(item, dict):
        raise BadInput(f"{where}: a contrast is a JSON object, not {type(item).__name__}")
    return contrast_from(cast(dict[str, object], item), where)


def contrast_from(item: Mapping[str, object], where: str) -> Contrast:
    """The contrast that a JSON object describes; `where` names its place in error messages.

    Raises:
        BadInput: a key is missing, doubled (`clean` beside `clean_ids`) or of the wrong kind.
    """
    clean, target = prompt_from(item, "clean", where), _continuation(item, "target", where)
    if clean is None or target is None:
        missing = "clean" if clean is None else "target"
        raise BadInput(f"{where}: no `{missing}` (or `{missing}_ids`)")
    names = {key: _text(item.get(key, ""), key, where) for key in ("template", "id")}
    reference, foil = prompt_from(item, "reference", where), _continuation(item, "foil", where)
    return Contrast(clean, reference, target, foil, **names)


def prompt_from(item: Mapping[str, object], key: str, where: str) -> Prompt | None:
    """The prompt under `key`, or its ids under `key_ids`; None where there is neither.

    Raises:
        BadInput: both are there, or what is there is no prompt.
    """
    value = _one_of(item, key, where)
    if isinstance(value, list) and key in item:
        return tuple(_message(message, key, where) for message in cast(list[object], value))
    return _text_or_ids(value, key, where)


def _continuation(item: Mapping[str, object], key: str, where: str) -> Continuation | None:
    return _text_or_ids(_one_of(item, key, where), key, where)


def _one_of(item: Mapping[str, object], key: str, where: str) -> object:
    value, ids = item.get(key), item.get(f"{key}_ids")
    if value is not None and ids is not None:
        raise BadInput(f"{where}: both `{key}` and `{key}_ids`; give one")
    if ids is not None and not isinstance(ids, list):
        raise BadInput(f"{where}: `{key}_ids` must be a list of token ids, not {printable(repr(ids)[:60])}")
    return ids if value is None else value


def _text_or_ids(value: object, key: str, where: str) -> str | Ids | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        ids = cast(list[object], value)
        if all(isinstance(i, int) and not isinstance(i, bool) and i >= 0 for i in ids):
            return tuple(cast(list[int], ids))
    raise BadInput(f"{where}: `{key}` must be text or token ids, not {printable(repr(value)[:60])}")


def _message(message: object, key: str, where: str) -> Mapping[str, str]:
    fields = cast(dict[str, object], message) if isinstance(message, dict) else {}
    role, content = fields.get("role"), fields.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise BadInput(f"{where}: each message of `{key}` needs a text `role` and a text `content`")
    return {"role": role, "content": content}


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{where}: `{key}` must be text, not {printable(repr(value)[:60])}")
    return value
