"""The average: the next-token distribution that smoothed counts of a corpus give.

Its rungs are the contexts of 0, 1, … tokens before a position, each saying c(context, token) / c(context), and above
them what was said in the same text before (:mod:`mesolens.corpus.copying`). How they are weighted is in
:mod:`mesolens.corpus.smoothing`. Two paths lead to it: the probability of the token that came, from counts alone, and
the whole distribution, from all next tokens of every context; they agree, and the distribution sums to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mesolens.corpus.copying import CELLS as COPY_CELLS
from mesolens.corpus.copying import copies, copy_cells, copy_rung
from mesolens.corpus.counting import Counts, Ladder
from mesolens.corpus.leaving import LONGEST, left_out
from mesolens.corpus.smoothing import Rungs, beside, climbed, fitted, weights_of

MOST = 32
"""Tokens of the longest context."""
GROUPS = (0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 24)
"""Orders at which groups with weights of their own begin."""
BUCKETS = 24
"""Buckets of counts: 1, 2 to 3, 4 to 7, …; the last takes all beyond."""
CELLS = len(GROUPS) * BUCKETS + COPY_CELLS
FIRST_COPY = len(GROUPS) * BUCKETS
"""The cell of the copy rung for the shortest runs."""
_FIT_TOKENS = 40_000


@dataclass(frozen=True, slots=True)
class Fit:
    """How the weights are found.

    Attributes:
        most: tokens of the longest context.
        tokens: of documents, about, by which weights are fitted.
        seed: by which those documents are drawn.
    """

    most: int = MOST
    tokens: int = _FIT_TOKENS
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """A corpus's counts with the weights of its rungs.

    Attributes:
        lambdas: the weight of every cell.
        most: tokens of the longest context.
        unigram: how often each token occurs.
    """

    counts: Counts
    lambdas: Float[np.ndarray, " C"]
    most: int
    unigram: Int[np.ndarray, " V"]

    @property
    def floor(self) -> float:
        """What stands below the unigram: every token alike."""
        return 1 / self.counts.vocabulary


def weighted(counts: Counts, lambdas: Float[np.ndarray, " C"], most: int) -> Average:
    """The average that weights which are known already give."""
    unigram = np.zeros(counts.vocabulary, np.int64)
    tokens, times = counts.following([()])[0]
    unigram[tokens] = times
    return Average(counts, lambdas, most, unigram)


def rungs_of(ladder: Ladder, text: Sequence[int]) -> Rungs:
    """What the counts, and the text itself, say of each of its tokens."""
    there = ladder.context_TN > 0
    said_TN = np.divide(ladder.joint_TN, ladder.context_TN, out=np.zeros(there.shape), where=there)
    return beside(Rungs(said_TN, count_cells(ladder.context_TN)), copy_rung(text, FIRST_COPY))


def count_cells(context_TN: Int[np.ndarray, "T N"]) -> Int[np.ndarray, "T N"]:
    """The cell of each context: its group of orders, and its bucket of counts; −1 where it never occurs."""
    group_N = np.searchsorted(GROUPS, np.arange(context_TN.shape[1]), side="right") - 1
    bucket_TN = np.minimum(np.log2(np.maximum(context_TN, 1)).astype(np.int64), BUCKETS - 1)
    return np.where(context_TN > 0, group_N * BUCKETS + bucket_TN, -1)


def learned(counts: Counts, fit: Fit | None = None) -> Average:
    """The average of a corpus, its weights fitted by leaving each document out of the counts that predict it."""
    fit = fit or Fit()
    texts = left_out(counts, drawn(counts, fit.tokens, fit.seed), fit.most)
    parts = [rungs_of(ladder, text) for text, ladder in texts if text]
    floor = 1 / counts.vocabulary
    if not parts:
        return weighted(counts, np.full(CELLS, 0.5), fit.most)
    together = Rungs(np.concatenate([p.said for p in parts]), np.concatenate([p.cell for p in parts]))
    seen_C = np.bincount(together.cell[together.cell >= 0], minlength=CELLS) > 0
    return weighted(counts, filled(fitted(together, CELLS, floor), seen_C), fit.most)


def filled(lambdas: Float[np.ndarray, " C"], seen_C: Bool[np.ndarray, " C"]) -> Float[np.ndarray, " C"]:
    """Cells that no fitted token was in take the weight of the nearest bucket of their group that one was in.

    A group without any takes the weights of the group below it.
    """
    grid, seen = (each[:FIRST_COPY].reshape(len(GROUPS), BUCKETS).copy() for each in (lambdas, seen_C))
    for group in range(len(GROUPS)):
        known = np.flatnonzero(seen[group])
        if len(known):
            nearest = np.abs(known - np.arange(BUCKETS)[:, None]).argmin(1)
            grid[group] = grid[group, known[nearest]]
        elif group:
            grid[group] = grid[group - 1]
    copy, heard = lambdas[FIRST_COPY:], np.flatnonzero(seen_C[FIRST_COPY:])
    if len(heard):
        copy = copy[heard[np.abs(heard - np.arange(COPY_CELLS)[:, None]).argmin(1)]]
    return np.concatenate([grid.ravel(), copy])


def drawn(counts: Counts, tokens: int, seed: int) -> list[int]:
    """Numbers of documents in a random order, until they have so many tokens together, or all of them."""
    found: list[int] = []
    left = tokens
    for number in np.random.default_rng(seed).permutation(counts.documents).tolist():
        if left <= 0:
            break
        found.append(number)
        left -= min(len(counts.document(number)), LONGEST)
    return found


@dataclass(frozen=True, slots=True)
class Scored:
    """What the average says of each token of a text.

    Attributes:
        climbed: its probability after each rung; the last column is the average's.
        support: tokens of the longest run that ends with the token and occurs in the corpus; 0 where it never does.
        context: tokens of the longest context before it that occurs and is followed by anything.
    """

    climbed: Float[np.ndarray, "T R"]
    support: Int[np.ndarray, " T"]
    context: Int[np.ndarray, " T"]

    @property
    def said(self) -> Float[np.ndarray, " T"]:
        """The average's probability of each token."""
        return self.climbed[:, -1]


