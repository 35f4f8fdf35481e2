"""Rungs and their weights: how predictions from long contexts lean on those from short ones.

A position is predicted rung by rung, the shortest context first (Jelinek and Mercer, *Interpolated estimation of Markov
source parameters from sparse data*, 1980, with weights tied in buckets of counts as by Bahl, Jelinek and Mercer, 1983):

    a_r(w) = λ_c · q_r(w) + (1 − λ_c) · a_{r−1}(w),        a_{−1}(w) = 1 / V

where q_r is what rung r alone says, c its cell (a group of orders and a bucket of counts) and λ_c the weight of that
cell. Rung 0 is the unigram. A rung that says nothing at a position has no cell there, and leaves a as it was.

Weights maximise the likelihood of texts of which no rung has seen anything (each document without itself), by
expectation and maximisation: a token is thought to come from one of the rungs, reached from above by passing those
over it; λ_c is how often rungs of the cell were stopped at among the times that they were reached.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

ROUNDS = 40
"""Of expectation and maximisation, at most."""
_SETTLED = 1e-5
"""Gain in nats a token below which weights count as found."""
_PRIOR = 0.5
"""Times that each cell is thought to have been stopped at, and as often passed, before anything was seen."""


@dataclass(frozen=True, slots=True)
class Rungs:
    """What every rung says of the token that came, at each position, in order from the shortest context.

    Attributes:
        said: the probability that rung r alone gives to the token.
        cell: the weight that it has, by its number; −1 where it says nothing.
    """

    said: Float[np.ndarray, "T R"]
    cell: Int[np.ndarray, "T R"]


def beside(one: Rungs, other: Rungs) -> Rungs:
    """The rungs of `one` with those of `other` above them."""
    return Rungs(np.hstack([one.said, other.said]), np.hstack([one.cell, other.cell]))


def weights_of(cells: Int[np.ndarray, "*N"], lambdas: Float[np.ndarray, " C"]) -> Float[np.ndarray, "*N"]:
    """Each rung's weight at each position; 0 where it says nothing."""
    return np.where(cells >= 0, lambdas[np.maximum(cells, 0)], 0.0)


def climbed(
    rungs: Rungs, lambdas: Float[np.ndarray, " C"], floor: float | Float[np.ndarray, " T"]
) -> Float[np.ndarray, "T R"]:
    """The average's probability of the token after each rung; `floor` is what stands below the first, mostly 1 / V."""
    weight_TR = weights_of(rungs.cell, lambdas)
    found = np.empty_like(rungs.said)
    below = np.full(len(found), floor)
    for rung in range(found.shape[1]):
        below = weight_TR[:, rung] * rungs.said[:, rung] + (1 - weight_TR[:, rung]) * below
        found[:, rung] = below
    return found


def fitted(
    rungs: Rungs,
    cells: int,
    floor: float | Float[np.ndarray, " T"],
    rounds: int = ROUNDS,
    start: Float[np.ndarray, " C"] | None = None,
) -> Float[np.ndarray, " C"]:
    """The weights under which the tokens are likeliest, one for each of `cells` cells.

    A cell that was never reached keeps a half. The likelihood never falls from round to round but for the prior.
    """
    lambdas = np.full(cells, 0.5) if start is None else start
    before = -np.inf
    for _ in range(rounds):
        climbed_TR = climbed(rungs, lambdas, floor)
        likelihood = float(np.log(climbed_TR[:, -1]).mean()) if len(climbed_TR) else 0.0
        if likelihood - before < _SETTLED:
            break
        before, lambdas = likelihood, _round(rungs, lambdas, climbed_TR)
    return lambdas


def _round(
    rungs: Rungs, lambdas: Float[np.ndarray, " C"], climbed_TR: Float[np.ndarray, "T R"]
) -> Float[np.ndarray, " C"]:
    """One round: how often each cell was reached, and how often stopped at, under the weights so far."""
    weight_TR = weights_of(rungs.cell, lambdas)
    reached_TR, stopped_TR = np.zeros_like(weight_TR), np.zeros_like(weight_TR)
    here = np.ones(len(weight_TR))
    for rung in reversed(range(weight_TR.shape[1])):
        reached_TR[:, rung] = here
        stopped_TR[:, rung] = here * weight_TR[:, rung] * rungs.said[:, rung] / climbed_TR[:, rung]
        here = here - stopped_TR[:, rung]
    there = rungs.cell >= 0
    cell = rungs.cell[there]
    stopped, reached = (np.bincount(cell, of[there], minlength=len(lambdas)) for of in (stopped_TR, reached_TR))
    return (stopped + _PRIOR) / (reached + 2 * _PRIOR)
