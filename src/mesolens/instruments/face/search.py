"""The worst natural angle, searched for by successive halving over compositions of up to three steps.

Compositions of natural steps, drawn the likelier the more of the own voice their steps lose by themselves, are tried in
brackets: each on one prompt; the half that lost most goes on to twice as many prompts, and so on until all prompts are
asked (Jamieson and Talwalkar, *Non-stochastic best arm identification and hyperparameter optimization*, AISTATS 2016).
Who lost fewer than half of the prompts so far is given up at once (a race, Maron and Moore, *Hoeffding races*, NIPS
1993), and the next bracket is drawn: most of the replies would else be spent on ranking those that do not break the
face. By default a bracket holds one composition. Steps of compositions that lost much are drawn more often afterwards.
Random search tries compositions of the same steps, all alike, each on all prompts.

All of it is pure: what comes next follows from the replies that are there.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from mesolens.instruments.face.spec import Search

Losses = Mapping[str, Sequence[bool]]
"""For each composition, reply by reply, whether the own voice was lost, in the items' order."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Compositions to try on the prompts from `first` to `end`."""

    compositions: tuple[str, ...]
    first: int
    end: int


def draw(search: Search, steps: Sequence[str], weights: Sequence[float], count: int, seed: str) -> tuple[str, ...]:
    """So many different compositions of one to `depth` different steps; deeper ones as likely as shallow ones."""
    rng = Random(seed)  # noqa: S311
    found: dict[str, None] = {}
    for _ in range(20 * count):
        if len(found) == count or not steps:
            break
        found["|".join(_steps(search, steps, weights, rng))] = None
    return tuple(found)


def _steps(search: Search, steps: Sequence[str], weights: Sequence[float], rng: Random) -> list[str]:
    depth = 1 + int(rng.random() * min(search.depth, len(steps)))
    left = dict(zip(steps, weights, strict=True))
    return [_taken(left, rng.random()) for _ in range(depth)]


def _taken(left: dict[str, float], choice: float) -> str:
    """The step on which a draw from [0, 1) falls, taken out of those that are left."""
    bounds = list(accumulate(left.values()))
    place = min(bisect_right(bounds, choice * bounds[-1]), len(left) - 1)
    step = list(left)[place]
    del left[step]
    return step


def weights(steps: Sequence[str], losses: Losses) -> list[float]:
    """How often each step is drawn: by the mean loss of the compositions that hold it, never nothing.

    >>> weights(["a", "b"], {"a": [True, True], "b": [False]})[0] > weights(["a", "b"], {"a": [True, True]})[1]
    True
    """
    found: list[float] = []
    for step in steps:
        seen = [lost for name, row in losses.items() if f"|{step}|" in f"|{name}|" for lost in row]
        found.append((sum(seen) + 0.5) / (len(seen) + 2))
    return found


def next_rung(drawn: Sequence[str], losses: Losses, items: int, keep: int) -> Rung | None:
    """What a bracket tries next, given what is known of its compositions; None when its last rung is done.

    >>> next_rung(["a", "b", "c"], {}, 4, 3)
    Rung(compositions=('a', 'b', 'c'), first=0, end=1)
    >>> next_rung(["a", "b", "c"], {"a": [False], "b": [True], "c": [False]}, 4, 3)
    Rung(compositions=('b',), first=1, end=2)
    """
    alive, asked = list(drawn), 0
    while asked < items and alive:
        upto = min(items, max(1, 2 * asked))
        if any(len(losses.get(name, ())) < upto for name in alive):
            return Rung(tuple(name for name in alive if len(losses.get(name, ())) < upto), asked, upto)
        asked = upto
        alive = survivors(alive, losses, upto, keep)
    return None


def survivors(alive: Sequence[str], losses: Losses, asked: int, keep: int) -> list[str]:
    """The part that lost most on the prompts so far, of those that lost half of them or more; none where none did.

    >>> survivors(["a", "b", "c"], {"a": [True, False], "b": [True, True], "c": [False, False]}, 2, 2)
    ['b']
    """
    ranked = sorted(alive, key=lambda name: -sum(losses[name][:asked]))
    kept = ranked[: max(1, len(ranked) // keep)]
    return [name for name in kept if 2 * sum(losses[name][:asked]) >= asked]


def trace(tried: Sequence[tuple[str, int]], losses: Losses, items: int) -> list[tuple[int, float]]:
    """After how many replies which share of lost voices was known of the best composition asked on all prompts.

    `tried` are compositions with the number of replies that each step of the search spent, in order.
    """
    spent, best, found = 0, 0.0, []
    for name, replies in tried:
        spent += replies
        row = losses.get(name, ())
        if len(row) >= items and sum(row) / len(row) > best:
            best = sum(row) / len(row)
            found.append((spent, best))
    return found


def budget(compositions: int, items: int, keep: int) -> int:
    """The most replies that a bracket takes.

    >>> budget(9, 4, 3)
    14
    """
    alive, asked, spent = compositions, 0, 0
    while asked < items:
        upto = min(items, max(1, 2 * asked))
        spent += alive * (upto - asked)
        asked, alive = upto, max(1, alive // keep)
    return spent
