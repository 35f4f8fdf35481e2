"""The shard of the neighbour rung, and what shards that score texts are given of it.

Which places are near needs all of them at once, so this is one shard; a run that is stopped in it begins it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from jaxtyping import Float

from mesolens.corpus.neighbours import BLOCK, NEIGHBOURS, SHARE, TEMPERATURE, Heard
from mesolens.evidence.shards import Cost, Json, Shard, Tables
from mesolens.instruments.average.spec import VERSION, AverageSpec, Neighbours
from mesolens.model.card import ModelCard

NAME = "average"
NEAR, WEIGHT = "average-near", "average-near-weight"
"""Tables: what near places say of each text, and the rung's weight with what it rests on."""
LONGEST = 512
"""Tokens of a document that the model reads."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """What the rung says of a text.

    Attributes:
        weight: λ; 0 where no place is left.
        said: the probability that it alone gives to each token that was said.
        heard: what it says at the places where whole distributions are taken.
    """

    weight: float
    said: Float[np.ndarray, " T"]
    heard: Heard


def shard(card: ModelCard, spec: AverageSpec, asked: Neighbours, depends: Mapping[str, Json]) -> Shard:
    """The one shard; `depends` holds the texts as they were said, and the counts' weights."""
    whole: dict[str, Json] = {
        "version": VERSION,
        "kind": "near",
        **depends,
        "model": card.weights_hash,
        "tokenizer": card.tokenizer_hash,
        "dtype": card.dtype,
        "batch_tokens": spec.batch_tokens,
        "longest": longest(card),
        "at": spec.places,
        "layer": asked.layer,
        "points": asked.places,
        "nearest": NEIGHBOURS,
        "temperature": TEMPERATURE,
        "share": SHARE,
    }
    return Shard(NAME, whole, max(1, asked.places // 100))


def longest(card: ModelCard) -> int:
    """Tokens of a document that the model reads."""
    return min(LONGEST, card.window or LONGEST)


def given(tables: Tables) -> dict[str, dict[str, Json]]:
    """For each text by its name what the shard that scores it is given; nothing without the rung."""
    if NEAR not in tables:
        return {}
    weight = float(tables[WEIGHT]["weight"][0].as_py())
    rows = tables[NEAR].to_pylist()
    names = ("said", "tokens", "weights")
    return {str(row["id"]): {"near": {"weight": weight, **{name: row[name] for name in names}}} for row in rows}


def said_in(row: Mapping[str, Json]) -> Near | None:
    """What a shard was given of a text."""
    if "near" not in row:
        return None
    found = cast("dict[str, Any]", row["near"])
    heard = Heard(_table(found["tokens"], np.int64), _table(found["weights"], np.float64))
    weight = float(found["weight"]) if heard.tokens.shape[1] else 0.0
    return Near(weight, np.array(found["said"], float), heard)


def _table(rows: Sequence[Sequence[int | float]], kind: type[np.generic]) -> np.ndarray:
    return np.array(rows, kind).reshape(len(rows), -1)


def told(card: ModelCard, asked: Neighbours) -> str:
    """What is held, for people, before the work begins."""
    size = 4.0 * card.anatomy.stream_width * asked.places / 1e6
    return f"states behind block {asked.layer} at {asked.places:,} places of the corpus or all it has, {size:.2g} MB"


def cost(card: ModelCard, spec: AverageSpec, asked: Neighbours) -> Cost:
    """Operations of reading documents and texts once, and of holding every state against all places.

    Memory is the places' states in four bytes a number, those of the texts in work, and a block of distances.
    """
    mean = min(longest(card), spec.corpus.tokens / max(spec.corpus.documents, 1))
    read = asked.places / min(SHARE, max(mean - 1, 1)) * mean + spec.fit_tokens
    said = sum(len(text.prompt) + spec.longest for text in spec.texts)
    width = card.anatomy.stream_width
    searched = 2.0 * width * asked.places * (spec.fit_tokens + len(spec.texts) * spec.longest)
    kept = 4.0 * width * (2 * asked.places + spec.fit_tokens + said) + 16.0 * BLOCK
    return Cost(2.0 * card.parameters * (read + said) + searched, kept)
