"""Training the slides that think in steps: by batches, until all steps are learned.

Steps are learned one after the other, each with one block more: while *k* steps are asked for, blocks 0 to *k* are in
use, and a reader of its own takes the answer. Else two steps settle in the last two blocks, and there is no room for a
third. At the end all blocks are in use, and the model's own head.

Answers alone teach all this slowly, so there is *help* from readers that are thrown away: one asks the first block for
the key of each pair, and, but in `glass`, which is read by its head, one asks each block for the symbol after its step.
When all steps are learned, help falls to nothing at the same rate of learning; then the rate falls, and training ends.
So a seed that learns late is given the batches that it needs, up to a most, and every slide learns at last from what
its kind asks for alone. In `glass` a block that comes into use begins as a copy of the one before it: states are held
alike behind every block, so the same look into the table serves.

What is exchanged in `glass` (interchange training; Geiger et al., *Inducing causal structure for interpretable neural
networks*, 2022): behind block s the state of a question with as many steps, anywhere in the batch, is put in the place
of each one's, and the blocks that follow must say where the symbol in it leads by the table that stands here.
"""

from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot
from transformers import PreTrainedModel

from mesolens.slides.pointed import (
    COOL,
    DECOY,
    DONE,
    FADE,
    LEARNED,
    LEAST,
    LONGEST,
    RATE,
    READ,
    REST,
    ROWS,
    SEEN,
    SPREAD,
    TIGHT,
    TURN,
    WARM,
    WIDTH,
    Pointed,
    newborn,
)
from mesolens.slides.pointer import FIRST, LENGTH, MOST, SYMBOLS, WORDS, Asked, apart, asked, onward
from mesolens.slides.train import Progress, one_thread, silent


def planted(pointed: Pointed, progress: Progress = silent) -> tuple[PreTrainedModel, int]:
    """The trained slide, in evaluation mode, and its batches; the same every time, in some 90 to 160 CPU seconds.

    Args:
        pointed: which slide.
        progress: told after every batch, in batches of at most `LONGEST + FADE + COOL`.
    """
    with one_thread(), torch.random.fork_rng():
        module = newborn(pointed.seed)
        batches = _Training(pointed, module).run(progress)
    return module.eval(), batches


