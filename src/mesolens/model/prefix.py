"""Which rows begin alike, so that what they share is computed once.

Prefixes of one length can be run side by side and gone on from side by side, so what costs a pass is a length and not
a prefix: many prompts with a few replies each are worth sharing where one of them is not.

Rows sorted by their tokens form a tree of common beginnings. A group of k rows that share p tokens saves (k − 1) · p
tokens; a row can be in one group only. The best choice at a node of the tree is either the node itself or the best
choices of its children, whichever saves more, so one walk over the sorted rows finds the best grouping of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Ids = tuple[int, ...]

WORTH = 512
"""Fewest tokens that a group must save: below this the extra passes for the prefix cost more than it saves. Measured on
a CPU: even at about 600 for a slide of 0.16M parameters and about 300 for a Llama of 25M."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that begin with the same `length` tokens; 0 for rows that share nothing worth sharing."""

    length: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Rows each of which shares its first `length` tokens with another of them; 0 for rows that share nothing."""

    length: int
    rows: tuple[int, ...]


def sharings(rows: Sequence[Ids], worth: int = WORTH) -> list[Sharing]:
    """A partition of the rows by the length of the beginning that each goes on from; rows without one come last.

    Of two ways the one that saves more, when each length costs `worth` tokens: the best groups of any size, as far as
    those of one length are worth it together and the others by themselves; or only groups that are worth it alone.

    >>> sharings([(1, 2, 3), (4, 5, 6), (1, 2, 7), (4, 5, 8), (9,)], worth=3)
    [Sharing(length=2, rows=(0, 1, 2, 3)), Sharing(length=0, rows=(4,))]
    """
    every = tuple(range(len(rows)))
    fine, left = _by_length(rows, every, groups(rows, 1), worth)
    rest, _ = _by_length(rows, left, groups([rows[row] for row in left], worth), worth)
    coarse, _ = _by_length(rows, every, groups(rows, worth), worth)
    chosen = max(([*coarse], [*fine, *rest]), key=lambda way: sum(_saved(rows, each) - worth for each in way))
    alone = sorted(set(every) - {row for each in chosen for row in each.rows})
    return [*chosen, Sharing(0, tuple(alone))] if alone else chosen


def _by_length(
    rows: Sequence[Ids], names: Sequence[int], found: Sequence[Group], worth: int
) -> tuple[list[Sharing], tuple[int, ...]]:
    """Groups of one length together, where that is worth it, and the rows of the others."""
    lengths: dict[int, list[int]] = {}
    for group in found:
        lengths.setdefault(group.length, []).extend(names[row] for row in group.rows)
    every = [Sharing(length, tuple(sorted(among))) for length, among in lengths.items()]
    kept = [each for each in every if each.length and _saved(rows, each) >= worth]
    return kept, tuple(sorted(set(names) - {row for each in kept for row in each.rows}))


def _saved(rows: Sequence[Ids], sharing: Sharing) -> int:
    """Tokens that need not be run."""
    prefixes = {rows[row][: sharing.length] for row in sharing.rows}
    return (len(sharing.rows) - len(prefixes)) * sharing.length


def groups(rows: Sequence[Ids], worth: int = WORTH) -> list[Group]:
    """A partition of the rows into groups with a common beginning; all rows without one are the last group.

    >>> groups([(1, 2, 3, 4), (9, 9), (1, 2, 3, 5)], worth=3)
    [Group(length=3, rows=(0, 2)), Group(length=0, rows=(1,))]
    """
    order = sorted(range(len(rows)), key=lambda row: rows[row])
    shared = [common(rows[a], rows[b]) for a, b in pairwise(order)]
    chosen = _best(shared, worth)
    grouped = [Group(length, tuple(sorted(order[a:b]))) for a, b, length in chosen]
    alone = sorted(set(order) - {row for group in grouped for row in group.rows})
    return [*grouped, Group(0, tuple(alone))] if alone else grouped


def common(one: Ids, other: Ids) -> int:
    """How many tokens two rows have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # halving compares slices at the speed of C
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


@dataclass(slots=True)
class _Node:
    """Sorted rows from `first` on that share `depth` tokens, and the best grouping found among them so far."""

    depth: int
    first: int
    saved: int
    chosen: list[tuple[int, int, int]]


def _best(shared: Sequence[int], worth: int) -> list[tuple[int, int, int]]:
    """The best groups (first, past the last, depth) over sorted rows, from what each row shares with the next."""
    root = _Node(0, 0, 0, [])
    stack = [root]
    for row, depth in enumerate([*shared, 0]):
        first = row
        while stack[-1].depth > depth:
            done = _closed(stack.pop(), row + 1, worth)
            first = done.first
            if stack[-1].depth < depth:
                stack.append(_Node(depth, first, 0, []))
            stack[-1].saved += done.saved
            stack[-1].chosen += done.chosen
        if stack[-1].depth < depth:
            stack.append(_Node(depth, first, 0, []))
    return root.chosen


def _closed(node: _Node, end: int, worth: int) -> _Node:
    saved = (end - node.first - 1) * node.depth
    if saved >= worth and saved > node.saved:
        return _Node(node.depth, node.first, saved, [(node.first, end, node.depth)])
    return node
