"""A trap: a file that appears if a stranger's program ever runs."""

import json
from pathlib import Path


class Bomb:
    """Pickles into a call that springs the trap when the pickle is read."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.trap,)  # pyright: ignore


def code(trap: Path) -> str:
    """A Python module that springs the trap when it is imported."""
    return f"from pathlib import Path\nPath({str(trap)!r}).touch()\n"


def add(path: Path, **fields: object) -> None:
    """More fields in a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
