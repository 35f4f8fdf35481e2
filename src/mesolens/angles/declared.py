"""Angles as data, in packs and in users' own files: TOML with one `[[angle]]` table for each.

::

    [[angle]]
    name = "harbour"
    family = "context"
    about = "A harbour is mentioned."
    survives = true
    kind = "before"
    texts = ["I am writing from a harbour.", "The ferry has just left."]

`kind` says what is done with the text: `before` and `after` put it next to the message, `instead` in its place, `frame`
wraps the matter in the place of its `{}`, `core` does so where the matter stands in the message, `system` puts it
before the system message, `replace` exchanges the words of the table `words`, and `composition` takes the steps that
the text names. Where the seed shall pick, `texts` is a list.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from mesolens.angles.angle import FAMILIES, NAME, Angle, Family, Turn, Undo
from mesolens.angles.catalog import CATALOG
from mesolens.angles.composition import Composition, parse
from mesolens.angles.learned import learned
from mesolens.angles.pieces import WORDS, each, words
from mesolens.angles.wording import exchanged
from mesolens.angles.wrapping import CORE, after, before, cored, framed, instead, told, unafter, unbefore, untouched
from mesolens.errors import BadInput
from mesolens.hostile import printable

KINDS = {
    "before": "the text stands before the message",
    "after": "the text stands after the message",
    "instead": "the text takes the message's place",
    "frame": "the text wraps the matter in the place of its {}",
    "core": "the text wraps the matter in the place of its {}, and what stands around the matter stays",
    "system": "the text stands before the system message",
    "replace": "words are exchanged by the table `words`",
    "composition": "the steps that the text names",
}
"""What each kind of declared angle does."""

WRAPPING = ("frame", "core")
"""Kinds whose text has one `{}`."""

Row = Mapping[str, object]
_KEYS = ("name", "family", "about", "survives", "kind", "text", "texts", "words")


def read_angles(path: Path) -> dict[str, Angle]:
    """The angles of a TOML file, by name.

    Raises:
        BadInput: the file is missing or damaged, or a table in it is no angle; the message names the table.
    """
    return declared(rows_of(path), printable(str(path)))


def rows_of(path: Path) -> list[object]:
    """The `[[angle]]` tables of a TOML file, not yet read.

    Raises:
        BadInput: the file is missing or damaged, or holds anything else.
    """
    where = printable(str(path))
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise BadInput(f"cannot read angles from {where}: {problem.strerror}") from None
    except ValueError as problem:
        raise BadInput(f"{where} is not TOML: {printable(str(problem), 120)}") from None
    rows = document.get("angle")
    if set(document) != {"angle"} or not isinstance(rows, list):
        raise BadInput(f"{where} must hold [[angle]] tables and nothing else")
    return cast(list[object], rows)


def declared(rows: Sequence[object], where: str) -> dict[str, Angle]:
    """The angles that rows of data describe, by name; a composition may use those before it.

    Args:
        where: the rows' file or pack, for messages.

    Raises:
        BadInput: a row is no angle; the message says which and why.
    """
    found: dict[str, Angle] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise BadInput(f"{where}, angle {number}: an angle is a table, not {type(row).__name__}")
        angle = _angle(cast(Row, row), f"{where}, angle {number}", found)
        found[angle.name] = angle
    return found


def write_angles(path: Path, found: Mapping[str, Composition], about: Mapping[str, str]) -> None:
    """Keep compositions as learned angles in a file that `read_angles` reads; `about` has a line for some of them.

    The file is written whole or not at all, and one that was there before is gone.

    Raises:
        BadInput: a name cannot be used, or the path cannot be written.
    """
    rows = [
        {"name": name, "family": "learned", "about": about.get(name, str(steps)), "survives": steps.survives}
        | {"kind": "composition", "text": str(steps)}
        for name, steps in found.items()
    ]
    for row in rows:
        _named(row, "a learned angle", {})
    tables = ("[[angle]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in row.items()) for row in rows)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text("\n".join(tables), "utf-8")
        part.replace(path)
    except OSError as problem:
        raise BadInput(f"cannot write angles to {printable(str(path))}: {problem.strerror}") from None


def _toml(value: str | bool) -> str:
    return json.dumps(printable(value) if isinstance(value, str) else value, ensure_ascii=False)


def _angle(row: Row, where: str, known: Mapping[str, Angle]) -> Angle:
    name = _named(row, where, known)
    where = f"{where} ({name})"
    for key in row:
        if key not in _KEYS:
            raise BadInput(f"{where}: no key is called {printable(repr(key), 40)}{_near(key, _KEYS)}")
    about, kind = _text(row, "about", where), _among(row, "kind", KINDS, where)
    family = cast(Family, _among(row, "family", FAMILIES, where))
    survives = row.get("survives")
    if not isinstance(survives, bool):
        raise BadInput(f"{where}: `survives` must be true or false: whether the persona should survive it")
    if kind == "composition":
        return replace(_composed(row, where, known, name, about, survives), family=family)
    if kind == "replace":
        return Angle(name, family, about, survives, "lossy", WORDS, each(words, exchanged(_table(row, where))))
    turn, undo = _KIND[kind](_texts(row, where, kind))
    undoing = "exact" if undo else "lossy" if kind in WRAPPING else "none"
    return Angle(name, family, about, survives, undoing, "", turn, undo)


_KIND: Mapping[str, Callable[[tuple[str, ...]], tuple[Turn, Undo | None]]] = {
    "before": lambda texts: (before(texts), unbefore(texts)),
    "after": lambda texts: (after(texts), unafter(texts)),
    "instead": lambda texts: (instead(texts), None),
    "frame": lambda texts: (framed(texts), None),
    "core": lambda texts: (cored(texts), None),
    "system": lambda texts: (told(texts), untouched),
}


def _composed(row: Row, where: str, known: Mapping[str, Angle], name: str, about: str, survives: bool) -> Angle:
    try:
        return learned(name, about, parse(_text(row, "text", where), known), survives)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def _named(row: Row, where: str, known: Mapping[str, Angle]) -> str:
    name = _text(row, "name", where)
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{where}: {printable(repr(name), 60)} cannot name an angle: write lower-case words with hyphens"
        )
    if name in CATALOG or name in known:
        raise BadInput(f"{where}: there is an angle {name} already; give another name")
    return name


def _texts(row: Row, where: str, kind: str) -> tuple[str, ...]:
    if ("text" in row) == ("texts" in row):
        raise BadInput(f"{where}: give either `text`, or `texts` for several of which the seed picks one")
    given = row.get("texts", [row.get("text")])
    texts = cast(list[object], given) if isinstance(given, list) else []
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise BadInput(f"{where}: `text` must be text that is not empty, and `texts` a list of such")
    for text in cast(list[str], texts):
        if kind in WRAPPING and text.count(CORE) != 1:
            raise BadInput(f"{where}: a frame has one {{}}, where the matter goes: {printable(repr(text), 60)}")
    return tuple(cast(list[str], texts))


def _table(row: Row, where: str) -> dict[str, str]:
    table = row.get("words")
    pairs = cast(Mapping[str, object], table) if isinstance(table, Mapping) else {}
    if not pairs or not all(isinstance(new, str) for new in pairs.values()):
        raise BadInput(f'{where}: `words` must be a table of words and what they become, such as {{ you = "thou" }}')
    return {old.lower(): str(new) for old, new in pairs.items()}


def _text(row: Row, key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        said = "is missing" if value is None else f"is {printable(repr(value), 40)}"
        raise BadInput(f"{where}: `{key}` {said}; it must be text")
    return value


def _among(row: Row, key: str, words: Iterable[str], where: str) -> str:
    value = _text(row, key, where)
    if value not in words:
        raise BadInput(f"{where}: `{key}` is {printable(repr(value), 40)}; there are {', '.join(words)}")
    return value


def _near(key: str, words: Sequence[str]) -> str:
    near = get_close_matches(key, words, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(words)}"
