"""Reading a stranger's folder: plain names in it and nowhere else, and JSON that is what it says."""

import json
from pathlib import Path
from typing import cast

from mesolens.errors import BadInput, Unsafe
from mesolens.hostile import printable


def inside(folder: Path, name: str) -> Path:
    """The file of that name in the folder. A link may lead to another file of the folder or into the hub's own cache.

    Raises:
        Unsafe: the name is a path, or a link leads elsewhere.
        BadInput: there is no such file.
    """
    shown = printable(name, 80)
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise Unsafe(
            f"{printable(str(folder))}: a weight file is named {shown!r}; only plain names in the folder are read"
        )
    path, real, home = folder / name, (folder / name).resolve(), folder.resolve()
    cache = home.parent.parent / "blobs" if home.parent.name == "snapshots" else home
    if not real.is_relative_to(home) and not real.is_relative_to(cache):
        raise Unsafe(
            f"{printable(str(path))} is a link out of its folder, to {printable(str(real), 120)}; copy the file"
        )
    if not real.is_file():
        raise BadInput(f"{printable(str(folder))} has no file {shown}; the download may be incomplete")
    return path


def read_json(path: Path) -> dict[str, object]:
    """A JSON file's object.

    Raises:
        BadInput: it is not there, not JSON, or not an object.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as problem:
        raise BadInput(f"cannot read {printable(str(path))}: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{printable(str(path))} is not JSON: {printable(str(problem), 120)}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{printable(str(path))} must hold a JSON object, not {type(found).__name__}")
    return cast(dict[str, object], found)
