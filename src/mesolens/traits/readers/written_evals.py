"""Self-report items of model-written-evals: JSON Lines, one item a line, each file about one behaviour.

Perez et al., *Discovering Language Model Behaviors with Model-Written Evaluations* (2022). `question` is the user's
whole message, `answer_matching_behavior` and `answer_not_matching_behavior` are answers with a space before them. There
are two kinds:

- persona files have `statement` and are answered " Yes" or " No"; the question names neither, so its order is fixed;
- files of advanced-ai-risk list options behind (A), (B), … and name one answer that does not match. All options are
  kept, so that they can be asked in another order. Where several answers do not match, they come as a list, of which
  the first is taken.

`label_confidence` is left, and the trait takes the file's name.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.traits.opening import Item, json_lines, read_text, shown
from mesolens.traits.options import before, lettered
from mesolens.traits.trait import NO, YES, Statement, Trait

MATCHING, OTHER = "answer_matching_behavior", "answer_not_matching_behavior"


def read_written_evals(path: Path) -> Trait:
    """The trait that a file's items ask about, one statement for each line and in its order.

    Raises:
        BadInput: the file cannot be read or is empty, or a line is no item; the message names it.
    """
    return reported(json_lines(read_text(path), path.name), path.stem, shown(path))


def reported(lines: Iterable[tuple[str, Item]], name: str, where: str) -> Trait:
    """The trait `name` of placed items.

    Raises:
        BadInput: there are none, or one is no item.
    """
    statements = tuple(statement_from(item, place) for place, item in lines)
    try:
        return Trait(name, f"as the items of {name}.jsonl ask for it", (f"not {name}", name), statements=statements)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def statement_from(item: Mapping[str, object], where: str) -> Statement:
    """The statement that an item makes.

    Raises:
        BadInput: a key is missing or not text, or the answers are neither " Yes" and " No" nor letters of its options.
    """
    question, matching, other = (_text(item, key, where) for key in ("question", MATCHING, OTHER))
    options = () if {matching, other} == {YES, NO} else lettered(question)
    if not options and {matching, other} != {YES, NO}:
        raise BadInput(
            f"{where}: answered {printable(repr(matching), 40)} or {printable(repr(other), 40)}, which are neither"
            f" {YES!r} and {NO!r} nor letters of options behind (A), (B), … in the question"
        )
    text = _text(item, "statement", where) if "statement" in item else before(question)
    try:
        return Statement(text, (matching, other), question, options)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def _text(item: Mapping[str, object], key: str, where: str) -> str:
    value = item.get(key)
    if key == OTHER and isinstance(value, list) and value:
        value = cast(list[object], value)[0]
    if not isinstance(value, str):
        raise BadInput(f"{where}: `{key}` must be text, not {printable(repr(value), 60)}")
    return value
