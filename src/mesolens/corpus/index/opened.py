"""An index that is open: mapped from its files, and asked.

Every answer is a sum over shards. Leaving a document out subtracts what the same question finds in that document alone,
which is made a shard of its own in memory, so that the two can never differ in what they count.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Integer

from mesolens.corpus.counting import Ladder
from mesolens.corpus.index import engine, following, search
from mesolens.corpus.index.header import Header
from mesolens.corpus.index.shard import Shard, in_memory, places_at
from mesolens.errors import BadInput

Queries = Sequence[Sequence[int]] | Integer[np.ndarray, "Q T"]
_CELLS = 1 << 22
"""Tokens of queries that are looked for together."""


class Place(NamedTuple):
    """A document in which a span occurs: its number, how often, and where the first one begins in it."""

    document: int
    times: int
    first: int


class Index:
    """Counts of a corpus, as :class:`mesolens.corpus.counting.Counts` asks for them, and where its n-grams stand.

    Attributes:
        header: what the index says of itself.
        fast: whether numba does the work; None for the better of what is there.
    """

    def __init__(self, header: Header, shards: Sequence[Shard], fast: bool | None = None) -> None:
        self.header, self.shards, self.fast = header, tuple(shards), fast
        self._first = np.cumsum([0, *(len(shard.starts) for shard in shards)])
        self._alone: dict[int, Shard] = {}

    @property
    def name(self) -> str:
        """The corpus' name."""
        return self.header.plan.name

    @property
    def tokens(self) -> int:
        """Tokens of the corpus, without separators."""
        return self.header.tokens

    @property
    def documents(self) -> int:
        """Documents of the corpus."""
        return self.header.documents

    @property
    def vocabulary(self) -> int:
        """Entries of the tokenizer's vocabulary."""
        return self.header.plan.vocabulary

    def document(self, number: int) -> Int[np.ndarray, " T"]:
        """The tokens of one document, int64.

        Raises:
            BadInput: there is no document of that number.
        """
        if not 0 <= number < self.documents:
            raise BadInput(f"there is no document {number}: the corpus {self.name} has {self.documents}, from 0")
        which = int(np.searchsorted(self._first, number, side="right")) - 1
        shard, place = self.shards[which], number - int(self._first[which])
        size = shard.text.itemsize
        end = int(shard.starts[place + 1]) // size if place + 1 < len(shard.starts) else len(shard.text)
        return shard.text[int(shard.starts[place]) // size + 1 : end].astype(np.int64)

    def count(self, queries: Queries, without: int | None = None) -> Int[np.ndarray, " Q"]:
        """How often each n-gram occurs, int64; the empty one occurs once for each token.

        Args:
            queries: n-grams of any lengths, or an array with one in each row.
            without: number of a document whose own occurrences are not counted.

        Raises:
            BadInput: a token is not in the vocabulary, or there is no such document.
        """
        counts, done = np.zeros(len(queries), np.int64), 0
        while done < len(queries):
            ids_QT, lengths = self._rows(queries, done)
            here = counts[done : done + len(lengths)]
            for sign, shard in self._signed(without):
                here += sign * engine.find(shard, ids_QT, np.maximum(lengths, 1), self.fast).counts
            here[lengths == 0] = self._tokens(without)
            done += len(lengths)
        return counts

    def ladder(self, text: Sequence[int] | Int[np.ndarray, " T"], most: int, without: int | None = None) -> Ladder:
        """The counts of every context of every position of `text`, of up to `most` tokens.

        Raises:
            BadInput: a token is not in the vocabulary, `most` is negative, or there is no such document.
        """
        if most < 0:
            raise BadInput(f"contexts cannot have {most} tokens; give 0 or more")
        ids = self._checked(np.asarray(text, np.int64).reshape(-1))
        joint_TN, context_TN = np.zeros((2, len(ids) + most + 1, most + 1), np.int64)
        joint_SN, context_SN = _slanted(joint_TN, most + 1), _slanted(context_TN[1:, 1:], most)
        for sign, shard in self._signed(without):
            counts_SN, ends_SN = engine.counted(shard, ids, most + 1, self.fast)
            joint_SN += sign * counts_SN
            context_SN += sign * (counts_SN - ends_SN)[:, :most]
        context_TN[:, 0] = self._tokens(without)
        return Ladder(context_TN[: len(ids)], joint_TN[: len(ids)])

    def longest(
        self, text: Sequence[int] | Int[np.ndarray, " T"], most: int = 256, without: int | None = None
    ) -> Int[np.ndarray, " T"]:
        """For each position the length of the longest n-gram that begins there and occurs, up to `most` tokens."""
        ids = self._checked(np.asarray(text, np.int64).reshape(-1))
        signed = self._signed(without)
        found = sum(sign * engine.extensions(shard, ids, most, self.fast).counts for sign, shard in signed)
        return np.asarray(np.sum(np.asarray(found) > 0, axis=1), np.int64)

    def following(
        self, contexts: Sequence[Sequence[int]], without: int | None = None
    ) -> list[tuple[Int[np.ndarray, " K"], Int[np.ndarray, " K"]]]:
        """For each context, the distinct next tokens (ascending) and their counts; the empty one gives the unigram."""
        if not len(contexts):
            return []
        ids_QT, lengths = self._rows(contexts, 0, len(contexts))
        parts, signs = list[following.Found](), list[int]()
        for sign, shard in self._signed(without):
            found = search.Ranges(np.zeros(len(lengths), np.int64), np.full(len(lengths), len(shard.text)))
            some = lengths > 0
            here = engine.find(shard, ids_QT[some], lengths[some], self.fast)
            found.low[some], found.high[some] = here.low, here.high
            parts.append(following.stretches(shard, found, lengths))
            signs.append(sign)
        return following.summed(parts, signs, len(lengths))

    def places(self, span: Sequence[int], most: int = 10, without: int | None = None) -> list[Place]:
        """The documents in which a span occurs, those with the most occurrences first; at most so many."""
        ids_QT, lengths = self._rows([span], 0)
        if lengths[0] == 0:
            raise BadInput("the empty span stands everywhere; give one token or more")
        found = list[Place]()
        for first, shard in zip(self._first, self.shards, strict=False):
            here = engine.find(shard, ids_QT, lengths, self.fast)
            at = np.sort(places_at(shard, np.arange(here.low[0], here.high[0])))
            starts = shard.starts.astype(np.int64) // shard.text.itemsize
            of = np.searchsorted(starts, at, side="right") - 1
            numbers, begins, times = np.unique(of, return_index=True, return_counts=True)
            inside = at[begins] - starts[numbers] - 1
            found += map(Place, (numbers + first).tolist(), times.tolist(), inside.tolist())
        return sorted((each for each in found if each.document != without), key=lambda each: -each.times)[:most]

    def _tokens(self, without: int | None) -> int:
        return self.tokens - (0 if without is None else len(self.document(without)))

    def _signed(self, without: int | None) -> list[tuple[int, Shard]]:
        """The shards, and the document that is left out, as one to subtract."""
        if without is None or not len(self.document(without)):
            return [(1, shard) for shard in self.shards]
        if without not in self._alone:
            kind = np.dtype(f"<u{self.header.plan.token_bytes}")
            self._alone = {without: in_memory(self.document(without).astype(kind), kind)}
        return [*((1, shard) for shard in self.shards), (-1, self._alone[without])]

    def _rows(
        self, queries: Queries, first: int, most: int = 0
    ) -> tuple[Int[np.ndarray, "Q T"], Int[np.ndarray, " Q"]]:
        """As many of the queries as are looked for together, padded, and their lengths."""
        if isinstance(queries, np.ndarray):
            rows = max(most, 1, _CELLS // max(1, queries.shape[1]))
            ids_QT = self._checked(np.asarray(queries[first : first + rows], np.int64))
            return ids_QT, np.full(len(ids_QT), queries.shape[1])
        widest, rows = 1, 0
        for query in queries[first:]:
            widest = max(widest, len(query))
            if rows and rows >= most and (rows + 1) * widest > _CELLS:
                break
            rows += 1
        some = queries[first : first + rows]
        lengths = np.fromiter(map(len, some), np.int64, len(some))
        flat = self._checked(np.fromiter(chain.from_iterable(some), np.int64, int(lengths.sum())))
        ids_QT = np.zeros((len(some), int(max(1, lengths.max(initial=0)))), np.int64)
        ids_QT[np.arange(ids_QT.shape[1]) < lengths[:, None]] = flat
        return ids_QT, lengths

    def _checked(self, ids: Integer[np.ndarray, "..."]) -> Integer[np.ndarray, "..."]:
        if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < self.vocabulary:
            wrong = int(ids[(ids < 0) | (ids >= self.vocabulary)][0])
            raise BadInput(f"token {wrong} is not in the vocabulary of {self.vocabulary} of the index {self.name}")
        return ids


def _slanted(table_TN: Int[np.ndarray, "T N"], most: int) -> Int[np.ndarray, "S N"]:
    """A view in which [s, n] is [s + n, n] of a table that has `most` rows more."""
    down, right = table_TN.strides
    rows = len(table_TN) - most
    return np.lib.stride_tricks.as_strided(table_TN, (rows, table_TN.shape[1]), (down, down + right))
