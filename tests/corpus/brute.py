"""Counts by looking at every place of every document: slow, and too plain to be wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mesolens.corpus.counting import Ladder


@dataclass(frozen=True)
class Brute:
    """Documents, counted anew for every question."""

    texts: tuple[tuple[int, ...], ...]
    vocabulary: int

    @property
    def tokens(self) -> int:
        return sum(map(len, self.texts))

    @property
    def documents(self) -> int:
        return len(self.texts)

    def document(self, number: int) -> np.ndarray:
        return np.array(self.texts[number], np.int64)

    def _left(self, without: int | None) -> list[tuple[int, ...]]:
        return [text for number, text in enumerate(self.texts) if number != without]

    def _after(self, run: tuple[int, ...], without: int | None) -> Counter[int]:
        size = len(run)
        return Counter(
            text[at + size]
            for text in self._left(without)
            for at in range(len(text) - size)
            if text[at : at + size] == run
        )

    def ladder(self, text: Sequence[int], most: int, without: int | None = None) -> Ladder:
        context, joint = (np.zeros((len(text), most + 1), np.int64) for _ in range(2))
        for t in range(len(text)):
            for n in range(min(most, t) + 1):
                after = self._after(tuple(text[t - n : t]), without)
                context[t, n], joint[t, n] = after.total(), after[text[t]]
        return Ladder(context, joint)

    def following(
        self, contexts: Sequence[Sequence[int]], without: int | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        found = [sorted(self._after(tuple(context), without).items()) for context in contexts]
        return [(np.array([w for w, _ in row], np.int64), np.array([c for _, c in row], np.int64)) for row in found]