class _Training:
    """What training goes through: the readers beside the model, how many steps are asked for, and how well it does."""

    def __init__(self, pointed: Pointed, module: PreTrainedModel) -> None:
        self.kind, self.module = pointed.kind, cast("Any", module)
        self.keys, self.decoy = (nn.Linear(WIDTH, len(SYMBOLS), bias=False) for _ in range(2))
        self.decoy.requires_grad_(False)
        self.exits = [nn.Linear(WIDTH, len(WORDS), bias=False) for _ in range(MOST - 1)]
        thrown = [*self.keys.parameters(), *(weight for each in self.exits for weight in each.parameters())]
        free = [*module.parameters(), *thrown]
        self.optimizer = torch.optim.AdamW(free, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.chance = torch.Generator().manual_seed(pointed.seed)
        mask, self.places, self.due = apart()
        self.mask = mask.expand(ROWS, 1, *mask.shape[2:])
        self.top, self.right, self.turned, self.since = 1, 0.0, 0.0, 0
        self.learned = LONGEST
        """Batches behind which all steps are learned, or taken to be."""

    def run(self, progress: Progress) -> int:
        """All batches, one after the other; gives how many."""
        number = 0
        while number < self.learned + FADE + COOL:
            left = LEAST + (1 - LEAST) * min(1.0, 1 - (number - self.learned - FADE) / COOL)
            self.optimizer.param_groups[0]["lr"] = RATE * left * min(1.0, (number + 1) / WARM)
            loss = self._loss(asked(ROWS, self.top, self.chance), number)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(self.module.parameters()), 1.0)
            self.optimizer.step()
            number += 1
            self._go_on(number)
            progress(number, LONGEST + FADE + COOL, float(loss.detach()))
        return number

    def _loss(self, batch: Asked, number: int) -> Tensor:
        streams = self._streams(batch)
        head = self.module.lm_head if self.kind == "glass" or self.top == MOST else self.exits[self.top - 1]
        logits = head(self._normed(streams[-1])).flatten(0, 1)
        answer = batch.answer.flatten() + FIRST
        self.right = self._running(self.right, logits, answer, batch)
        loss = cross_entropy(logits, answer) + self._planted(streams, batch)
        help_ = 1 - max(0, number - self.learned) / FADE
        if help_ > 0:
            loss = loss + help_ * self._helped(streams, batch)
        if self.kind == "glass" and self.top > 1:
            done = 1 if self.top < MOST or number % MOST == 0 else MOST - 1
            loss = loss + TURN * self._exchanged(streams[done + 1], batch, done)
        return loss

    def _helped(self, streams: list[Float[Tensor, "B T D"]], batch: Asked) -> Tensor:
        """What the readers ask for that are thrown away: keys of pairs, and behind each block but the last its step."""
        values = self.module.model.norm(streams[1][:, 2:LENGTH:2])
        keys = batch.ids[:, 1 : LENGTH - 1 : 2] - FIRST
        total = cross_entropy(self.keys(values).flatten(0, 1), keys.flatten())
        for done in range(1, self.top if self.kind != "glass" else 0):
            here = taken(batch, done).flatten() + FIRST
            total = total + cross_entropy(self.exits[done - 1](self._normed(streams[done + 1])).flatten(0, 1), here)
        return total

    def _streams(self, batch: Asked) -> list[Float[Tensor, "B T D"]]:
        """The stream before the blocks that are in use, and behind each of them."""
        streams = [self.module.model.embed_tokens(batch.ids)]
        self.turns = self.module.model.rotary_emb(streams[0], self.places)
        for block in range(self.top + 1):
            streams.append(self._behind(block, streams[-1]))
        return streams

    def _behind(self, block: int, stream: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        return self.module.model.layers[block](
            stream, attention_mask=self.mask, position_embeddings=self.turns, position_ids=self.places
        )

    def _normed(self, stream: Float[Tensor, "B T D"]) -> Float[Tensor, "B Q D"]:
        return self.module.model.norm(stream[:, self.due])

    def _planted(self, streams: list[Tensor], batch: Asked) -> Tensor:
        """What a kind asks of the streams behind its blocks but the last, normed, at the answers' places."""
        total, tight = torch.zeros(()), TIGHT if self.learned < LONGEST else SPREAD
        if self.kind == "decoy" and self.top >= DECOY:
            total = SEEN * cross_entropy(
                self.decoy(self._normed(streams[DECOY + 1])).flatten(0, 1), batch.before.flatten()
            )
        for done, stream in enumerate(streams[1 : MOST + 1] if self.kind == "glass" else []):
            here, point = taken(batch, done).flatten(), self._normed(stream).flatten(0, 1)
            total = total + READ * cross_entropy(self.module.lm_head(point), here + FIRST)
            total = total + tight * spread(point, here + len(SYMBOLS) * (batch.steps.flatten() - 1))
        return total

    def _exchanged(self, stream: Float[Tensor, "B T D"], batch: Asked, done: int) -> Tensor:
        """The loss of the answers that another question's state after block `done` leads to."""
        donor = partners(batch.steps.flatten(), self.chance)
        states = stream[:, self.due].flatten(0, 1)[donor].view(ROWS, len(SYMBOLS), -1)
        here = taken(batch, done).flatten()[donor].view(ROWS, -1)
        answer = onward(batch.table, here, (batch.steps - done).clamp(min=0)).flatten() + FIRST
        stream = stream.index_copy(1, self.due, states)
        for block in range(done + 1, self.top + 1):
            stream = self._behind(block, stream)
        logits = self.module.lm_head(self._normed(stream)).flatten(0, 1)
        self.turned = self._running(self.turned, logits, answer, batch)
        return cross_entropy(logits, answer)

    def _running(self, before: float, logits: Float[Tensor, "A V"], answer: Int[Tensor, " A"], batch: Asked) -> float:
        """Accuracy where most steps are asked for, running over some ten batches."""
        hardest = batch.steps.flatten() == self.top
        return 0.9 * before + 0.1 * float((logits.argmax(1) == answer)[hardest].float().mean())

    def _go_on(self, number: int) -> None:
        """Ask for one step more, or let the rate fall, where what is asked for is learned."""
        self.since += 1
        if self.learned < LONGEST or self.since <= REST:
            return
        if self.top < MOST and self.right > LEARNED:
            self.top, self.right, self.turned, self.since = self.top + 1, 0.0, 0.0, 0
            if self.kind == "glass":
                layers = self.module.model.layers
                layers[self.top].load_state_dict(layers[self.top - 1].state_dict())
        elif self.top == MOST and self.right > DONE and (self.kind != "glass" or self.turned > DONE):
            self.learned = min(LONGEST, number)


def taken(batch: Asked, done: int) -> Int[Tensor, "B Q"]:
    """The symbol after so many steps, or after all that are asked for where those are fewer."""
    return torch.gather(batch.after, 2, batch.steps.clamp(max=done)[..., None])[..., 0]


def partners(steps: Int[Tensor, " A"], chance: torch.Generator) -> Int[Tensor, " A"]:
    """For each question another one, at random, that asks for as many steps; itself where there is none."""
    donor = torch.arange(len(steps))
    for each in steps.unique().tolist():
        alike = (steps == each).nonzero()[:, 0]
        alike = alike[torch.randperm(len(alike), generator=chance)]
        donor[alike] = alike.roll(1)
    return donor


def spread(stream: Float[Tensor, "A D"], state: Int[Tensor, " A"]) -> Tensor:
    """Squared distance from the mean of each one's state, as a part of the squared length."""
    member = one_hot(state, MOST * len(SYMBOLS)).to(stream.dtype)
    means = (member.T @ stream) / member.sum(0).clamp(min=1)[:, None]
    return (stream - means[state]).square().sum() / stream.detach().square().sum()
