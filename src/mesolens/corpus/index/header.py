"""What an index says of itself, in `index.json`, and what a build writes down before it begins, in `build.json`.

The header comes last, so a folder without one is a build that has not ended. It carries the sizes and the digests of
all files. Opening compares sizes, which costs nothing; `verify` reads everything.
"""

import json
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from mesolens.errors import BadInput, Incomplete
from mesolens.hostile import printable

FORMAT = 1
HEADER, PLAN = "index.json", "build.json"
ORDER = "suffixes by their raw little-endian bytes, as infini-gram 4; queries hold no separator"
KINDS = ("tokenized", "table", "offset", "sample")
"""Files of each shard; `KIND.N` is that of shard N."""


@dataclass(frozen=True, slots=True)
class Part:
    """A finished shard: how much it holds, and the size in bytes and the SHA-256 of each of its files."""

    documents: int
    tokens: int
    sizes: dict[str, int]
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides the files of an index.

    Attributes:
        name: of the corpus.
        tokenizer: its hash.
        vocabulary: entries of the tokenizer.
        sources: a digest of what the text is read from.
        shard_tokens: at most so many tokens to a shard, separators among them.
    """

    name: str
    tokenizer: str
    vocabulary: int
    sources: str
    shard_tokens: int

    @property
    def token_bytes(self) -> int:
        """Two where 65535 is free to be the separator, else four."""
        return 2 if self.vocabulary < 0xFFFF else 4


@dataclass(frozen=True, slots=True)
class Header:
    """A finished index: what was planned, and what came of it.

    Attributes:
        tokens: of all documents, without separators.
    """

    plan: Plan
    documents: int
    tokens: int
    parts: tuple[Part, ...]


def write_header(header: Header) -> str:
    """The header as text, with its own digest."""
    body = {"format": FORMAT, "order": ORDER, **asdict(header)}
    return json.dumps({**body, "digest": _digest(body)}, indent=1)


def read_header(folder: Path) -> Header:
    """The header of an index.

    Raises:
        Incomplete: the folder's build has not ended.
        BadInput: there is no index, or its header is damaged or of a later version.
    """
    shown = printable(str(folder))
    if not (folder / HEADER).is_file():
        if (folder / PLAN).is_file():
            raise Incomplete(f"the index {shown} is not finished: the command that built it resumes it")
        raise BadInput(f"{shown} is no index: it has no {HEADER}; `mesolens index build` makes one")
    try:
        found: dict[str, Any] = json.loads((folder / HEADER).read_text("utf-8"))
        digest, version = found.pop("digest"), found.pop("format")
        whole = {"format": version, **found}
    except (OSError, ValueError, RecursionError, KeyError, AttributeError, TypeError):
        raise BadInput(f"the header {shown}/{HEADER} is damaged: build the index again") from None
    if digest != _digest(whole):
        raise BadInput(
            f"the header {shown}/{HEADER} was changed or damaged (its digest differs): build the index again"
        )
    if version != FORMAT:
        raise BadInput(f"the index {shown} has format {printable(str(version), 20)}; this version reads {FORMAT}")
    parts = tuple(Part(**part) for part in found["parts"])
    return Header(Plan(**found["plan"]), found["documents"], found["tokens"], parts)


def read_part(file: Path) -> Part | None:
    """What was noted of a finished shard; None where nothing was."""
    try:
        return Part(**json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        raise BadInput(f"{printable(str(file))} is damaged: delete the folder and build the index again") from None


def check_plan(folder: Path, plan: Plan) -> None:
    """Compare with the plan that a folder was begun with.

    Raises:
        BadInput: it differs, and where.
    """
    try:
        begun: dict[str, Any] = json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError):
        raise BadInput(f"{printable(str(folder / PLAN))} is damaged: delete the folder and build again") from None
    for field in fields(plan):
        old, new = begun.get(field.name), getattr(plan, field.name)
        if old != new:
            told = f"{field.name} {printable(str(old), 70)}, and this command has {printable(str(new), 70)}"
            raise BadInput(f"{printable(str(folder))} was begun with {told}: name another folder with --out")


def _digest(body: dict[str, Any]) -> str:
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
