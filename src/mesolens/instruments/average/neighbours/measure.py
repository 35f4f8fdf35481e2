"""The model reads the corpus' places, the documents of the fit and the texts, and near places say what comes next."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.corpus.average import Average, drawn, scored_by
from mesolens.corpus.counting import Counts
from mesolens.corpus.leaving import left_out
from mesolens.corpus.neighbours import Heard, Memory, heard, memory, places, said_of, weight
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.average.neighbours.plan import NEAR, WEIGHT
from mesolens.instruments.average.placing import places_in
from mesolens.instruments.average.spec import Text
from mesolens.model.batches import pack
from mesolens.model.loaded import LoadedModel
from mesolens.model.taps import Point, tapped

Ids = tuple[int, ...]
_TOGETHER = 256
"""Rows whose states are held at once."""


def near(model: LoadedModel, counts: Counts, average: Average, texts: Sequence[Text], shard: Shard) -> Tables:
    """`average-near`: what near places say of each text; `average-near-weight`: λ, and what it rests on."""
    asked = cast("dict[str, Any]", shard.depends)
    known = remembered(model, counts, asked)
    lambda_, tokens = _weighed(model, average, known, asked)
    rows: list[dict[str, object]] = []
    for first in range(0, len(texts), _TOGETHER):
        some = texts[first : first + _TOGETHER]
        ids = [(*text.prompt, *(text.said or ())) for text in some]
        for text, states_TD in zip(some, _states(model, ids, asked), strict=True):
            # The state before a token says what it will be.
            found = heard(known, states_TD[len(text.prompt) - 1 : -1], text.document)
            rows.append(_row(text, found, int(asked["at"])))
    facts = {"weight": lambda_, "places": len(known.documents), "documents": len(np.unique(known.documents))}
    return {
        NEAR: pa.Table.from_pylist(rows, schema=_NEAR),
        WEIGHT: pa.Table.from_pylist([{**facts, "tokens": tokens}], schema=_WEIGHT),
    }


def remembered(model: LoadedModel, counts: Counts, asked: dict[str, Any]) -> Memory:
    """The places of the corpus with the model's states there."""
    drawn_places = places(counts, int(asked["points"]), int(asked["longest"]), int(asked["seed"]))
    states: list[np.ndarray] = []
    following: list[int] = []
    for first in range(0, len(drawn_places), _TOGETHER):
        some = drawn_places[first : first + _TOGETHER]
        # What stands behind the last place is not read: a causal model says the same without it.
        ids = [tuple(counts.document(number)[: chosen[-1]].tolist()) for number, chosen in some]
        for (number, chosen), states_TD in zip(some, _states(model, ids, asked), strict=True):
            states.append(states_TD[np.array(chosen) - 1])
            following += counts.document(number)[chosen].tolist()
    numbers = np.repeat([number for number, _ in drawn_places], [len(chosen) for _, chosen in drawn_places])
    width = model.anatomy.stream_width
    return memory(
        np.concatenate([np.zeros((0, width), np.float32), *states]),
        np.array(following, np.int64),
        numbers.astype(np.int64),
    )


def _weighed(model: LoadedModel, average: Average, known: Memory, asked: dict[str, Any]) -> tuple[float, int]:
    """λ, fitted on the documents that the counts' weights were fitted on, each left out; and on how many tokens."""
    numbers = drawn(average.counts, int(asked["fit_tokens"]), int(asked["seed"]))
    most = int(asked["longest"])
    texts = [
        (number, document[:most], scored_by(average, document, ladder).said[:most])
        for number, (document, ladder) in zip(numbers, left_out(average.counts, numbers, average.most), strict=True)
        if len(document) > 1
    ]
    said: list[np.ndarray] = []
    below: list[np.ndarray] = []
    for first in range(0, len(texts), _TOGETHER):
        some = texts[first : first + _TOGETHER]
        for (number, ids, counted), states_TD in zip(
            some, _states(model, [tuple(ids) for _, ids, _ in some], asked), strict=True
        ):
            found = heard(known, states_TD[:-1], number)
            if found.tokens.shape[1]:
                said.append(said_of(found, ids[1:]))
                below.append(counted[1:])
    if not said:
        return 0.0, 0
    return weight(np.concatenate(said), np.concatenate(below)), sum(map(len, said))


def _row(text: Text, found: Heard, at: int) -> dict[str, object]:
    shown = places_in(text, at)
    said = said_of(found, text.said or ()).tolist()
    return {
        "id": text.id,
        "said": said,
        "tokens": found.tokens[shown].tolist(),
        "weights": found.weights[shown].tolist(),
    }


@torch.no_grad()
def _states(model: LoadedModel, rows: Sequence[Ids], asked: dict[str, Any]) -> list[Float[np.ndarray, "T D"]]:
    """The stream behind the asked block at every position of each row, float32."""
    point = Point(model.anatomy.blocks[int(asked["layer"])].module, "out")
    found: dict[int, np.ndarray] = {}
    for batch in pack(rows, int(asked["batch_tokens"])):
        seen: list[Tensor] = []
        with tapped(model.module, {point: partial(_see, seen)}):
            model.module(input_ids=batch.ids.to(model.module.device), use_cache=False)
        for row, length, states_TD in zip(batch.rows, batch.lengths, seen[0], strict=True):
            found[row] = states_TD[:length].numpy()
    return [found[row] for row in range(len(rows))]


def _see(seen: list[Tensor], live: Tensor) -> None:
    seen.append(live.detach().to("cpu", torch.float32, copy=True))


_NEAR = pa.schema(
    [
        ("id", pa.string()),
        ("said", pa.list_(pa.float64())),
        ("tokens", pa.list_(pa.list_(pa.int64()))),
        ("weights", pa.list_(pa.list_(pa.float64()))),
    ]
)
_WEIGHT = pa.schema(
    [("weight", pa.float64()), ("places", pa.int64()), ("documents", pa.int64()), ("tokens", pa.int64())]
)
