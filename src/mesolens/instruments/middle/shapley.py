"""Shapley and Owen values: exact from all coalitions, or by orders of the players.

Shapley, *A value for n-person games* (1953): the mean, over all orders in which players may join, of what each adds.
Owen, *Values of games with a priori unions* (1977): the same over the orders that keep a layer's players together, and
within a layer those of a block. An order and its reverse are drawn together, which cancels what is odd in the game
(antithetic sampling; Mitchell et al., *Sampling permutations for Shapley value estimation*, 2022).
"""

from collections.abc import Sequence
from math import comb

import numpy as np
from jaxtyping import Bool, Float


def coalitions(players: int) -> Bool[np.ndarray, "C P"]:
    """All 2^P coalitions; coalition c holds player p when bit p of c is set."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def exact(values_CI: Float[np.ndarray, "C I"]) -> Float[np.ndarray, "I P"]:
    """Shapley values from the values of all coalitions, in the order of :func:`coalitions`; they sum to the total.

    >>> exact(np.array([[0.0], [1.0], [1.0], [4.0]])).tolist()
    [[2.0, 2.0]]
    """
    players = len(values_CI).bit_length() - 1
    codes = np.arange(len(values_CI))
    sizes = coalitions(players).sum(1)
    weights = np.array([1 / (players * comb(players - 1, size)) for size in range(players)])
    shares = np.empty((values_CI.shape[1], players))
    for player in range(players):
        without = codes[codes >> player & 1 == 0]
        gains = values_CI[without | 1 << player] - values_CI[without]
        shares[:, player] = weights[sizes[without]] @ gains
    return shares


def owen_order(unions: Sequence[Sequence[Sequence[int]]], rng: np.random.Generator) -> list[int]:
    """A random order of all players that keeps layers together, and blocks within layers."""
    order: list[int] = []
    for layer in rng.permutation(len(unions)):
        blocks = unions[layer]
        for block in rng.permutation(len(blocks)):
            order += [blocks[block][place] for place in rng.permutation(len(blocks[block]))]
    return order
