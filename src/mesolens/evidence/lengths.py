"""Like with like: what a long reply scores is held against long replies, and a short one's against short ones.

A value's neighbours are the clean replies nearest to it in length, in tokens: as many as are asked for, all that are
as near as the last of them, and all there are where there are fewer.
"""

import numpy as np
from jaxtyping import Bool, Float

NEIGHBOURS = 100
"""How many clean replies a value is held against; p-values can then be as small as 1 in 101."""


def near(
    lengths_I: Float[np.ndarray, " I"], clean_lengths_C: Float[np.ndarray, " C"], neighbours: int = NEIGHBOURS
) -> Bool[np.ndarray, "I C"]:
    """Which of the clean replies are each value's neighbours.

    >>> near(np.array([10.0, 99.0]), np.array([8.0, 12.0, 20.0, 40.0]), 1).tolist()
    [[True, True, False, False], [False, False, False, True]]

    Raises:
        ValueError: fewer than one neighbour is asked for.
    """
    if neighbours < 1:
        raise ValueError(f"{neighbours} neighbours are none to compare with: ask for one or more")
    unique_U, back_I = np.unique(lengths_I, return_inverse=True)
    apart_UC = np.abs(unique_U[:, None] - clean_lengths_C)
    if neighbours >= len(clean_lengths_C):
        return np.ones((len(lengths_I), len(clean_lengths_C)), bool)
    last_U = np.partition(apart_UC, neighbours - 1, axis=1)[:, neighbours - 1]
    return (apart_UC <= last_U[:, None])[back_I]


def standardised(
    values_I: Float[np.ndarray, " I"],
    clean_C: Float[np.ndarray, " C"],
    lengths_I: Float[np.ndarray, " I"],
    clean_lengths_C: Float[np.ndarray, " C"],
    *,
    neighbours: int = NEIGHBOURS,
) -> Float[np.ndarray, " I"]:
    """How many standard deviations each value stands above the mean of its neighbours.

    NaN where the value is missing, or where its neighbours are fewer than two or all alike, which gives no unit.

    >>> lengths = np.array([5.0, 5.0, 5.0, 50.0, 50.0, 50.0])
    >>> clean = np.array([1.0, 2.0, 3.0, 7.0, 8.0, 9.0])
    >>> standardised(np.array([9.0]), clean, np.array([40.0]), lengths, neighbours=3).tolist()
    [1.0]
    """
    there = ~np.isnan(clean_C)
    clean_C, near_IC = clean_C[there], near(lengths_I, clean_lengths_C[there], neighbours).astype(float)
    count_I = near_IC.sum(1)
    mean_I = near_IC @ clean_C / np.maximum(count_I, 1)
    square_I = (near_IC * (clean_C - mean_I[:, None]) ** 2).sum(1)
    spread_I = np.sqrt(square_I / np.maximum(count_I - 1, 1))
    told = (count_I > 1) & (spread_I > 1e-12 * np.abs(clean_C).max(initial=0.0))
    return np.divide(values_I - mean_I, spread_I, out=np.full(len(values_I), np.nan), where=told)
