"""Gradients of documents and of tokens that were said, in a sketch."""

from hashlib import sha256
from typing import Any, cast

import pyarrow as pa

from mesolens.corpus.counting import Counts
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.average.documents.plan import BEHIND, MOVED
from mesolens.model.chat import token_texts
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row
from mesolens.model.sketching import document_gradients, sketch, token_gradients

_SNIPPET = 32
"""Tokens of a document's beginning that are shown."""
_SHORTEST = 2


def behind(model: LoadedModel, counts: Counts, shard: Shard) -> Tables:
    """`average-behind`, a row a document: its gradient, those with tokens that the model drew, and how it begins.

    A document of a single token says nothing after anything, and has no row.
    """
    asked = cast("dict[str, Any]", shard.depends)
    into = sketch(model, int(asked["buckets"]), int(asked["seed"]))
    rows: list[dict[str, object]] = []
    for number in cast("list[int]", asked["documents"]):
        ids = [int(token) for token in counts.document(number)[: int(asked["longest"])]]
        if len(ids) >= _SHORTEST:
            row = Row(tuple(ids[:1]), tuple(ids[1:]))
            seed = _seed(number, int(asked["seed"]))
            own_K, drawn_MK = document_gradients(
                model, row, into, draws=int(asked["draws"]), seed=seed, temperature=float(asked["temperature"])
            )
            snippet = "".join(token_texts(model.tokenizer, ids[:_SNIPPET]))
            rows.append({"number": number, "snippet": snippet, "own": own_K, "drawn": drawn_MK.ravel()})
    return {BEHIND: pa.Table.from_pylist(rows, schema=_BEHIND)}


def moved(model: LoadedModel, shard: Shard) -> Tables:
    """`average-moved`, a row a token that was said: the gradient of its log p, in nats."""
    asked = cast("dict[str, Any]", shard.depends)
    into = sketch(model, int(asked["buckets"]), int(asked["seed"]))
    rows: list[dict[str, object]] = []
    for text in cast("list[dict[str, Any]]", asked["texts"]):
        said = tuple(text["said"])
        found_TK = token_gradients(
            model, Row(tuple(text["prompt"]), said), into, temperature=float(asked["temperature"])
        )
        names = token_texts(model.tokenizer, said)
        for place, (token, gradient_K) in enumerate(zip(names, found_TK, strict=True)):
            rows.append({"id": text["id"], "position": place, "token": token, "gradient": gradient_K})
    return {MOVED: pa.Table.from_pylist(rows, schema=_MOVED)}


def _seed(number: int, seed: int) -> int:
    return int.from_bytes(sha256(f"behind/{seed}/{number}".encode()).digest()[:7], "big")


_BEHIND = pa.schema(
    [
        ("number", pa.int64()),
        ("snippet", pa.string()),
        ("own", pa.list_(pa.float64())),
        ("drawn", pa.list_(pa.float64())),
    ]
)
_MOVED = pa.schema(
    [("id", pa.string()), ("position", pa.int32()), ("token", pa.string()), ("gradient", pa.list_(pa.float64()))]
)
