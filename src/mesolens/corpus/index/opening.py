"""Opening an index and proving it: what is looked at each time, and what only `verify` reads."""

from hashlib import sha256
from pathlib import Path

import numpy as np

from mesolens.corpus.index.header import KINDS, Header, Part, read_header
from mesolens.corpus.index.opened import Index
from mesolens.corpus.index.shard import Shard, places_at, words_at
from mesolens.errors import BadInput
from mesolens.hostile import printable

_PIECE = 1 << 20


def open_index(folder: Path, tokenizer: str | None = None, fast: bool | None = None) -> Index:
    """The index in a folder, mapped and not read.

    Args:
        folder: where `mesolens index build` put it.
        tokenizer: hash of the tokenizer whose tokens will be asked for; None asks for whatever it was built with.
        fast: whether numba does the work; None for the better of what is there.

    Raises:
        Incomplete: its build has not ended.
        BadInput: there is none, a file is missing, cut off or too long, or the tokenizer is another.
    """
    header = read_header(folder)
    if tokenizer is not None and tokenizer != header.plan.tokenizer:
        raise BadInput(
            f"the index {printable(str(folder))} was built with the tokenizer {header.plan.tokenizer} and the model "
            f"reads with {tokenizer}: build an index for this model"
        )
    for number, part in enumerate(header.parts):
        for kind in KINDS:
            _check_size(folder / f"{kind}.{number}", part.sizes[kind])
    return Index(header, [_mapped(folder, number, header) for number in range(len(header.parts))], fast)


def verify(folder: Path) -> list[str]:
    """Read a whole index: digests of all files, borders of documents, and the order of neighbouring suffixes.

    Gives what is wrong, a line each; nothing when all holds.

    Raises:
        Incomplete, BadInput: as :func:`open_index`.
    """
    index = open_index(folder)
    wrong = [
        f"{kind}.{number} is not what was written: its SHA-256 differs"
        for number, part in enumerate(index.header.parts)
        for kind in KINDS
        if _digest(folder / f"{kind}.{number}") != part.digests[kind]
    ]
    for number, (shard, part) in enumerate(zip(index.shards, index.header.parts, strict=True)):
        wrong += [f"shard {number}: {told}" for told in _faults(shard, part)]
    return wrong


def _faults(shard: Shard, part: Part) -> list[str]:
    told = list[str]()
    separators = np.flatnonzero(shard.text == shard.separator)
    if not np.array_equal(separators * shard.text.itemsize, shard.starts) or len(separators) != part.documents:
        told.append("its documents do not begin where it says")
    seen = np.zeros(len(shard.text), bool)
    for first in range(0, len(shard.text), _PIECE):
        places = places_at(shard, np.arange(first, min(first + _PIECE + 1, len(shard.text))))
        if places.max() >= len(shard.text):
            return [*told, "its table points beyond the text"]
        seen[places] = True
        words = words_at(shard, places)
        if np.any(words[1:] < words[:-1]):
            told.append(f"its suffixes from rank {first} on are out of order")
            break
    else:
        if not seen.all():
            told.append("its table leaves out a suffix")
    return told


def _check_size(file: Path, size: int) -> None:
    shown = printable(str(file))
    if not file.is_file():
        raise BadInput(f"{shown} is missing: the index is damaged; build it again")
    found = file.stat().st_size
    if found != size:
        fault = "cut off" if found < size else "too long"
        raise BadInput(f"{shown} is {fault}: {found} bytes, and {size} were written; build the index again")


def _mapped(folder: Path, number: int, header: Header) -> Shard:
    kinds = {"tokenized": f"<u{header.plan.token_bytes}", "table": "u1", "offset": "<u8", "sample": "<u8"}
    text, table, starts, sample = (
        np.memmap(folder / f"{kind}.{number}", kinds[kind], "r").view(np.ndarray) for kind in KINDS
    )
    return Shard(text, table, starts, sample)


def _digest(file: Path) -> str:
    with file.open("rb") as data:
        digest = sha256()
        while piece := data.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
