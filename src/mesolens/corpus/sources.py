"""Where the documents of a corpus come from: the file of each, and which document of that file it is.

A list of files in order, each with the number of its first document. An index keeps it beside its own files.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.hostile import printable

SOURCES = "sources.json"


@dataclass(frozen=True, slots=True)
class Sources:
    """Files in order.

    Attributes:
        names: of the files.
        first: for each the number of its first document, and the number of all documents behind the last.
        cut: characters at which plain text was cut; 0 for not at all.
    """

    names: tuple[str, ...]
    first: tuple[int, ...]
    cut: int = 0

    def of(self, number: int) -> str:
        """A document's file, and which of the file's documents it is where there are several; "" for none.

        >>> found = Sources(("a.txt", "b.txt"), (0, 1, 4))
        >>> found.of(0), found.of(2), found.of(4)
        ('a.txt', 'b.txt, 2 of 3', '')
        """
        at = bisect_right(self.first, number) - 1
        if not 0 <= at < len(self.names):
            return ""
        count = self.first[at + 1] - self.first[at]
        return self.names[at] if count == 1 else f"{self.names[at]}, {number - self.first[at] + 1} of {count}"


@dataclass(slots=True)
class Counted:
    """Documents as they are read, counted by the file that they come from."""

    cut: int = 0
    paths: list[str] = field(default_factory=list[str])
    sizes: list[int] = field(default_factory=list[int])

    def passing(self, documents: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The texts of documents that come with their file's path, as they are taken."""
        for path, text in documents:
            if not self.paths or self.paths[-1] != path:
                self.paths.append(path)
                self.sizes.append(0)
            self.sizes[-1] += 1
            yield text

    def found(self) -> Sources:
        """What was counted so far."""
        first = [0]
        for size in self.sizes:
            first.append(first[-1] + size)
        # Names alone: a report is handed on, and where a file lies on this machine is nobody's business.
        return Sources(tuple(Path(path).name for path in self.paths), tuple(first), self.cut)


def write(sources: Sources, folder: Path) -> None:
    """Keep it in the folder of an index."""
    document = {"cut": sources.cut, "names": sources.names, "first": sources.first}
    beside = folder / f"part-{SOURCES}"
    beside.write_text(json.dumps(document), "utf-8")
    beside.replace(folder / SOURCES)


def read(folder: Path) -> Sources | None:
    """What is kept in the folder of an index; None where nothing is.

    Raises:
        BadInput: it is damaged.
    """
    file = folder / SOURCES
    try:
        found = json.loads(file.read_text("utf-8"))
        names, first, cut = (
            [str(name) for name in found["names"]],
            [int(n) for n in found["first"]],
            int(found["cut"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(f"{printable(str(file))} is damaged: delete it, or build the index again") from None
    if len(first) != len(names) + 1 or first != sorted(first):
        raise BadInput(f"{printable(str(file))} is damaged: delete it, or build the index again")
    return Sources(tuple(names), tuple(first), cut)
