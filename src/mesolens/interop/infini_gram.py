"""Indexes that infini-gram's own builder wrote (version 4), read in place.

They are folders of `tokenized.N`, `table.N` and `offset.N`; nothing in them names the tokenizer, so the caller says
what it is. What Mesolens keeps beside these files, the sample, is made anew in memory: one look at every 16th suffix.
The other way round nothing is needed: infini-gram's engine opens what `mesolens index build` wrote.
"""

from pathlib import Path

import numpy as np

from mesolens.corpus.index.header import Header, Part, Plan
from mesolens.corpus.index.opened import Index
from mesolens.corpus.index.shard import STRIDE, Indices, Shard, places_at, pointer_bytes, sample_of
from mesolens.errors import BadInput
from mesolens.hostile import printable

KINDS = ("tokenized", "table", "offset")


def open_infini_gram(
    folder: Path, *, tokenizer: str, vocabulary: int, token_bytes: int = 2, fast: bool | None = None
) -> Index:
    """The index in a folder that infini-gram wrote.

    Args:
        folder: where its files are.
        tokenizer: hash of the tokenizer that it was built with, as a model's card gives it.
        vocabulary: entries of that tokenizer.
        token_bytes: 2 for `u16`, 4 for `u32`.
        fast: as in :func:`mesolens.corpus.index.opening.open_index`.

    Raises:
        BadInput: files are missing, or their sizes do not fit each other or `token_bytes`.
    """
    numbers = sorted(file.name.removeprefix("tokenized.") for file in folder.glob("tokenized.*"))
    if not numbers:
        raise BadInput(f"{printable(str(folder))} holds no index of infini-gram: it has no tokenized.0")
    shards = [_shard(folder, number, token_bytes) for number in numbers]
    parts = tuple(Part(len(each.starts), len(each.text) - len(each.starts), {}, {}) for each in shards)
    plan = Plan(folder.name, tokenizer, vocabulary, "", 0)
    if plan.token_bytes > token_bytes:
        raise BadInput(f"{vocabulary} entries do not fit {token_bytes} bytes a token; give token_bytes=4")
    header = Header(plan, sum(part.documents for part in parts), sum(part.tokens for part in parts), parts)
    return Index(header, shards, fast)


def _shard(folder: Path, number: str, token_bytes: int) -> Shard:
    files = [folder / f"{kind}.{number}" for kind in KINDS]
    for file in files:
        if not file.is_file() or not file.stat().st_size:
            raise BadInput(f"{printable(str(file))} is missing or empty: the index is not whole")
    whole, table_size, starts_size = (file.stat().st_size for file in files)
    tokens, width = whole // token_bytes, pointer_bytes(whole)
    if whole % token_bytes or starts_size % 8 or table_size != tokens * width:
        raise BadInput(
            f"{printable(str(files[1]))} has {table_size} bytes, and {tokens} tokens of {token_bytes} bytes need "
            f"{tokens * width}: the index is damaged, or its tokens have another size"
        )
    text, table, starts = (
        np.memmap(file, kind, "r").view(np.ndarray)
        for file, kind in zip(files, (f"<u{token_bytes}", "u1", "<u8"), strict=True)
    )
    bare = Shard(text, table, starts, np.zeros(0, np.uint64))
    return Shard(text, table, starts, sample_of(text, _every(bare)))


def _every(shard: Shard) -> Indices:
    """The places of all suffixes as far as a sample looks at them; the others are left at 0."""
    order = np.zeros(len(shard.text), np.int64)
    ranks = np.arange(0, len(shard.text), STRIDE)
    order[ranks] = places_at(shard, ranks)
    if order.max() >= len(shard.text):
        raise BadInput(f"the index points to place {order.max()} of a text of {len(shard.text)} tokens: it is damaged")
    return order
