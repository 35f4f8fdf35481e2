"""Documents counted without themselves, many at once.

The counts of a document in a corpus that holds it are those in the whole corpus less its own. Its own come from the
document alone: with m(t, s) the length of the longest run that ends before both of its places t and s, the context of n
tokens before t stands at every s with m(t, s) ≥ n. Counts in the whole corpus are asked for all documents laid end to
end; contexts that would reach across a border are struck out.
"""

from collections.abc import Sequence

import numpy as np

from mesolens.corpus.counting import Counts, Ladder

TOGETHER = 16_384
"""Tokens of documents that are asked for at once."""
LONGEST = 2048
"""Tokens of a document that are looked at; the whole of it is left out."""


def left_out(counts: Counts, numbers: Sequence[int], most: int) -> list[tuple[list[int], Ladder]]:
    """Each document with its counts in all others; of a long one its first :data:`LONGEST` tokens."""
    found: list[tuple[list[int], Ladder]] = []
    for batch in _batches([(number, counts.document(number)) for number in numbers]):
        if len(batch) == 1 and len(batch[0][1]) > LONGEST:
            number, document = batch[0]
            piece = document[:LONGEST].tolist()
            found.append((piece, counts.ladder(piece, most, number)))
        else:
            found += _together(counts, [document.tolist() for _, document in batch], most)
    return found


def _together(counts: Counts, texts: Sequence[list[int]], most: int) -> list[tuple[list[int], Ladder]]:
    whole = counts.ladder([token for text in texts for token in text], most)
    found: list[tuple[list[int], Ladder]] = []
    start = 0
    for text in texts:
        part, alone = slice(start, start + len(text)), own(text, most)
        inside_TN = np.arange(most + 1) <= np.arange(len(text))[:, None]
        context, joint = (np.where(inside_TN, side[part], 0) for side in (whole.context_TN, whole.joint_TN))
        found.append((text, Ladder(context - alone.context_TN, joint - alone.joint_TN)))
        start += len(text)
    return found


def own(text: Sequence[int], most: int) -> Ladder:
    """The counts of a text's contexts in the text itself.

    >>> own([7, 8, 7, 8], 1).context_TN.tolist()
    [[4, 0], [4, 2], [4, 1], [4, 2]]
    """
    tokens, size = np.asarray(text, dtype=np.int64), len(text)
    context_TN, joint_TN = (np.zeros((size, most + 1), np.int64) for _ in range(2))
    run_S = np.zeros(size, np.int64)
    for place in range(size):
        if place:
            same_S = tokens[:-1] == tokens[place - 1]
            run_S = np.concatenate([[0], np.where(same_S, run_S[:-1] + 1, 0)])
        longest_S = np.minimum(run_S, most)
        for found, some_S in ((context_TN, longest_S), (joint_TN, longest_S[tokens == tokens[place]])):
            # As many places have a run of n or more as have one of n, n + 1, … taken together.
            at_least_N = np.bincount(some_S, minlength=most + 1)[::-1].cumsum()[::-1]
            found[place, : min(place, most) + 1] = at_least_N[: min(place, most) + 1]
    return Ladder(context_TN, joint_TN)


def _batches(documents: Sequence[tuple[int, np.ndarray]]) -> list[list[tuple[int, np.ndarray]]]:
    """Documents that are asked for together; a long one is by itself."""
    found: list[list[tuple[int, np.ndarray]]] = []
    held = TOGETHER
    for number, document in documents:
        if not found or held + len(document) > TOGETHER or len(document) > LONGEST:
            found.append([])
            held = 0
        found[-1].append((number, document))
        held = TOGETHER if len(document) > LONGEST else held + len(document)
    return found
