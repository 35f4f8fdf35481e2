"""What else could say which documents a text comes from: gradients' plain products, and likeness of words and states.

Each gives a weight for every text and document, [T, D]; larger means more alike.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from mesolens.model.loaded import LoadedModel

Ids = tuple[int, ...]
NGRAM = 3


def tfidf(texts: Sequence[Ids], documents: Sequence[Ids], vocabulary: int) -> Float[np.ndarray, "T D"]:
    """The cosine of token counts, each weighted by the logarithm of how few documents have the token."""
    counts = [
        np.stack([np.bincount(ids, minlength=vocabulary) for ids in side]).astype(float) for side in (texts, documents)
    ]
    weight_V = np.log(len(documents) / np.maximum((counts[1] > 0).sum(0), 1))
    one, other = (unit(each * weight_V) for each in counts)
    return one @ other.T


def shared_ngrams(texts: Sequence[Ids], documents: Sequence[Ids], size: int = NGRAM) -> Float[np.ndarray, "T D"]:
    """How many different n-grams a text and a document share.

    >>> shared_ngrams([(1, 2, 3, 4)], [(2, 3, 4, 5), (1, 2, 4)]).tolist()
    [[1.0, 0.0]]
    """
    sets = [
        [{ids[place : place + size] for place in range(len(ids) - size + 1)} for ids in side]
        for side in (texts, documents)
    ]
    return np.array([[float(len(one & other)) for other in sets[1]] for one in sets[0]])


def longest_shared(texts: Sequence[Ids], documents: Sequence[Ids]) -> Float[np.ndarray, "T D"]:
    """Tokens of the longest run that a text and a document share.

    >>> longest_shared([(1, 2, 3, 4)], [(2, 3, 4, 5), (1, 2, 4)]).tolist()
    [[3.0, 2.0]]
    """
    wide = np.full((len(documents), max(map(len, documents)) + 1), -1)
    for row, ids in zip(wide, documents, strict=True):
        row[1 : len(ids) + 1] = ids
    found = np.zeros((len(texts), len(documents)))
    for longest_D, text in zip(found, texts, strict=True):
        run = np.zeros_like(wide)
        for token in text:
            run[:, 1:] = np.where(wide[:, 1:] == token, run[:, :-1] + 1, 0)
            np.maximum(longest_D, run.max(1), out=longest_D)
    return found


@torch.no_grad()
def states(model: LoadedModel, texts: Sequence[Ids], documents: Sequence[Ids]) -> Float[np.ndarray, "T D"]:
    """The cosine of mean states of the last block."""

    def mean(ids: Ids) -> np.ndarray:
        out = model.module(input_ids=torch.tensor([ids]), output_hidden_states=True, use_cache=False)
        return out.hidden_states[-1][0].double().mean(0).numpy()

    one, other = (unit(np.stack([mean(ids) for ids in side])) for side in (texts, documents))
    return one @ other.T


def unit(rows: Float[np.ndarray, "R V"]) -> Float[np.ndarray, "R V"]:
    """Rows of length one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
