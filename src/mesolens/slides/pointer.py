"""Pointer chasing in context: the text of the slides that think in steps.

A table sends each of twelve symbols to another, in one cycle through all of them, and stands in the prompt as pairs in
a random order; then come a number of steps and a symbol to start from::

    a d g b … | 3 a

The answer is where three steps from `a` lead. Tables are drawn anew for every prompt, so what lies between start and
answer is in no weights: a model that answers has looked up every step, or did it otherwise, and which is the question.
Where a start, its successors and the answer are all different, chance is one in eleven at most.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesolens.slides.worded import BEGIN, END, PAD

SYMBOLS = tuple("abcdefghijkl")
COUNTS = tuple("12345678")
MARK = "|"
WORDS = (BEGIN, END, PAD, MARK, *SYMBOLS, *COUNTS)
"""The vocabulary, in the order of its ids."""
FIRST, COUNT = WORDS.index(SYMBOLS[0]), WORDS.index(COUNTS[0])
"""Ids of the first symbol and of the number 1."""
LENGTH = 2 + 2 * len(SYMBOLS)
"""Tokens before the question: the beginning, the pairs and the mark."""
MOST = 3
"""Steps that a slide learns."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Prompts, each with one question for every symbol to start from, side by side.

    Attributes:
        ids: the table once, then Q questions of two tokens: how many steps, and from where.
        after: symbols after 0 to `MOST` steps.
        before: the symbol that leads to the start.
        steps: how many are asked for, 1 to `MOST`.
    """

    ids: Int[Tensor, "B T"]
    after: Int[Tensor, "B Q S"]
    before: Int[Tensor, "B Q"]
    steps: Int[Tensor, "B Q"]

    @property
    def answer(self) -> Int[Tensor, "B Q"]:
        """The symbol after the steps that are asked for."""
        return torch.gather(self.after, 2, self.steps[..., None])[..., 0]

    @property
    def table(self) -> Int[Tensor, "B N"]:
        """Where each symbol leads: every one is asked from."""
        starts, ends = self.after[..., 0], self.after[..., 1]
        return torch.empty_like(ends).scatter_(1, starts, ends)


def tables(count: int, chance: torch.Generator) -> Int[Tensor, "B N"]:
    """Where each symbol leads, in one cycle through all of them.

    >>> next_N = tables(1, torch.Generator().manual_seed(0))[0]
    >>> place, seen = 0, []
    >>> for _ in SYMBOLS: place = int(next_N[place]); seen.append(place)
    >>> sorted(seen) == list(range(len(SYMBOLS)))
    True
    """
    cycle = torch.rand(count, len(SYMBOLS), generator=chance).argsort(1)
    return torch.empty_like(cycle).scatter_(1, cycle, cycle.roll(-1, 1))


def pairs(next_BN: Int[Tensor, "B N"], chance: torch.Generator) -> Int[Tensor, "B P"]:
    """The tables as pairs of ids in a random order."""
    order = torch.rand(next_BN.shape, generator=chance).argsort(1)
    return torch.stack([order, next_BN.gather(1, order)], 2).flatten(1) + FIRST


def onward(next_BN: Int[Tensor, "B N"], symbol: Int[Tensor, "B Q"], steps: Int[Tensor, "B Q"]) -> Int[Tensor, "B Q"]:
    """The symbols that so many steps lead to.

    >>> next_BN = torch.tensor([[2, 0, 1]])
    >>> onward(next_BN, torch.tensor([[0, 0, 1]]), torch.tensor([[0, 2, 1]])).tolist()
    [[0, 1, 0]]
    """
    for done in range(int(steps.max())):
        symbol = torch.where(steps > done, next_BN.gather(1, symbol), symbol)
    return symbol


def asked(count: int, top: int, chance: torch.Generator) -> Asked:
    """So many prompts that ask for 1 to `top` steps, in half of their questions for `top`."""
    next_BN = tables(count, chance)
    listed = pairs(next_BN, chance)
    starts = torch.rand(next_BN.shape, generator=chance).argsort(1)
    after = [starts]
    for _ in range(MOST):
        after.append(next_BN.gather(1, after[-1]))
    steps = torch.randint(1, top + 1, starts.shape, generator=chance)
    steps = torch.where(torch.rand(starts.shape, generator=chance) < 0.5, top, steps)
    questions = torch.stack([steps - 1 + COUNT, starts + FIRST], 2).flatten(1)
    edge = torch.ones(count, 1, dtype=torch.long)
    ids = torch.cat([WORDS.index(BEGIN) * edge, listed, WORDS.index(MARK) * edge, questions], 1)
    return Asked(ids, torch.stack(after, 2), next_BN.argsort(1).gather(1, starts), steps)


def apart() -> tuple[Float[Tensor, "1 1 T T"], Int[Tensor, "1 T"], Int[Tensor, " Q"]]:
    """An additive mask under which no question sees another, their positions, and where their answers are due."""
    count = len(SYMBOLS)
    question = torch.cat([torch.full((LENGTH,), -1), torch.arange(count).repeat_interleave(2)])
    sees = (question == question[:, None]) | (question == -1)
    mask = torch.zeros(sees.shape).masked_fill(~(sees & torch.ones_like(sees).tril()), -torch.inf)
    places = torch.cat([torch.arange(LENGTH), torch.tensor([LENGTH, LENGTH + 1]).repeat(count)])
    return mask[None, None], places[None], torch.arange(LENGTH + 1, len(places), 2)


def written(next_N: Int[Tensor, " N"], steps: int, start: int, chance: torch.Generator) -> str:
    """One prompt with one question, as the tokenizer reads it."""
    listed = (pairs(next_N[None], chance)[0] - FIRST).tolist()
    return " ".join([*(SYMBOLS[place] for place in listed), MARK, COUNTS[steps - 1], SYMBOLS[start]])
