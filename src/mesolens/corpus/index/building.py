"""From documents to an index on the disk, a shard at a time, each as large as the memory allows.

Everything of a shard is written under another name, brought to the disk, and then given its own; `shard.N.json` comes
last and says that the shard is finished. A build that is killed loses the shard in flight: the same command goes on
after the last finished one, and never builds a shard twice. It may give another budget of memory: finished shards stay
as they are, and those to come are as large as the new one allows.
"""

import errno
import fcntl
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Integer

from mesolens.corpus.index.engine import sort
from mesolens.corpus.index.header import HEADER, KINDS, PLAN, Header, Part, Plan, check_plan, read_header, read_part
from mesolens.corpus.index.header import write_header as header_text
from mesolens.corpus.index.shard import Indices, packed_table, pointer_bytes, sample_of
from mesolens.errors import BadInput, Incomplete
from mesolens.hostile import printable

Tokens = Sequence[int] | Integer[np.ndarray, " T"]
Documents = Callable[[int], Iterable[Tokens]]
"""Gives the documents from a number on, in an order that does not change."""
Told = Callable[[str, int], None]
"""Called with what was done ("read" or "sorted") and how many tokens more of it."""

MEMORY_PER_TOKEN = 80
"""Bytes of memory that a token of the shard in work takes at most, where all tokens are one and the same; ordinary text
takes half. `tests/corpus/test_building.py` holds it."""
_PIECE = 1 << 20


def shard_tokens(memory: int) -> int:
    """Tokens of a shard that can be built within so many bytes of memory.

    Raises:
        BadInput: that is no memory to speak of.
    """
    if memory < 1 << 16:
        raise BadInput(f"an index cannot be built in {memory} bytes of memory; give 64 kB or more")
    return memory // MEMORY_PER_TOKEN


def build(
    documents: Documents, folder: Path, plan: Plan, told: Told = lambda what, more: None, fast: bool | None = None
) -> Header:
    """Build the index, or what is missing of it.

    Args:
        documents: token ids without separators; asked once, for those behind the finished shards.
        folder: where it lies; made if it is not there.
        fast: whether numba sorts; None for the better of what is there.

    Raises:
        BadInput: the folder holds something else, there is no token at all, a token is not in the vocabulary, or a
            document does not fit the memory.
        Incomplete: the disk is full, or another process builds here; the same command resumes.
    """
    with _explained(folder), _alone(folder):
        if (folder / HEADER).is_file():
            check_plan(folder, _as_begun(folder, plan))
            return read_header(folder)
        _begin(folder, plan)
        for cut_off in folder.glob("part-*"):
            cut_off.unlink()
        parts = list(_finished(folder))
        for part in parts:
            told("read", part.tokens)
            told("sorted", part.tokens)
        done = sum(part.documents for part in parts)
        for first, texts in _shards(documents(done), plan, done, told):
            parts.append(_write_shard(folder, len(parts), *_joined(texts, first, plan), told, fast))
        largest = max([plan.shard_tokens, *(part.tokens + part.documents for part in parts)])
        header = Header(
            replace(plan, shard_tokens=largest),
            sum(p.documents for p in parts),
            sum(p.tokens for p in parts),
            tuple(parts),
        )
        if header.tokens == 0:
            raise BadInput(f"the corpus {printable(plan.name)} holds no token: there is nothing to count")
        _publish(folder / HEADER, header_text(header).encode())
        return header


def _begin(folder: Path, plan: Plan) -> None:
    if (folder / PLAN).is_file():
        check_plan(folder, _as_begun(folder, plan))
    elif any(file.name != "lock" for file in folder.iterdir()):
        raise BadInput(f"{printable(str(folder))} is not empty and holds no index: name another folder with --out")
    else:
        _publish(folder / PLAN, json.dumps(asdict(plan), indent=1).encode())


def _as_begun(folder: Path, plan: Plan) -> Plan:
    """The plan with the size of shards that the folder was begun with, which decides no count."""
    try:
        begun = json.loads((folder / PLAN).read_text("utf-8"))["shard_tokens"]
    except (OSError, ValueError, KeyError, TypeError):
        return plan  # whoever compares says what is wrong
    return replace(plan, shard_tokens=begun)


