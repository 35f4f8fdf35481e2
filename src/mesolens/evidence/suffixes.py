"""What the last few tokens alone foretell: an n-gram baseline for where a text will end up.

A text is followed by an outcome. For the last n tokens h of a text that breaks off, with N(h) texts of others that hold
h and N(h, c) of them with outcome c,

    p_n(c | h) = (N(h, c) + κ p_{n−1}(c | h'))/(N(h) + κ),

h' without its first token, p₋₁ the same for all, and κ the number of outcomes (interpolation with a Dirichlet prior;
MacKay and Peto, *A hierarchical Dirichlet language model*, Natural Language Engineering 1, 1995). A model that knows
more of the outcome than this has more than its last words to go by.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

ORDER = 3
"""The most tokens that are looked back on."""

Text = Sequence[int]


def baseline(
    texts: Sequence[Text],
    outcomes: Sequence[int],
    broken: Sequence[Text],
    groups: Sequence[str],
    count: int,
    *,
    order: int = ORDER,
) -> Float[np.ndarray, "I C"]:
    """The share of each of `count` outcomes that the last tokens of each text, where it breaks off, foretell.

    Args:
        broken: for each text its beginning, up to where it breaks off.
        groups: texts of one group are never counted for one another.

    >>> baseline([[1, 7], [2, 7], [1, 8]], [0, 1, 0], [[1], [2], [1]], [*"abc"], 2).round(2).tolist()
    [[0.67, 0.33], [0.75, 0.25], [0.67, 0.33]]
    """
    whole = [_counted(text, order) for text in texts]
    total: Counter[tuple[tuple[int, ...], int]] = Counter()
    by_group: dict[str, Counter[tuple[tuple[int, ...], int]]] = {}
    for held, outcome, group in zip(whole, outcomes, groups, strict=True):
        own = by_group.setdefault(group, Counter())
        for history in held:
            total[history, outcome] += 1
            own[history, outcome] += 1
    rows = [_foretold(text, total, by_group[group], count, order) for text, group in zip(broken, groups, strict=True)]
    return np.array(rows, float).reshape(len(broken), count)


def _counted(text: Text, order: int) -> set[tuple[int, ...]]:
    """All that a text holds of at most so many tokens in a row, each once."""
    ends = range(len(text) + 1)
    return {tuple(text[end - size : end]) for end in ends for size in range(min(order, end) + 1)}


def _foretold(
    text: Text,
    total: Counter[tuple[tuple[int, ...], int]],
    own: Counter[tuple[tuple[int, ...], int]],
    count: int,
    order: int,
) -> Float[np.ndarray, " C"]:
    share = np.full(count, 1 / count)
    for size in range(min(order, len(text)) + 1):
        history = tuple(text[len(text) - size :])
        seen = np.array([total[history, each] - own[history, each] for each in range(count)], float)
        share = (seen + count * share) / (seen.sum() + count)
    return share
