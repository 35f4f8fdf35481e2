"""What is asked of a model that runs elsewhere: chats with their item, angle and seed, as plain rows and as a file.

A row's *mark* is the hash of all that it asks, and a pack's is the hash of its rows' marks, in any order. Marks travel
with the questions, so that answers that come back can be told from answers to something else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json, content_key
from mesolens.hostile import printable

FIELDS = ("item", "angle", "strength", "seed", "messages")
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat that is put to a model.

    Attributes:
        item: the prompt's name in its pack.
        angle: the angle from which it is asked, in the syntax of angles; "" for none.
        strength: how far it is turned, from 0 to 1.
        seed: by which the reply is drawn.
        messages: the chat as it is asked, turned already: roles and words.

    Raises:
        BadInput: there is no message, a role is unknown, or the strength is outside 0 to 1.
    """

    item: str
    angle: str
    strength: float
    seed: int
    messages: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        name = printable(repr(self.item), 60)
        if not self.messages:
            raise BadInput(f"item {name} asks nothing; give it a message")
        for role, _ in self.messages:
            if role not in ROLES:
                raise BadInput(f"item {name} has a message of {printable(repr(role), 40)}; use {', '.join(ROLES)}")
        if not 0 <= self.strength <= 1:
            raise BadInput(f"item {name} is turned by {self.strength}; a strength is from 0 to 1")
        object.__setattr__(self, "strength", float(self.strength))  # 1 and 1.0 have one mark

    @property
    def name(self) -> str:
        """How the row is called in logs; no two rows of a pack have one name.

        >>> Asked("tea", "leet:0.3", 0.3, 2, (("user", "t3a?"),)).name
        'tea | leet:0.3 | 0.3 | 2'
        """
        return " | ".join((self.item, self.angle, f"{self.strength:g}", str(self.seed)))

    @property
    def mark(self) -> str:
        """The hash of all that the row asks."""
        return content_key(cast(Json, asdict(self)))


def pack_mark(rows: Sequence[Asked]) -> str:
    """The hash of a pack: that of its rows' marks, in any order."""
    return content_key(cast(Json, sorted(row.mark for row in rows)))


def check_pack(rows: Sequence[Asked]) -> None:
    """Refuse a pack whose answers could not be told apart.

    Raises:
        BadInput: there are no rows, or two have one item, angle, strength and seed.
    """
    if not rows:
        raise BadInput("a pack without rows asks nothing; give at least one")
    seen: set[str] = set()
    for row in rows:
        if row.name in seen:
            raise BadInput(f"two rows are called {printable(repr(row.name), 120)}; give each its own seed")
        seen.add(row.name)


def write_pack(rows: Sequence[Asked], path: Path) -> None:
    """The pack as JSON Lines, one row a line.

    Raises:
        BadInput: as `check_pack`.
    """
    check_pack(rows)
    path.write_text("".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows), "utf-8")


def read_pack(path: Path) -> list[Asked]:
    """The rows that `write_pack` wrote.

    Raises:
        BadInput: the file cannot be read, or a line is no row; the message names it.
    """
    try:
        lines = path.read_text("utf-8").split("\n")  # other line breaks may stand inside a text
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"{printable(str(path))} cannot be read as UTF-8 text; give a pack of questions") from None
    rows = [_row(line, f"{printable(path.name)}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    check_pack(rows)
    return rows


def _row(line: str, where: str) -> Asked:
    try:
        return row_from(json.loads(line))
    except (json.JSONDecodeError, RecursionError) as problem:
        raise BadInput(f"{where}: not JSON: {problem}") from None
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def row_from(value: object) -> Asked:
    """The row that a JSON object describes.

    Raises:
        BadInput: it lacks a field, has another, or one is of the wrong kind.
    """
    fields = cast(Mapping[str, object], value) if isinstance(value, Mapping) else {}
    if set(fields) != set(FIELDS):
        raise BadInput(f"a row has the fields {', '.join(FIELDS)}, not {printable(', '.join(map(str, fields)), 120)}")
    item, angle, strength, seed, messages = (fields[name] for name in FIELDS)
    chat = [_message(each) for each in cast(list[object], messages)] if isinstance(messages, list | tuple) else [None]
    if not isinstance(item, str) or not isinstance(angle, str) or None in chat:
        raise BadInput("`item` and `angle` of a row are texts, and `messages` pairs of a role and its words")
    if not isinstance(strength, int | float) or isinstance(seed, bool) or not isinstance(seed, int):
        raise BadInput("`strength` of a row is a number, and `seed` a whole number")
    return Asked(item, angle, float(strength), seed, tuple(each for each in chat if each is not None))


def _message(value: object) -> tuple[str, str] | None:
    pair = cast(Sequence[object], value) if isinstance(value, list | tuple) else ()
    if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], str):
        return None
    return pair[0], pair[1]