def _finished(folder: Path) -> Iterator[Part]:
    """The shards that are there whole."""
    number = 0
    while part := read_part(folder / f"shard.{number}.json"):
        for kind in KINDS:
            file = folder / f"{kind}.{number}"
            if not file.is_file() or file.stat().st_size != part.sizes[kind]:
                raise BadInput(f"{printable(str(file))} is not as it was written: delete the folder and build again")
        yield part
        number += 1


def _shards(
    documents: Iterable[Tokens], plan: Plan, first: int, told: Told
) -> Iterator[tuple[int, list[Integer[np.ndarray, " T"]]]]:
    """The documents of each shard, and the number of the first."""
    texts, size, number = list[Integer[np.ndarray, " T"]](), 0, first
    for number, document in enumerate(documents, first):
        text = np.asarray(document, np.int64)
        if len(text) + 1 > plan.shard_tokens:
            need = (len(text) + 1) * MEMORY_PER_TOKEN / 1e6
            raise BadInput(f"document {number} has {len(text)} tokens: indexing it takes --memory {need:.0f}MB or more")
        told("read", len(text))
        if size + len(text) + 1 > plan.shard_tokens and texts:
            yield number - len(texts), texts
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    if texts:
        yield number - len(texts) + 1, texts


def _joined(texts: list[Integer[np.ndarray, " T"]], first: int, plan: Plan) -> tuple[Indices, Indices]:
    """The tokens of a shard as they are on the disk, and where the separators before its documents stand.

    Tokens are looked through here, since document by document that takes ten times as long.
    """
    kind, ends = np.dtype(f"<u{plan.token_bytes}"), np.cumsum([len(text) for text in texts])
    tokens = np.concatenate(texts)
    texts.clear()
    if len(tokens) and not 0 <= int(tokens.min()) <= int(tokens.max()) < plan.vocabulary:
        place = int(np.flatnonzero((tokens < 0) | (tokens >= plan.vocabulary))[0])
        number = first + int(np.searchsorted(ends, place, side="right"))
        raise BadInput(
            f"document {number} has token {tokens[place]}, and the vocabulary {plan.vocabulary} entries from 0"
        )
    text, inside = np.full(len(tokens) + len(ends), np.iinfo(kind).max, kind), np.ones(len(tokens) + len(ends), bool)
    starts = np.append(0, ends[:-1]) + np.arange(len(ends))
    inside[starts] = False
    text[inside] = tokens
    return text, starts


def _write_shard(folder: Path, number: int, text: Indices, starts: Indices, told: Told, fast: bool | None) -> Part:
    kind = text.dtype
    order = sort(text, fast)
    width = pointer_bytes(text.nbytes)
    pieces = {
        "tokenized": (text[at : at + _PIECE] for at in range(0, len(text), _PIECE)),
        "table": (packed_table(order[at : at + _PIECE], kind.itemsize, width) for at in range(0, len(order), _PIECE)),
        "offset": iter([(starts * kind.itemsize).astype("<u8")]),
        "sample": iter([sample_of(text, order).astype("<u8")]),
    }
    written = {kind: _written(folder / f"{kind}.{number}", parts) for kind, parts in pieces.items()}
    tokens = len(text) - len(starts)
    sizes = {kind: size for kind, (size, _) in written.items()}
    part = Part(len(starts), tokens, sizes, {kind: digest for kind, (_, digest) in written.items()})
    _publish(folder / f"shard.{number}.json", json.dumps(asdict(part)).encode())
    told("sorted", tokens)
    return part


def _written(file: Path, pieces: Iterator[Integer[np.ndarray, " N"]]) -> tuple[int, str]:
    """Write a file so that it is whole or not there; gives its size and its SHA-256."""
    digest, size, beside = sha256(), 0, file.with_name(f"part-{file.name}")
    with beside.open("wb") as out:
        for piece in pieces:
            data = piece.tobytes()
            out.write(data)
            digest.update(data)
            size += len(data)
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, file)
    return size, digest.hexdigest()


def _publish(file: Path, data: bytes) -> None:
    _written(file, iter([np.frombuffer(data, np.uint8)]))
    handle = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Hold the folder; the kernel gives it back when the process ends, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Incomplete(f"another process builds the index {printable(str(folder))}: wait for it") from None
        yield


@contextmanager
def _explained(folder: Path) -> Generator[None]:
    shown = printable(str(folder))
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Incomplete(f"no space left for {shown}: free some, then the same command resumes") from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}:
            raise BadInput(f"{shown} cannot be written ({error.strerror}): name another with --out") from error
        raise
