"""What an average asks of a corpus: how often its n-grams occur, and what follows them.

No n-gram crosses the border of a document. A document is a sequence of token ids without separators; an index adds and
hides its own. Every question may leave one document out, so that a text that stands in the corpus is not its own proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Counts of every context of a text's positions, shortest first.

    Attributes:
        context_TN: int64; [t, n] how often text[t-n:t] occurs in the corpus followed by a token of the same document
            (n = 0: number of tokens in the corpus).
        joint_TN: int64; [t, n] how often text[t-n:t+1] occurs (n = 0: count of text[t]).
        Where n > t, both are 0. N = most + 1.
    """

    context_TN: Int[np.ndarray, "T N"]  # noqa: N815
    joint_TN: Int[np.ndarray, "T N"]  # noqa: N815


@runtime_checkable
class Counts(Protocol):
    """What an average asks of a corpus; `without` leaves one document's own occurrences out."""

    @property
    def tokens(self) -> int:
        """Tokens of the corpus, without separators."""
        ...

    @property
    def documents(self) -> int:
        """Documents of the corpus."""
        ...

    @property
    def vocabulary(self) -> int:
        """Entries of the tokenizer's vocabulary."""
        ...

    def ladder(self, text: Sequence[int], most: int, without: int | None = None) -> Ladder:
        """The counts of every context of every position of `text`, of up to `most` tokens."""
        ...

    def following(
        self, contexts: Sequence[Sequence[int]], without: int | None = None
    ) -> list[tuple[Int[np.ndarray, " K"], Int[np.ndarray, " K"]]]:
        """For each context, the distinct next tokens (ascending) and their counts; the empty one gives the unigram."""
        ...

    def document(self, number: int) -> Int[np.ndarray, " T"]:
        """The tokens of one document."""
        ...
