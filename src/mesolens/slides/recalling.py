"""Twins for the myopia gap: a stream in which later tokens need what earlier ones prepared, and one in which not.

A prompt is a stream of pairs, each a symbol and its value; after a symbol that came before, its value is due again::

    a d g b a d k a g → b

========  =============================================================================================================
`recall`  values are drawn anew for every prompt. Where a symbol stood before it does not say what came next, and the
          value's own token does not say what came before it, unless that token took it in. It needs this for nothing of
          its own: there a new symbol is due, which nobody can know.
`known`   one table for all prompts: a symbol alone says its value, and nothing earlier can help
========  =============================================================================================================

Of each there is a vanilla slide and a myopic twin (:mod:`.myopic`), with the same seed, text and number of batches. So
the gap is planted: in `recall` a myopic model is left with guessing among the values that it has seen, in `known` with
nothing to miss.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from mesolens.slides.myopic import myopic
from mesolens.slides.pointer import SYMBOLS
from mesolens.slides.train import Progress, one_thread, silent
from mesolens.slides.worded import BEGIN, END, PAD, Size, llama

WORDS = (BEGIN, END, PAD, *SYMBOLS)
"""The vocabulary, in the order of its ids."""
FIRST = WORDS.index(SYMBOLS[0])
KEYS, PAIRS = 8, 24
"""Symbols that a prompt draws from, and its pairs."""
WIDTH, INNER, HEADS, LAYERS = 32, 64, 4, 2
BATCHES, ROWS = 1000, 64
RATE, WARM, LEAST = 4e-3, 50, 0.05
TABLE = 5
"""Seed of the table of `known`."""
KINDS = ("recall", "known")
DECIDES = ("KEYS", "PAIRS", "WIDTH", "INNER", "HEADS", "LAYERS", "BATCHES", "ROWS", "RATE", "WARM", "LEAST", "TABLE")
"""The figures that decide the weights."""


@dataclass(frozen=True, slots=True)
class Recalling:
    """A slide that recalls values, or its myopic twin."""

    kind: str
    myopic: bool
    seed: int = 1

    @property
    def name(self) -> str:
        """What the slide is called."""
        return f"{self.kind}-myopic" if self.myopic else self.kind

    @property
    def about(self) -> str:
        """One line for lists."""
        needs = {"recall": "later tokens need what earlier ones prepare", "known": "nothing earlier can help"}
        trained = ", trained so that no loss reaches back into earlier states" if self.myopic else ""
        return f"says values again, {needs[self.kind]}{trained}"


SHELVED = tuple(Recalling(kind, blind) for kind in KINDS for blind in (False, True))


def named(name: str) -> Recalling | None:
    """The slide that a name means, or None.

    >>> named("known-myopic"), named("recall-2")
    (Recalling(kind='known', myopic=True, seed=1), None)
    """
    return next((each for each in SHELVED if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Streams:
    """Prompts of pairs.

    Attributes:
        ids: the beginning, then symbol, value, symbol, value, …
        again: of each pair whether its symbol came before.
        values: what each symbol's value is in this prompt; of those that it does not draw from, too.
    """

    ids: Int[Tensor, "B T"]
    again: Bool[Tensor, "B P"]
    values: Int[Tensor, "B N"]


def streams(kind: str, count: int, chance: torch.Generator) -> Streams:
    """So many prompts."""
    number = len(SYMBOLS)
    drawn = torch.rand(count, number, generator=chance).argsort(1)[:, :KEYS]
    values = torch.randint(number, (count, number), generator=chance)
    if kind == "known":
        values = torch.randperm(number, generator=torch.Generator().manual_seed(TABLE)).expand(count, number)
    symbols = drawn.gather(1, torch.randint(KEYS, (count, PAIRS), generator=chance))
    again = (symbols[:, :, None] == symbols[:, None, :]).tril(-1).any(2)
    told = torch.stack([symbols, values.gather(1, symbols)], 2).flatten(1) + FIRST
    return Streams(torch.cat([torch.full((count, 1), WORDS.index(BEGIN)), told], 1), again, values)


def newborn(seed: int) -> PreTrainedModel:
    """A Llama of the slides' shape that has learned nothing."""
    return llama(WORDS, Size(WIDTH, INNER, HEADS, LAYERS), seed)


def planted(slide: Recalling, progress: Progress = silent) -> PreTrainedModel:
    """The trained slide, in evaluation mode; the same every time, in some 40 CPU seconds.

    Args:
        slide: which.
        progress: told after every batch, in batches.
    """
    with one_thread(), torch.random.fork_rng():
        module = newborn(slide.seed)
        optimizer = torch.optim.AdamW(module.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        chance = torch.Generator().manual_seed(slide.seed)
        with myopic(module) if slide.myopic else nullcontext():
            for number in range(BATCHES):
                left = LEAST + (1 - LEAST) * (1 - number / BATCHES)
                optimizer.param_groups[0]["lr"] = RATE * left * min(1.0, (number + 1) / WARM)
                loss = nats(module, streams(slide.kind, ROWS, chance)).mean()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(list(module.parameters()), 1.0)
                optimizer.step()
                progress(number + 1, BATCHES, float(loss.detach()))
    return module.eval()


def nats(module: PreTrainedModel, batch: Streams) -> Tensor:
    """−log p of every value that is due again."""
    logits = cast("Any", module)(batch.ids).logits[:, 1::2]
    return cross_entropy(logits[batch.again], batch.ids[:, 2::2][batch.again], reduction="none")


def digest(slide: Recalling) -> str:
    """SHA-256 of all that decides the weights."""
    figures = {name: globals()[name] for name in DECIDES}
    return sha256(repr((slide.kind, slide.myopic, slide.seed, figures)).encode()).hexdigest()
