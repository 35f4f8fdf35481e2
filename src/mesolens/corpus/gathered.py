"""Counts of a few documents, held in memory: a half or an eighth of a corpus, or one document by itself.

A suffix array of the documents laid end to end, each closed by a mark that no token equals. Suffixes are sorted by
their first tokens only, as many as a context and its next token can have, by doubling (Manber and Myers, *Suffix
arrays*, SIAM Journal on Computing 22, 1993). All suffixes with one beginning lie side by side, so a count is the width
of an interval; an interval is narrowed by one token at a time, for all positions of a text in lock-step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from mesolens.corpus.counting import Ladder
from mesolens.corpus.index.opened import Place

DEPTH = 64
"""Tokens by which suffixes are sorted; contexts may have one fewer."""
_CLOSE = -1
"""Closes a document; it sorts before every token."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Documents in memory, as counts.

    Attributes:
        stream: all documents, each closed by a mark.
        order: places of the stream, sorted by what stands there.
        starts: where each document begins in the stream; one more for the end.
        vocabulary: entries of the tokenizer's vocabulary.
    """

    stream: Int[np.ndarray, " S"]
    order: Int[np.ndarray, " S"]
    starts: Int[np.ndarray, " D"]
    vocabulary: int

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.starts) - 1

    @property
    def tokens(self) -> int:
        """Tokens, marks not counted."""
        return len(self.stream) - self.documents

    def document(self, number: int) -> Int[np.ndarray, " T"]:
        """The tokens of one document."""
        return self.stream[self.starts[number] : self.starts[number + 1] - 1]

    def ladder(self, text: Sequence[int], most: int, without: int | None = None) -> Ladder:
        """The counts of every context of every position of `text`, of up to `most` tokens."""
        tokens = np.asarray(text, dtype=np.int64)
        found = self._ladder(tokens, most)
        if without is None:
            return found
        own = gathered([self.document(without)], self.vocabulary)._ladder(tokens, most)
        return Ladder(found.context_TN - own.context_TN, found.joint_TN - own.joint_TN)

    def _ladder(self, text_T: Int[np.ndarray, " T"], most: int) -> Ladder:
        size = len(text_T)
        context_TN, joint_TN = (np.zeros((size, most + 1), np.int64) for _ in range(2))
        low, high = np.zeros(size, np.int64), np.full(size, len(self.stream))
        for length in range(min(most, size - 1) + 1 if size else 0):
            # The interval of position s holds the places of text[s : s + length]; what follows them is at s + length.
            live = size - length
            low, high = low[:live], high[:live]
            first = self._bound(low, high, length, np.zeros(live, np.int64))
            context_TN[length:, length] = high - first
            wanted = text_T[length:]
            low = self._bound(first, high, length, wanted)
            high = self._bound(low, high, length, wanted + 1)
            joint_TN[length:, length] = high - low
        return Ladder(context_TN, joint_TN)

    def _bound(
        self,
        low: Int[np.ndarray, " Q"],
        high: Int[np.ndarray, " Q"],
        offset: int,
        least: Int[np.ndarray, " Q"],
    ) -> Int[np.ndarray, " Q"]:
        """The first place of each interval whose suffix has a token of `least` or more at the offset."""
        low, high = low.copy(), high.copy()
        while (open_Q := low < high).any():
            middle = (low + high) // 2
            at = self.order[np.minimum(middle, len(self.order) - 1)] + offset
            less = self.stream[np.minimum(at, len(self.stream) - 1)] < least
            low = np.where(open_Q & less, middle + 1, low)
            high = np.where(open_Q & ~less, middle, high)
        return low

    def following(
        self, contexts: Sequence[Sequence[int]], without: int | None = None
    ) -> list[tuple[Int[np.ndarray, " K"], Int[np.ndarray, " K"]]]:
        """For each context, the distinct next tokens (ascending) and their counts; the empty one gives the unigram."""
        found = self._following(contexts)
        if without is None:
            return found
        own = gathered([self.document(without)], self.vocabulary)
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        for (tokens, counts), (less, times) in zip(found, own._following(contexts), strict=True):
            counts[np.searchsorted(tokens, less)] -= times
            kept.append((tokens[counts > 0], counts[counts > 0]))
        return kept

    def _following(
        self, contexts: Sequence[Sequence[int]]
    ) -> list[tuple[Int[np.ndarray, " K"], Int[np.ndarray, " K"]]]:
        lows, highs = self._intervals(contexts)
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for context, low, high in zip(contexts, lows.tolist(), highs.tolist(), strict=True):
            after = self.stream[self.order[low:high] + len(context)]
            tokens, counts = np.unique(after[after != _CLOSE], return_counts=True)
            found.append((tokens.astype(np.int64), counts.astype(np.int64)))
        return found

    def count(self, queries: Sequence[Sequence[int]]) -> Int[np.ndarray, " Q"]:
        """How often each run of tokens occurs.

        >>> gathered([[1, 2, 1, 2], [2, 1]], 3).count([[1, 2], [0]]).tolist()
        [2, 0]
        """
        low, high = self._intervals(queries)
        return high - low

    def places(self, span: Sequence[int], most: int = 10) -> list[Place]:
        """The documents in which a run occurs, those with the most occurrences first; at most so many."""
        low, high = self._intervals([span])
        at = np.sort(self.order[low[0] : high[0]])
        documents, first, times = np.unique(
            np.searchsorted(self.starts, at, side="right") - 1, return_index=True, return_counts=True
        )
        inside = at[first] - self.starts[documents]
        found = map(Place, documents.tolist(), times.tolist(), inside.tolist())
        return sorted(found, key=lambda place: -place.times)[:most]

    def _intervals(self, runs: Sequence[Sequence[int]]) -> tuple[Int[np.ndarray, " Q"], Int[np.ndarray, " Q"]]:
        """Between which places of the order the suffixes lie that begin with each run."""
        low, high = np.zeros(len(runs), np.int64), np.full(len(runs), len(self.order))
        for offset in range(max(map(len, runs), default=0)):
            live = np.array([place for place, run in enumerate(runs) if len(run) > offset])
            wanted = np.array([runs[place][offset] for place in live], np.int64)
            low[live] = self._bound(low[live], high[live], offset, wanted)
            high[live] = self._bound(low[live], high[live], offset, wanted + 1)
        return low, high


def gathered(documents: Iterable[Sequence[int] | Int[np.ndarray, " _"]], vocabulary: int) -> Gathered:
    """The documents as counts; an empty one counts as a document without tokens."""
    closed = [np.append(np.asarray(document, dtype=np.int64), _CLOSE) for document in documents]
    starts = np.cumsum([0, *map(len, closed)]).astype(np.int64)
    stream = np.concatenate(closed) if closed else np.zeros(0, np.int64)
    return Gathered(stream.astype(np.int32), _sorted(stream), starts, vocabulary)


def _sorted(stream: Int[np.ndarray, " S"]) -> Int[np.ndarray, " S"]:
    """The places of a stream by its next `DEPTH` tokens."""
    rank = np.unique(stream, return_inverse=True)[1].astype(np.int64)
    order, reach, size = np.argsort(rank, kind="stable"), 1, len(stream)
    while reach < DEPTH and size and rank[order[-1]] < size - 1:
        after = np.full(size, -1, np.int64)
        after[:-reach] = rank[reach:]
        key = rank * (size + 1) + after + 1
        order = np.argsort(key, kind="stable")
        steps = np.concatenate([[0], (np.diff(key[order]) > 0).cumsum()])
        rank[order] = steps
        reach *= 2
    return order.astype(np.int64)
