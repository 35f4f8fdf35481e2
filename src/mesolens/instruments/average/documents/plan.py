"""Which documents are looked at, and the shards of their gradients and of the texts' tokens.

Every document cannot be looked at: a draw of them is, and beside it those that hold the longest runs of the texts and
those that the texts were begun with.
"""

import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from mesolens.evidence.shards import Cost, Json, Shard, Tables
from mesolens.instruments.average.spec import VERSION, Attribution, AverageSpec
from mesolens.model.card import ModelCard

BEHIND, MOVED = "average-behind", "average-moved"
"""Tables: gradients of documents, and of tokens that were said."""
NAME, SAID, SPANS = "average", "average-said", "average-spans"
LONGEST = 512
"""Tokens of a document whose gradient is taken; what comes after is cut off."""
_SHARD_DOCUMENTS, _SHARD_TEXTS = 32, 4
_SCATTERED = 200.0
"""Operations of a matrix product in the time that one coordinate takes to its bucket: some 5 ns on a CPU."""


def shards(card: ModelCard, spec: AverageSpec, asked: Attribution, tables: Tables) -> list[Shard]:
    """The shards of an attribution, once every text is said and its longest runs are known."""
    texts = [text for text in spec.texts[: asked.texts] if text.prompt]
    said = dict(zip(tables[SAID]["id"].to_pylist(), tables[SAID]["ids"].to_pylist(), strict=True))
    depends: dict[str, Json] = {
        "version": VERSION,
        "model": card.weights_hash,
        "tokenizer": card.tokenizer_hash,
        "dtype": card.dtype,
        "buckets": asked.buckets,
        "temperature": asked.temperature,
        "seed": spec.seed,
        "longest": min(LONGEST, card.window or LONGEST),
    }
    rows = [{"id": text.id, "prompt": [*text.prompt], "said": said[text.id]} for text in texts if said[text.id]]
    numbers = looked_at(spec, asked, tables)
    of: dict[str, Json] = {**depends, "corpus": spec.corpus.digest, "draws": asked.draws}
    return [
        *(Shard(NAME, {"kind": "behind", **of, "documents": cast(Json, part)}, len(part))
          for part in _portions(numbers, _SHARD_DOCUMENTS)),
        *(Shard(NAME, {"kind": "moved", **depends, "texts": cast(Json, part)}, len(part))
          for part in _portions(rows, _SHARD_TEXTS)),
    ]  # fmt: skip


def looked_at(spec: AverageSpec, asked: Attribution, tables: Tables) -> list[int]:
    """The numbers of the documents that are looked at, ascending."""
    count = spec.corpus.documents
    drawn = np.random.default_rng(spec.seed + 3).choice(count, min(asked.documents, count), replace=False)
    names = {text.id for text in spec.texts[: asked.texts]}
    begun = {text.document for text in spec.texts[: asked.texts] if text.document is not None}
    spans = tables[SPANS].to_pylist() if SPANS in tables else []
    holding = {
        int(document["number"])
        for row in spans
        if row["id"] in names
        for document in cast("list[dict[str, Any]]", json.loads(str(row["documents"])))
    }
    return sorted({*drawn.tolist(), *begun, *holding})


def cost(card: ModelCard, spec: AverageSpec, asked: Attribution) -> Cost:
    """Operations of a forward and a few backward passes a document, of one backward pass a token, and of sketching.

    Memory is a gradient in the model's own numbers, and in eight bytes for the largest parameter at a time; four bytes
    a parameter of buckets and signs; activations of the longest document; and all sketches while they are solved.
    """
    texts = spec.texts[: asked.texts]
    tokens = sum(len(text.prompt) + spec.longest for text in texts)
    longest = min(LONGEST, card.window or LONGEST)
    mean = min(longest, spec.corpus.tokens / max(spec.corpus.documents, 1))
    passes = asked.documents * mean * (1 + 2 * (1 + asked.draws)) + tokens * 2 * spec.longest
    gradients = asked.documents * (1 + asked.draws) + len(texts) * spec.longest
    sketches = 8.0 * asked.buckets * (asked.documents * (2 + asked.draws) + 3 * asked.buckets + tokens)
    kept = longest * (32 * card.anatomy.stream_width * max(len(card.anatomy.blocks), 1) + 3 * card.vocabulary)
    flops = card.parameters * (2.0 * passes + _SCATTERED * gradients)
    return Cost(flops, 16.0 * card.parameters + 4.0 * kept + sketches)


def _portions(items: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
