"""Rows of token ids into few rectangles: sorted by length, padded on the right, no mask.

A causal model never looks to the right, so what stands after a row's end cannot change anything before it; a mask
would only cost time and take the model off its fastest attention kernel. Rows of like length come together, longest
first, so that little is padded and a batch that does not fit in memory fails at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

Ids = tuple[int, ...]
PAD = 0
"""What fills a row's right side. Any id of the vocabulary would do: nothing reads there."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows as one rectangle.

    Attributes:
        rows: which of the given rows these are, in the rectangle's order.
        ids: the token ids, `PAD` after each row's end.
        lengths: how many tokens of each row are its own.
    """

    rows: tuple[int, ...]
    ids: Int[Tensor, "B T"]
    lengths: tuple[int, ...]


def pack(rows: Sequence[Ids], batch_tokens: int, beside: int = 0) -> list[Batch]:
    """All rows in batches of at most `batch_tokens` tokens, padding counted; a longer row has a batch of its own.

    `beside` is counted for each row on top of its tokens, for what it occupies besides them (a cache that it goes on
    from).

    The order depends on the lengths alone (rows of one length keep theirs), so the same rows always give the same
    batches. Each row is in exactly one batch: `Batch.rows` over all batches is a permutation of the rows.

    Raises:
        ValueError: a row is empty.
    """
    if not all(rows):
        raise ValueError("a row without tokens cannot be fed to a model")
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row]))
    batches: list[Batch] = []
    while order:
        fits = max(1, batch_tokens // (len(rows[order[0]]) + beside))
        batches.append(rectangle(rows, order[:fits]))
        order = order[fits:]
    return batches


def rectangle(rows: Sequence[Ids], chosen: Sequence[int]) -> Batch:
    """The chosen rows as one batch, as wide as the longest of them."""
    lengths = tuple(len(rows[row]) for row in chosen)
    width = max(lengths)
    filled = [rows[row] + (PAD,) * (width - len(rows[row])) for row in chosen]
    return Batch(tuple(chosen), torch.tensor(filled, dtype=torch.long), lengths)
