"""The optional neighbour rung: what came next at the places of the corpus whose hidden states are nearest.

For a state h the k nearest states of the corpus by cosine distance d say their next tokens with weights w ∝ exp(−d / τ)
(Khandelwal and others, *Generalization through memorization: nearest neighbor language models*, 2020):

    q(v) = Σ_k w_k [v_k = v],        a(v) = λ q(v) + (1 − λ) a_counts(v)

It stands above all other rungs, which it leaves as they are. λ is fitted as theirs are (:func:`weight`), on documents
of which each is left out: places of a document that is left out are no neighbours. The states are given: nothing here
runs a model. Search is exact, in blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.corpus.counting import Counts
from mesolens.corpus.smoothing import Rungs, fitted

NEIGHBOURS = 16
TEMPERATURE = 0.05
BLOCK = 1 << 22
"""Distances that are held at once."""
SHARE = 32
"""Places of one document at most, where there are documents enough: near places should not be of one text."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the nearest places say at some states, the nearest first; no column where no place is left.

    Attributes:
        tokens: that followed them.
        weights: that they have; a row sums to one.
    """

    tokens: Int[np.ndarray, "Q K"]
    weights: Float[np.ndarray, "Q K"]


def memory(
    states_MD: Float[np.ndarray, "M D"], following: Int[np.ndarray, " M"], documents: Int[np.ndarray, " M"]
) -> Memory:
    """Places by their states, whatever their lengths are."""
    return Memory(_unit(states_MD), following, documents)


def places(counts: Counts, most: int, longest: int, seed: int) -> list[tuple[int, list[int]]]:
    """Where states are taken: numbers of documents in a random order, each with places drawn from it, ascending.

    A place is the index of the token that follows, so it is never 0.

    Args:
        most: places in all documents; all there are where there are fewer.
        longest: tokens of a document that are looked at.
    """
    rng = np.random.default_rng([seed, 4])
    share = max(SHARE, -(-most // max(1, counts.documents)))
    found: list[tuple[int, list[int]]] = []
    left = most
    for number in rng.permutation(counts.documents).tolist():
        there = min(len(counts.document(number)), longest) - 1
        if left <= 0:
            break
        if there > 0:
            chosen = rng.choice(there, min(there, share, left), replace=False) + 1
            found.append((number, np.sort(chosen).tolist()))
            left -= len(chosen)
    return found


def nearest(
    known: Memory, states_QD: Float[np.ndarray, "Q D"], count: int = NEIGHBOURS, without: int | None = None
) -> tuple[Float[np.ndarray, "Q K"], Int[np.ndarray, "Q K"]]:
    """Cosine distances to the nearest places, ascending, and which places these are; fewer where there are fewer."""
    own = np.zeros(0, np.int64) if without is None else np.flatnonzero(known.documents == without)
    count = min(count, len(known.documents) - len(own))
    distances, which = np.zeros((len(states_QD), count)), np.zeros((len(states_QD), count), np.int64)
    rows = max(1, BLOCK // max(1, len(known.documents)))
    for first in range(0, len(states_QD) if count else 0, rows):
        far_QM = 1 - _unit(states_QD[first : first + rows]) @ known.states.T
        far_QM[:, own] = np.inf
        some_QK = np.argpartition(far_QM, count - 1, axis=1)[:, :count]
        order_QK = np.take_along_axis(far_QM, some_QK, 1).argsort(1, kind="stable")
        some_QK = np.take_along_axis(some_QK, order_QK, 1)
        distances[first : first + rows] = np.take_along_axis(far_QM, some_QK, 1)
        which[first : first + rows] = some_QK
    return distances, which


def heard(known: Memory, states_QD: Float[np.ndarray, "Q D"], without: int | None = None) -> Heard:
    """What the rung says at each state."""
    distances, which = nearest(known, states_QD, without=without)
    near_QK = np.exp(-(distances - distances[:, :1]) / TEMPERATURE)
    return Heard(known.following[which], near_QK / near_QK.sum(1, keepdims=True))


def said_of(found: Heard, tokens: Sequence[int]) -> Float[np.ndarray, " Q"]:
    """The probability that the rung alone gives to the token that came at each state.

    >>> said_of(Heard(np.array([[3, 4, 3]]), np.array([[0.5, 0.3, 0.2]])), [3]).tolist()
    [0.7]
    """
    return (found.weights * (found.tokens == np.asarray(tokens, np.int64)[:, None])).sum(1)


def whole(found: Heard, vocabulary: int) -> Float[np.ndarray, "Q V"]:
    """The whole distribution that the rung gives at each state; zeros where no place is left."""
    made = np.zeros((len(found.tokens), vocabulary))
    rows = np.repeat(np.arange(len(made))[:, None], found.tokens.shape[1], 1)
    np.add.at(made, (rows, found.tokens), found.weights)
    return made


def weight(said: Float[np.ndarray, " T"], below: Float[np.ndarray, " T"]) -> float:
    """λ, by expectation and maximisation as all rungs', those below left as they are.

    Args:
        said: what the rung gives to tokens of documents that were left out.
        below: what the counts give to them.
    """
    return float(fitted(Rungs(said[:, None], np.zeros((len(said), 1), np.int64)), 1, below)[0])


def effective(found: Heard) -> Float[np.ndarray, " Q"]:
    """How many places speak at each state: 1 / Σ w²; 0 where none is left."""
    squares_Q = (found.weights**2).sum(1)
    return np.divide(1.0, squares_Q, out=np.zeros(len(squares_Q)), where=squares_Q > 0)


def _unit(states: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M D"]:
    return states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
