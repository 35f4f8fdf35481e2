"""Permutation composition: a slide that carries out permutations one after the other, with no token between.

A prompt names permutations of three letters and asks for all of them together::

    bca acb cab = → abc

*bca* puts `b` where `a` stood, `c` where `b` stood, `a` where `c` stood, in words: letter *i* becomes the *i*-th. Of
each prompt the first is done first. What the first *j* do together is a permutation too, so every step has a value
among the six words, and chance is one in six.

Training puts a question behind every permutation of a row, where none sees another, so one row asks for 1 to `MOST`
steps. It ends as that of the slides that chase pointers does: when all is learned, the rate falls.
"""

from dataclasses import dataclass
from hashlib import sha256
from itertools import permutations
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from mesolens.slides.train import Progress, one_thread, silent
from mesolens.slides.worded import BEGIN, END, PAD, Size, llama

LETTERS = "abc"
PERMUTATIONS = tuple("".join(each) for each in permutations(LETTERS))
ASK = "="
WORDS = (BEGIN, END, PAD, ASK, *PERMUTATIONS)
"""The vocabulary, in the order of its ids."""
FIRST = WORDS.index(PERMUTATIONS[0])
MOST = 6
"""Permutations of a prompt that a slide learns."""
WIDTH, INNER, HEADS, LAYERS = 64, 128, 4, 4
ROWS = 64
RATE, WARM, LEAST = 2e-3, 100, 0.05
LONGEST, COOL = 6000, 800
"""Batches in which all must be learned, and batches behind them in which the rate falls to `LEAST`."""
DONE = 0.97
"""Accuracy on most permutations, running over some twenty batches, at which the rate begins to fall."""
DECIDES = ("MOST", "WIDTH", "INNER", "HEADS", "LAYERS", "ROWS", "RATE", "WARM", "LEAST", "LONGEST", "COOL", "DONE")
"""The figures that decide the weights."""


@dataclass(frozen=True, slots=True)
class Permuted:
    """A slide that composes permutations."""

    seed: int

    @property
    def name(self) -> str:
        """What the slide is called: `permute`, with its seed but for the first."""
        return "permute" if self.seed == 1 else f"permute-{self.seed}"

    @property
    def about(self) -> str:
        """One line for lists."""
        return f"composes up to {MOST} permutations of three letters, seed {self.seed}"


SHELVED = (Permuted(1),)


def named(name: str) -> Permuted | None:
    """The slide that a name means, or None.

    >>> named("permute"), named("permute-2"), named("permute-1")
    (Permuted(seed=1), Permuted(seed=2), None)
    """
    head, dash, seed = name.partition("-")
    if head != "permute" or (dash and not (seed.isdecimal() and len(seed) < 7)):
        return None
    made = Permuted(int(seed or 1))
    return made if made.name == name else None


def together() -> Int[Tensor, "G G"]:
    """What two permutations do, the row's first and the column's second, by their numbers.

    >>> PERMUTATIONS[together()[PERMUTATIONS.index("bca"), PERMUTATIONS.index("acb")]]
    'cba'
    """
    places = [[LETTERS.index(letter) for letter in each] for each in PERMUTATIONS]
    return torch.tensor(
        [[PERMUTATIONS.index("".join(LETTERS[two[k]] for k in one)) for two in places] for one in places]
    )


def done_so_far(drawn: Int[Tensor, "B K"]) -> Int[Tensor, "B K"]:
    """What the first 1, 2, … permutations do together."""
    table, so_far = together(), [drawn[:, 0]]
    for place in range(1, drawn.shape[1]):
        so_far.append(table[so_far[-1], drawn[:, place]])
    return torch.stack(so_far, 1)


def apart() -> tuple[Float[Tensor, "1 1 T T"], Int[Tensor, "1 T"]]:
    """An additive mask and positions: a row of permutations, then a question for each, which sees what it asks for."""
    place = torch.arange(1 + 2 * MOST)
    sees = place[:, None] >= place
    question = place > MOST
    upto = place - MOST
    sees = torch.where(question[:, None], ~question & (place <= upto[:, None]), sees)
    sees |= torch.eye(len(place), dtype=torch.bool)
    mask = torch.zeros(sees.shape).masked_fill(~sees, -torch.inf)
    return mask[None, None], torch.where(question, upto + 1, place)[None]


def newborn(seed: int) -> PreTrainedModel:
    """A Llama of the slide's shape that has learned nothing."""
    return llama(WORDS, Size(WIDTH, INNER, HEADS, LAYERS), seed)


def planted(slide: Permuted, progress: Progress = silent) -> tuple[PreTrainedModel, int]:
    """The trained slide, in evaluation mode, and its batches; the same every time, in some two CPU minutes.

    Args:
        slide: which.
        progress: told after every batch, in batches of at most `LONGEST + COOL`.
    """
    with one_thread(), torch.random.fork_rng():
        module = newborn(slide.seed)
        optimizer = torch.optim.AdamW(module.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        chance = torch.Generator().manual_seed(slide.seed)
        right, learned, number = 0.0, LONGEST, 0
        while number < learned + COOL:
            left = LEAST + (1 - LEAST) * min(1.0, 1 - (number - learned) / COOL)
            optimizer.param_groups[0]["lr"] = RATE * left * min(1.0, (number + 1) / WARM)
            loss, hit = asked(module, torch.randint(len(PERMUTATIONS), (ROWS, MOST), generator=chance))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(module.parameters()), 1.0)
            optimizer.step()
            right, number = 0.95 * right + 0.05 * hit, number + 1
            learned = min(learned, number) if right > DONE else learned
            progress(number, LONGEST + COOL, float(loss.detach()))
    return module.eval(), number


def asked(module: PreTrainedModel, drawn: Int[Tensor, "B K"]) -> tuple[Tensor, float]:
    """The mean loss of all questions in nats, and how many of those for most permutations are right."""
    whole, (mask, places) = cast("Any", module), apart()
    ids = torch.cat([whole_column(drawn, BEGIN), drawn + FIRST, whole_column(drawn, ASK).expand(-1, MOST)], 1)
    out = whole.model(ids, attention_mask=mask.expand(len(ids), -1, -1, -1), position_ids=places)
    logits, answer = whole.lm_head(out.last_hidden_state[:, 1 + MOST :]), done_so_far(drawn) + FIRST
    hit = float((logits[:, -1].argmax(1) == answer[:, -1]).float().mean())
    return cross_entropy(logits.flatten(0, 1), answer.flatten()), hit


def whole_column(like: Int[Tensor, "B K"], word: str) -> Int[Tensor, "B 1"]:
    """One word for every row."""
    return torch.full((len(like), 1), WORDS.index(word))


def digest(slide: Permuted) -> str:
    """SHA-256 of all that decides the weights."""
    figures = {name: globals()[name] for name in DECIDES}
    return sha256(repr((slide.seed, figures)).encode()).hexdigest()