def scored(average: Average, text: Sequence[int], without: int | None = None) -> Scored:
    """The cheap path: the average's probability of each token of a text, rung by rung."""
    return scored_by(average, text, average.counts.ladder(text, average.most, without))


def scored_by(average: Average, text: Sequence[int], ladder: Ladder) -> Scored:
    """The same from counts that are there already."""
    climbed_TR = climbed(rungs_of(ladder, text), average.lambdas, average.floor)
    return Scored(climbed_TR, (ladder.joint_TN > 0).sum(1), np.maximum((ladder.context_TN > 0).sum(1) - 1, 0))


def distribution(
    average: Average, text: Sequence[int], positions: Sequence[int], without: int | None = None
) -> Float[np.ndarray, "P V"]:
    """The whole distribution of the token at each of some positions of a text, from 0 to its length.

    A position as long as the text is the token after its end.
    """
    padded = [*text, 0]
    counts_TN = average.counts.ladder(padded, average.most, without).context_TN
    found = copies(padded)
    copy_cell_T = copy_cells(found, FIRST_COPY)
    lambda_TN = weights_of(count_cells(counts_TN), average.lambdas)
    copy_T = weights_of(copy_cell_T.reshape(-1, 1), average.lambdas)[:, 0]
    unigram_V = _unigram(average, without)
    rungs = [(row, n) for row, t in enumerate(positions) for n in range(1, average.most + 1) if counts_TN[t, n] > 0]
    contexts = [padded[positions[row] - n : positions[row]] for row, n in rungs]
    said = dict(zip(rungs, average.counts.following(contexts, without), strict=True))
    made = np.full((len(positions), average.counts.vocabulary), average.floor)
    made += lambda_TN[list(positions), :1] * (unigram_V - average.floor)
    for (row, order), (tokens, times) in said.items():
        weight = lambda_TN[positions[row], order]
        made[row] *= 1 - weight
        made[row, tokens] += weight * times / counts_TN[positions[row], order]
    for row, position in zip(made, positions, strict=True):
        places = found.places[position]
        row *= 1 - copy_T[position]
        if places:
            np.add.at(row, [padded[place] for place in places], copy_T[position] / len(places))
    return made


def _unigram(average: Average, without: int | None) -> Float[np.ndarray, " V"]:
    """The part of the corpus that each token is; zeros where nothing is left."""
    counts_V = average.unigram
    if without is not None:
        own = np.bincount(average.counts.document(without), minlength=len(counts_V))
        counts_V = counts_V - own
    return counts_V / max(int(counts_V.sum()), 1)
