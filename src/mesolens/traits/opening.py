"""Opening a stranger's file of words: of a bounded size, UTF-8, and inside the folder that was named.

Packs and public data sets are downloaded from anywhere. Nothing here follows a link out of its folder, waits at a pipe,
or reads more than :data:`LARGEST` bytes of a file.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput, Unsafe
from mesolens.hostile import printable
from mesolens.model.folder import inside

LARGEST = 32 * 1024 * 1024
"""Bytes of one file."""
MOST = 10_000
"""Files in one folder."""
SUFFIXES = (".json", ".jsonl", ".toml")
"""Names of the files that are looked at in a folder, which may hold a README and a licence as well."""

Item = dict[str, object]


def shown(path: Path) -> str:
    """The path as it is printed in a message."""
    return printable(str(path), 200)


def read_text(path: Path) -> str:
    """The text of a file; a byte-order mark does not count.

    Raises:
        BadInput: it is no regular file, larger than `LARGEST`, or not UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{shown(path)} is no regular file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as problem:
        raise BadInput(f"cannot read {shown(path)}: {problem.strerror}") from None
    if len(content) > LARGEST:
        raise BadInput(f"{shown(path)} is larger than {LARGEST} bytes; split it into several files")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{shown(path)} is not UTF-8 text") from None


def json_object(text: str, where: str) -> Item:
    """The object that a JSON text holds.

    Raises:
        BadInput: it is not JSON, or not an object; the message begins with `where`.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{where}: not JSON: {printable(str(problem), 120)}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{where}: a JSON object is needed, not {type(found).__name__}")
    return cast(Item, found)


def json_lines(text: str, name: str) -> Iterator[tuple[str, Item]]:
    """Each object of a JSON Lines text, with its place as `name:line`; blank lines are skipped.

    Raises:
        BadInput: a line is no JSON object.
    """
    # Not splitlines(): JSON may hold U+2028 as it is, and that is no end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{printable(name, 120)}:{number}"
            yield where, json_object(line, where)


def beside(folder: Path, name: str) -> Path:
    """The file of that plain name in the folder.

    Raises:
        Unsafe: the name is a path, or a link out of the folder.
        BadInput: there is no such file.
    """
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise Unsafe(f"{shown(folder)}: {printable(repr(name), 80)} is a path; name a file that lies beside the pack")
    return inside(folder, name)


def files_in(folder: Path) -> list[Path]:
    """The JSON, JSON Lines and TOML files of a folder and all folders in it, by name; hidden ones are passed over.

    A link to somewhere in the folder is passed over as well: what it leads to is listed where it lies.

    Raises:
        Unsafe: a link leads out of the folder.
        BadInput: there are more than `MOST` files.
    """
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = [Path(place) / name for name in names if name.endswith(SUFFIXES) and not name.startswith(".")]
        found += [path for path in here if not _elsewhere(path, folder)]
        for name in folders:
            _elsewhere(Path(place) / name, folder)
        if len(found) > MOST:
            raise BadInput(f"{shown(folder)} holds more than {MOST} files; name a folder inside it")
    return sorted(found)


def _elsewhere(path: Path, folder: Path) -> bool:
    """Whether the path is a link to what lies elsewhere in the folder; the hub's cache holds every file behind one."""
    if not path.is_symlink():
        return False
    real, home = path.resolve(), folder.resolve()
    if real.is_relative_to(home):
        return True
    cache = next((up.parent / "blobs" for up in home.parents if up.name == "snapshots"), home)
    if real.is_relative_to(cache):
        return False
    raise Unsafe(f"{shown(path)} is a link out of its folder, to {printable(str(real), 120)}; copy the file")
