"""The optional neighbour rung: what came next at the places of the corpus whose hidden states are nearest.

For a state h the k nearest states of the corpus by cosine distance d say their next tokens with weight exp(−d / τ)
(Khandelwal and others, *Generalization through memorization: nearest neighbor language models*, 2020). It stands above
all other rungs (:func:`mesolens.corpus.smoothing.beside`) with one weight of its own, fitted as theirs are; places of a
document that is left out are no neighbours. The states are given: nothing here runs a model. Search is exact, in blocks
that fit the cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.corpus.smoothing import Rungs

NEIGHBOURS = 16
TEMPERATURE = 0.05
CELLS = 1
_BLOCK = 1 << 22
"""Distances that are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Places of the corpus.

    Attributes:
        states: the hidden state at each place, of length one.
        following: the token that came next.
        documents: the document that it stands in.
    """

    states: Float[np.ndarray, "M D"]
    following: Int[np.ndarray, " M"]
    documents: Int[np.ndarray, " M"]


def memory(
    states_MD: Float[np.ndarray, "M D"], following: Int[np.ndarray, " M"], documents: Int[np.ndarray, " M"]
) -> Memory:
    """Places by their states, whatever their lengths are."""
    return Memory(_unit(states_MD), following, documents)


def nearest(
    places: Memory, states_QD: Float[np.ndarray, "Q D"], count: int = NEIGHBOURS, without: int | None = None
) -> tuple[Float[np.ndarray, "Q K"], Int[np.ndarray, "Q K"]]:
    """Cosine distances to the nearest places, ascending, and which places these are; fewer where there are fewer."""
    kept = np.arange(len(places.documents)) if without is None else np.flatnonzero(places.documents != without)
    count = min(count, len(kept))
    known_MD = places.states[kept]
    distances, which = np.zeros((len(states_QD), count)), np.zeros((len(states_QD), count), np.int64)
    rows = max(1, _BLOCK // max(1, len(kept)))
    for first in range(0, len(states_QD) if count else 0, rows):
        far_QM = 1 - _unit(states_QD[first : first + rows]) @ known_MD.T
        some_QK = np.argpartition(far_QM, count - 1, axis=1)[:, :count]
        order_QK = np.take_along_axis(far_QM, some_QK, 1).argsort(1, kind="stable")
        some_QK = np.take_along_axis(some_QK, order_QK, 1)
        distances[first : first + rows] = np.take_along_axis(far_QM, some_QK, 1)
        which[first : first + rows] = kept[some_QK]
    return distances, which


def neighbour_rung(
    places: Memory, states_TD: Float[np.ndarray, "T D"], text: Sequence[int], cell: int, without: int | None = None
) -> Rungs:
    """What the rung says of each token of a text, from the state before it; it says nothing where no place is left."""
    distances, which = nearest(places, states_TD, without=without)
    if not which.shape[1]:
        return Rungs(np.zeros((len(text), 1)), np.full((len(text), 1), -1))
    right_TK = places.following[which] == np.asarray(text, np.int64)[:, None]
    said = (_weights(distances) * right_TK).sum(1, keepdims=True)
    return Rungs(said, np.full((len(text), 1), cell))


def said_by_neighbours(
    places: Memory, states_TD: Float[np.ndarray, "T D"], vocabulary: int, without: int | None = None
) -> Float[np.ndarray, "T V"]:
    """The whole distribution that the rung gives at each state; zeros where no place is left."""
    distances, which = nearest(places, states_TD, without=without)
    found = np.zeros((len(states_TD), vocabulary))
    if which.shape[1]:
        rows = np.repeat(np.arange(len(found))[:, None], which.shape[1], 1)
        np.add.at(found, (rows, places.following[which]), _weights(distances))
    return found


def _weights(distances_QK: Float[np.ndarray, "Q K"]) -> Float[np.ndarray, "Q K"]:
    near = np.exp(-(distances_QK - distances_QK[:, :1]) / TEMPERATURE)
    return near / near.sum(1, keepdims=True)


def _unit(states: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M D"]:
    return states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
