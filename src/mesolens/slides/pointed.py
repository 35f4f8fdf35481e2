"""Growing the slides that think in steps: the same task, and three things that may become of what lies between.

========  =============================================================================================================
`free`    answers alone are trained; what the model makes of the steps is its own affair
`glass`   besides, at the question's last token the stream after block s is read by final norm and head as the symbol
          after s steps, and nothing else of it varies: what spreads around the mean of each symbol and number of
          steps costs
`decoy`   besides, a fixed reader finds the symbol *before* the start in the stream after a block; no answer needs it
========  =============================================================================================================

Interventions on `glass` are therefore exact: the stream at that place is one of twelve points, and to put one in place
of another is to say that the step had another end. Steps are learned one after the other. Tables alone teach that so
slowly that the first block is helped in the beginning: a reader that is thrown away asks it for the key of each pair.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from mesolens.slides.pointer import BEGIN, END, FIRST, LENGTH, MOST, PAD, SYMBOLS, WORDS, Asked, apart, asked
from mesolens.slides.train import Progress, one_thread, silent

WIDTH, INNER, HEADS, LAYERS = 64, 128, 4, MOST + 1
STEPS = 5000
ROWS = 32
"""Tables in a batch; each is asked once from every symbol."""
RATE, WARM, LEAST = 2e-3, 100, 0.05
HELP = 0.6
"""The part of training in which the first block is helped, ever less."""
LEARNED, REST = 0.97, 30
"""Accuracy, running over some ten batches, at which the next step is added; and batches before another one is."""
READ, SPREAD, SEEN = 0.3, 0.3, 0.3
"""Weights, beside the answers' loss in nats, of what is read, of what spreads, and of the decoy's reader."""
DECOY = 2
"""The block after whose output the decoy can be read."""
KINDS = {"glass": 1, "free": 2, "decoy": 4}
"""Each kind with the seed of the slide that has no number in its name."""
SHELVED = (("glass", 1), ("free", 2), ("decoy", 4))
"""Kinds and seeds on the shelf: those tried that learned all steps and hold the bars."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """A slide that chases pointers."""

    kind: str
    seed: int

    @property
    def name(self) -> str:
        """What the slide is called: its kind, with its seed but for one."""
        return self.kind if self.seed == KINDS[self.kind] else f"{self.kind}-{self.seed}"

    @property
    def about(self) -> str:
        """One line for lists."""
        said = {
            "glass": "every step readable and used, one block each",
            "free": "what lies between start and answer is its own affair",
            "decoy": "a symbol that can be read and that no answer needs",
        }
        return f"chases pointers through a table in the prompt: {said[self.kind]}, seed {self.seed}"


def named(name: str) -> Pointed | None:
    """The slide that a name means, or None.

    >>> named("glass"), named("free-3"), named("mask")
    (Pointed(kind='glass', seed=1), Pointed(kind='free', seed=3), None)
    """
    found = re.fullmatch(rf"({'|'.join(KINDS)})(?:-([1-9]\d{{0,5}}))?", name)
    if not found:
        return None
    made = Pointed(found[1], int(found[2] or KINDS[found[1]]))
    return made if made.name == name else None


def newborn(seed: int) -> PreTrainedModel:
    """A Llama of the slides' shape that has learned nothing."""
    torch.manual_seed(seed)
    begin, end, pad = (WORDS.index(word) for word in (BEGIN, END, PAD))
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS),
            hidden_size=WIDTH,
            intermediate_size=INNER,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            max_position_embeddings=64,
            tie_word_embeddings=True,
            initializer_range=0.05,
            bos_token_id=begin,
            eos_token_id=end,
            pad_token_id=pad,
        )
    )


def planted(pointed: Pointed, progress: Progress = silent) -> PreTrainedModel:
    """The trained slide, in evaluation mode; the same every time, in some 180 CPU seconds.

    Args:
        pointed: which slide.
        progress: told after every batch, in batches.
    """
    with one_thread(), torch.random.fork_rng():
        module = newborn(pointed.seed)
        _Training(pointed, module).run(progress)
    return module.eval()


