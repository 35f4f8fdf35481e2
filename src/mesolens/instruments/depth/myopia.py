"""The myopia gap: what a model loses that was never taught to help its own later tokens.

A *myopic* twin is trained as its vanilla one, but that the loss at a token does not reach back into the states of the
tokens before it: it may look back on them, yet nothing shapes them for what comes. Vanilla training shapes them. So

    gap = mean −log p of the myopic twin − mean −log p of the vanilla one,

row by row, in nats a token. Above zero, states are used to prepare for tokens to come; at zero all that helps later was
there for the present token anyway (Wu, Morris and Levine, *Do language models plan ahead for future tokens?*, 2024).
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
from jaxtyping import Float

from mesolens.errors import BadInput
from mesolens.evidence.paired import paired_tests
from mesolens.evidence.shards import Json
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score
from mesolens.traits.task_ids import Ids


def myopia(
    vanilla: LoadedModel, myopic: LoadedModel, rows: Sequence[Ids], *, groups: Sequence[str] = (), seed: int = 0
) -> dict[str, Json]:
    """The `myopia` part of planning: the gap in nats a token over rows, with its interval, and by position.

    Args:
        rows: token ids of at least two, the same for both models.
        groups: a cluster for each row; without any, each is one of its own.

    Raises:
        BadInput: there are no rows, one has fewer than two tokens, or the models have different vocabularies.
    """
    if vanilla.card.vocabulary != myopic.card.vocabulary:
        sizes = f"{vanilla.card.vocabulary} and {myopic.card.vocabulary}"
        raise BadInput(f"vocabularies of {sizes} tokens; the twins must read the same tokens")
    if not rows or min(map(len, rows)) < 2:
        raise BadInput("the myopia gap needs rows of two tokens or more")
    cut = [Row(tuple(row[:1]), tuple(row[1:])) for row in rows]
    own, theirs = (padded([[-value for value in each] for each in score(m, cut)]) for m in (vanilla, myopic))
    return gap(own, theirs, list(groups) or [str(place) for place in range(len(rows))], seed=seed)


def padded(rows: Sequence[Sequence[float]]) -> Float[np.ndarray, "I T"]:
    """Rows of numbers as one array, NaN behind each row's end."""
    found = np.full((len(rows), max(map(len, rows))), np.nan)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found


def gap(
    vanilla_IT: Float[np.ndarray, "I T"], myopic_IT: Float[np.ndarray, "I T"], groups: Sequence[str], *, seed: int = 0
) -> dict[str, Json]:
    """The gap of −log p in nats; NaN where there is no token.

    >>> found = gap(np.ones((6, 2)), np.ones((6, 2)) + 0.5, [*"abcdef"])
    >>> found["gap"], found["by_position"]
    (0.5, [0.5, 0.5])
    """
    off = myopic_IT - vanilla_IT
    test = paired_tests(np.nanmean(off, 1)[:, None], groups, seed=seed)
    value, low, high, p = (float(each[0]) for each in (test.mean, test.low, test.high, test.flip))
    sure = p <= 0.05 and low > 0
    told = f"{value:.3f} [{low:.3f}, {high:.3f}] nats a token"
    return {
        "rows": len(off),
        "vanilla": float(np.nanmean(vanilla_IT)),
        "myopic": float(np.nanmean(myopic_IT)),
        "gap": value,
        "low": low if np.isfinite(low) else None,
        "high": high if np.isfinite(high) else None,
        "p": p,
        "by_position": cast(Json, np.nanmean(off, 0).tolist()),
        "says": f"earlier states prepare for later tokens: {told}" if sure else f"no gap is sure: {told}",
    }
