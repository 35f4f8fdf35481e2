"""A corpus counted by the definition: every n-gram of every document looked at, one after the other."""

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mesolens.corpus.counting import Ladder
from mesolens.corpus.index.building import build
from mesolens.corpus.index.header import Plan
from mesolens.corpus.index.opened import Index
from mesolens.corpus.index.opening import open_index

ENGINES = [
    False,
    pytest.param(True, marks=[pytest.mark.slow, pytest.mark.skipif(find_spec("numba") is None, reason="needs numba")]),
]
"""NumPy, and numba where it can be had; compiling it takes some ten seconds."""
Documents = Sequence[Sequence[int]]


class Brute:
    """Counts, from lists of documents alone."""

    def __init__(self, documents: Documents, vocabulary: int) -> None:
        self.texts, self.vocabulary = [list(document) for document in documents], vocabulary

    @property
    def tokens(self) -> int:
        return sum(map(len, self.texts))

    @property
    def documents(self) -> int:
        return len(self.texts)

    def kept(self, without: int | None) -> list[list[int]]:
        return [text for number, text in enumerate(self.texts) if number != without]

    def count(self, query: Sequence[int], without: int | None = None) -> int:
        if not len(query):
            return sum(map(len, self.kept(without)))
        n, wanted = len(query), list(query)
        return sum(text[at : at + n] == wanted for text in self.kept(without) for at in range(len(text) - n + 1))

    def next(self, context: Sequence[int], without: int | None = None) -> Counter[int]:
        n, wanted = len(context), list(context)
        texts = self.kept(without)
        return Counter(t[at + n] for t in texts for at in range(len(t) - n) if t[at : at + n] == wanted)

    def ladder(self, text: Sequence[int], most: int, without: int | None = None) -> Ladder:
        context, joint = np.zeros((2, len(text), most + 1), np.int64)
        for t in range(len(text)):
            for n in range(min(t, most) + 1):
                context[t, n] = self.next(text[t - n : t], without).total()
                joint[t, n] = self.count(text[t - n : t + 1], without)
        return Ladder(context, joint)

    def following(self, contexts: Documents, without: int | None = None) -> list[tuple[list[int], list[int]]]:
        found = [sorted(self.next(context, without).items()) for context in contexts]
        return [([token for token, _ in each], [count for _, count in each]) for each in found]

    def document(self, number: int) -> list[int]:
        return self.texts[number]


def built(
    documents: Documents, folder: Path, vocabulary: int, shard_tokens: int = 1 << 20, fast: bool | None = False
) -> Index:
    """An index of these documents."""
    plan = Plan("drawn", "hash", vocabulary, "drawn", shard_tokens)
    build(lambda first: documents[first:], folder, plan, fast=fast)
    return open_index(folder, "hash", fast)