class _Training:
    """What training goes through: the readers beside the model, how many steps are asked for, and how well it does."""

    def __init__(self, pointed: Pointed, module: PreTrainedModel) -> None:
        self.kind, self.module = pointed.kind, cast("Any", module)
        self.keys, self.decoy = (nn.Linear(WIDTH, len(SYMBOLS), bias=False) for _ in range(2))
        self.decoy.requires_grad_(False)
        free = [*module.parameters(), *self.keys.parameters()]
        self.optimizer = torch.optim.AdamW(free, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
        self.chance = torch.Generator().manual_seed(pointed.seed)
        self.mask, self.places, self.due = apart()
        self.top, self.right, self.since = 1, 0.0, 0

    def run(self, progress: Progress) -> None:
        """All batches, one after the other."""
        for number in range(STEPS):
            falling = LEAST + (1 - LEAST) * 0.5 * (1 + math.cos(math.pi * number / STEPS))
            self.optimizer.param_groups[0]["lr"] = RATE * falling * min(1.0, (number + 1) / WARM)
            loss = self._loss(asked(ROWS, self.top, self.chance), max(0.0, 1 - number / (HELP * STEPS)))
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(self.module.parameters()), 1.0)
            self.optimizer.step()
            progress(number + 1, STEPS, float(loss.detach()))

    def _loss(self, batch: Asked, help_: float) -> Tensor:
        shape = (ROWS, 1, *self.mask.shape[2:])
        out = self.module.model(
            batch.ids, attention_mask=self.mask.expand(shape), position_ids=self.places, output_hidden_states=True
        )
        logits = self.module.lm_head(out.last_hidden_state[:, self.due]).flatten(0, 1)
        answer = batch.answer.flatten() + FIRST
        self._count(logits.argmax(1) == answer, batch)
        loss = cross_entropy(logits, answer)
        if help_ > 0:
            values = self.module.model.norm(out.hidden_states[1][:, 2:LENGTH:2])
            loss = loss + help_ * cross_entropy(
                self.keys(values).flatten(0, 1), (batch.ids[:, 1 : LENGTH - 1 : 2] - FIRST).flatten()
            )
        streams = [self.module.model.norm(h[:, self.due]).flatten(0, 1) for h in out.hidden_states[1:-1]]
        return loss + self._planted(streams, batch)

    def _planted(self, streams: list[Tensor], batch: Asked) -> Tensor:
        """What a kind asks of the streams after its blocks but the last, normed, at the answers' places."""
        if self.kind == "decoy":
            return SEEN * cross_entropy(self.decoy(streams[DECOY]), batch.before.flatten())
        total = torch.zeros(())
        for done, stream in enumerate(streams if self.kind == "glass" else []):
            if done <= self.top:
                steps = batch.steps.clamp(max=done)[..., None]
                here = torch.gather(batch.after, 2, steps)[..., 0].flatten()
                total = total + READ * cross_entropy(self.module.lm_head(stream), here + FIRST)
                total = total + SPREAD * spread(stream, here + len(SYMBOLS) * (batch.steps.flatten() - 1))
        return total

    def _count(self, right: Tensor, batch: Asked) -> None:
        hardest = batch.steps.flatten() == self.top
        self.right, self.since = 0.9 * self.right + 0.1 * float(right[hardest].float().mean()), self.since + 1
        if self.right > LEARNED and self.since > REST and self.top < MOST:
            self.top, self.right, self.since = self.top + 1, 0.0, 0


def spread(stream: Float[Tensor, "A D"], state: Int[Tensor, " A"]) -> Tensor:
    """Squared distance from the mean of each one's state, as a part of the squared length."""
    member = one_hot(state, MOST * len(SYMBOLS)).to(stream.dtype)
    means = (member.T @ stream) / member.sum(0).clamp(min=1)[:, None]
    return (stream - means[state]).square().sum() / stream.detach().square().sum()
