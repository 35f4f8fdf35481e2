"""Text of any length for the index benchmarks: drawn from a chain of order 2 that was fitted on real text.

The chain is that of the words and marks of Grimm's tales and Shakespeare in `../shared/data/text`, or of the slide
`mask`'s own text where these are absent. Documents have 200 tokens. The next token is drawn among those that followed
the last two.
"""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Int

TEXTS = ("grimm.txt", "tinyshakespeare.txt")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "text"
LENGTH, TOGETHER = 200, 4096


def source() -> str:
    """The text that the chain is fitted on."""
    if all((SHARED / name).is_file() for name in TEXTS):
        return "\n".join((SHARED / name).read_text("utf-8") for name in TEXTS)
    from mesolens.slides.corpus import Mix, documents

    return "\n".join(document.text for document in documents(Mix("base", 1), 4))


def drawn(documents: int, seed: int = 0) -> Int[np.ndarray, "I T"]:
    """Documents of `LENGTH` tokens each, numbered from 0 by their first appearance in the source."""
    numbers = dict[str, int]()
    fitted = np.array([numbers.setdefault(word, len(numbers)) for word in re.findall(r"\w+|[^\w\s]|\n", source())])
    rng, size = np.random.default_rng(seed), len(numbers)
    pairs = fitted[:-2].astype(np.int64) * size + fitted[1:-1]
    order = np.argsort(pairs, kind="stable")
    pairs, after = pairs[order], fitted[2:][order]
    parts = list[Int[np.ndarray, "I T"]]()
    for first in range(0, documents, TOGETHER):
        rows_IT = np.empty((min(TOGETHER, documents - first), LENGTH), np.int64)
        begins = rng.integers(0, len(fitted) - 3, len(rows_IT))
        rows_IT[:, 0], rows_IT[:, 1] = fitted[begins], fitted[begins + 1]
        for place in range(2, LENGTH):
            last = rows_IT[:, place - 2] * size + rows_IT[:, place - 1]
            low, high = np.searchsorted(pairs, last), np.searchsorted(pairs, last, side="right")
            picked = low + (rng.random(len(last)) * (high - low)).astype(np.int64)
            # the source's last pair may have no successor
            rows_IT[:, place] = np.where(high > low, after[np.minimum(picked, len(after) - 1)], fitted[0])
        parts.append(rows_IT)
    return np.concatenate(parts)
