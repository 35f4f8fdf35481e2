"""The in-context copy rung: what came after the last tokens when they stood in the same text before.

At each position the longest run of tokens that ends there and ended somewhere earlier in the text is found; the rung
says the tokens that followed its latest earlier occurrences, each as often as it did. It needs no corpus, so whatever
it explains is repetition and not memory. Weights depend on the length of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from mesolens.corpus.smoothing import Rungs

LATEST = 4
"""Earlier occurrences that are listened to."""
LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Where the buckets of run lengths begin."""
CELLS = len(LENGTHS)
WINDOW = 1024
"""Tokens back that are searched."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Earlier occurrences of the longest run that ends before each position.

    Attributes:
        length: tokens of the run; 0 where the last token never came before.
        places: for each position the places of the tokens that followed, the latest first.
    """

    length: Int[np.ndarray, " T"]
    places: tuple[tuple[int, ...], ...]


def copies(text: Sequence[int]) -> Copies:
    """The earlier occurrences at each position of a text.

    >>> found = copies([5, 6, 7, 5, 6])
    >>> found.length.tolist(), found.places[4]
    ([0, 0, 0, 0, 1], (1,))
    """
    tokens = np.asarray(text, dtype=np.int64)
    length_T = np.zeros(len(tokens), np.int64)
    places: list[tuple[int, ...]] = [()] * min(1, len(tokens))
    run_S = np.zeros(len(tokens), np.int64)  # of the run that ends before the present position and before each earlier
    for position in range(1, len(tokens)):
        first = max(1, position - WINDOW)
        same_S = tokens[first - 1 : position - 1] == tokens[position - 1]
        run_S[first:position] = np.where(same_S, run_S[first - 1 : position - 1] + 1, 0)
        some_S = run_S[first:position]
        length_T[position] = some_S.max(initial=0)
        best = np.flatnonzero(some_S == length_T[position]) + first if length_T[position] else []
        places.append(tuple(int(place) for place in best[::-1][:LATEST]))
    return Copies(length_T, tuple(places))


def copy_rung(text: Sequence[int], first_cell: int) -> Rungs:
    """What the copy rung says of each token of a text."""
    found = copies(text)
    said = [
        float(np.mean([text[place] == token for place in places])) if places else 0.0
        for token, places in zip(text, found.places, strict=True)
    ]
    return Rungs(np.array(said).reshape(-1, 1), copy_cells(found, first_cell).reshape(-1, 1))


def copy_cells(found: Copies, first_cell: int) -> Int[np.ndarray, " T"]:
    """The cell of the rung at each position; −1 where nothing came before."""
    bucket = np.searchsorted(LENGTHS, found.length, side="right") - 1
    return np.where(found.length > 0, first_cell + bucket, -1)
