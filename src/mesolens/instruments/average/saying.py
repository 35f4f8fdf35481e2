"""What the model says, and what it makes of each token: replies at temperature 1, and log2 p of every token.

At temperature 1 a reply is a sample of p itself, so that min(1, a / p) over its tokens has the overlap of the two as
its mean. A second model trained alike is asked at the same places: the Jensen–Shannon divergence of the two next-token
distributions, in bits, is kept for each.
"""

from hashlib import sha256
from typing import Any, cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.errors import BadInput
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.average.plan import SAID, texts_of
from mesolens.instruments.average.spec import Ids, Text
from mesolens.model.generating import endings, generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, next_token_logits, score

LOG2 = float(np.log(2))


def say(model: LoadedModel, shard: Shard, twin: LoadedModel | None) -> Tables:
    """`average-said`: for each text what was said, as ids, with log2 p of each token, and how far a twin is from it.

    Raises:
        BadInput: a prompt cannot be put to the model, or leaves no room for a reply.
    """
    asked = cast("dict[str, Any]", shard.depends)
    texts = texts_of(shard)
    said = _replies(model, texts, int(asked["longest"]), int(asked["seed"]))
    rows = [Row(text.prompt, ids) for text, ids in zip(texts, said, strict=True)]
    bits = [
        [value / LOG2 for value in values] for values in score(model, rows, batch_tokens=int(asked["batch_tokens"]))
    ]
    apart = [None] * len(rows) if twin is None else [_apart(model, twin, row) for row in rows]
    table = {"id": [text.id for text in texts], "ids": [list(ids) for ids in said], "bits": bits, "apart": apart}
    return {SAID: pa.table(table, schema=_SCHEMA)}


def _replies(model: LoadedModel, texts: list[Text], longest: int, seed: int) -> list[Ids]:
    """What each text says: as it was given, or the model's reply."""
    open_texts = [text for text in texts if text.said is None]
    window = model.card.window
    long = [text for text in open_texts if window is not None and len(text.prompt) >= window]
    if long:
        raise BadInput(
            f"the prompt {long[0].id!r} has {len(long[0].prompt)} tokens and the window {window}: shorten it"
        )
    made = generate(
        model,
        [text.prompt for text in open_texts],
        seeds=[_seed(text, seed) for text in open_texts],
        stop=endings(model),
        most=longest,
        temperature=1.0,
    )
    replies = iter(made)
    return [next(replies).ids if text.said is None else text.said for text in texts]


def _seed(text: Text, seed: int) -> int:
    return int.from_bytes(sha256(f"average/{seed}/{text.id}".encode()).digest()[:7], "big")


def _apart(model: LoadedModel, twin: LoadedModel, row: Row) -> list[float]:
    places = [row.prompt + row.continuation[:place] for place in range(len(row.continuation))]
    one, other = (next_token_logits(each, places).double().log_softmax(-1).numpy() for each in (model, twin))
    return divergence(one, other).tolist()


def divergence(one_TV: Float[np.ndarray, "T V"], other_TV: Float[np.ndarray, "T V"]) -> Float[np.ndarray, " T"]:
    """The Jensen–Shannon divergence of distributions given by their logarithms, in bits.

    >>> divergence(np.log([[0.5, 0.5]]), np.log([[0.5, 0.5]])).tolist()
    [0.0]
    """
    middle_TV = np.logaddexp(one_TV, other_TV) - LOG2
    sides = [(np.exp(side) * (side - middle_TV)).sum(1) for side in (one_TV, other_TV)]
    return np.maximum((sides[0] + sides[1]) / 2 / LOG2, 0.0)


_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("ids", pa.list_(pa.int32())),
        ("bits", pa.list_(pa.float64())),
        ("apart", pa.list_(pa.float64())),
    ]
)
