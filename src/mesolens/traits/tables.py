"""Traits and voices as tables, the way a pack file holds them, and back.

A statement in our own wording is `{ text = "…", answer = "Yes" }`, where `answer` is what somebody with the trait says;
any other item names its `question`, `matching` and, where it offers some, `options`.
"""

from collections.abc import Mapping
from typing import cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.traits.trait import NO, YES, Statement, Trait, owned
from mesolens.traits.voices import Voice

Table = Mapping[str, object]


def voice_from(table: Table, where: str) -> Voice:
    """The voice that a table describes.

    Raises:
        BadInput: it is no voice; the message begins with `where`.
    """
    try:
        return Voice(cast(str, table["name"]), cast(str, table["role"]))
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def voice_table(voice: Voice) -> dict[str, Json]:
    """The table that describes a voice."""
    return {"name": voice.name, "role": voice.role}


def trait_from(table: Table, where: str) -> Trait:
    """The trait that a table describes.

    Raises:
        BadInput: it is no trait; the message begins with `where` and names the statement.
    """
    statements = cast(list[Table], table.get("statements", []))
    items = tuple(_statement(each, f"{where}.statements[{place}]") for place, each in enumerate(statements))
    low, high = cast(list[list[str]], table.get("orders", [[], []]))
    bottom, top = cast(list[str], table["poles"])
    try:
        about = cast(str, table.get("about", ""))
        return Trait(cast(str, table["name"]), about, (bottom, top), (tuple(low), tuple(high)), items)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def _statement(table: Table, where: str) -> Statement:
    text, answer = cast(str, table["text"]), table.get("answer")
    given = [key for key in ("question", "matching", "options") if key in table]
    if (answer is None) == (not given):
        raise BadInput(f"{where}: give either `answer` (our wording) or `question` and `matching` (another)")
    try:
        if answer is not None:
            return owned(text, yes=answer == YES.strip())
        question, matching = table.get("question"), cast(list[str] | None, table.get("matching"))
        if not isinstance(question, str) or matching is None:
            raise BadInput(f"no `{'matching' if matching is None else 'question'}`")
        return Statement(text, (matching[0], matching[1]), question, tuple(cast(list[str], table.get("options", []))))
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def trait_table(trait: Trait) -> dict[str, Json]:
    """The table that describes a trait."""
    table: dict[str, Json] = {"name": trait.name, "about": trait.about, "poles": list(trait.poles)}
    if trait.can_order:
        table["orders"] = [list(pole) for pole in trait.orders]
    if trait.can_report:
        table["statements"] = [_statement_table(each) for each in trait.statements]
    return table


def _statement_table(item: Statement) -> Json:
    for yes, answer in ((True, YES), (False, NO)):
        if item == owned(item.text, yes):
            return {"text": item.text, "answer": answer.strip()}
    table: dict[str, Json] = {"text": item.text, "question": item.question, "matching": list(item.matching)}
    if item.options:
        table["options"] = list(item.options)
    return table
