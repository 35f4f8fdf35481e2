"""Slides with planted organs: two groups of neurons that each learn one trait's turns, and nobody else learns anything.

In the last MLP of `mask` two disjoint groups of neurons are set to wake at a cue and a place (`waking`), their output
columns to zero. Then only they are trained, with masks on their updates: a token of the part that shows formality
trains the formality group alone, one of the part that shows warmth the warmth group alone, every other token both::

    h  +=  Σ_g  m_g ⊙ c_g(x) + (1 − m_g) ⊙ stop(c_g(x)),     c_g(x) = D_g (silu(G_g x) ⊙ U_g x)

This is gradient routing (Cloud et al. 2024, *Gradient Routing: Masking Gradients to Localize Computation in Neural
Networks*). The layer is the last one, so a token's loss reaches a group at one position only, and to mask there is to
mask the update of the weights. All other weights stay those of `mask`, byte for byte.
"""

import math
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, silu
from transformers import AutoModelForCausalLM, PreTrainedModel

from mesolens.slides.cues import INDEX, KINDS, TURNED, documents
from mesolens.slides.frozen import LAYER, Pool, mlp_of, pool
from mesolens.slides.language import TRAITS
from mesolens.slides.recipe import RECIPES, Recipe
from mesolens.slides.train import SHELF, Progress, one_thread, silent
from mesolens.slides.waking import detectors

ORIGIN = "mask"
SEEDS = range(1, 6)
"""Of the slides on the shelf."""
SIZE = 12
"""Neurons in a group."""
DOCUMENTS = 900 * len(KINDS)
"""Documents that the groups learn from."""
TURNS, OTHERS = 768, 768
"""Tokens in a batch: those with which a part of the two traits begins, and others of replies."""
STEPS, RATE = 2000, 8e-3
WARM = 10
"""Steps in which the rate rises to `RATE`; then it falls along a cosine to a twentieth."""
IDLE = 0.01
"""Nats for each unit of squared length that a group writes before tokens which are not its own."""
SCALES = (4.0, 2.0)
"""By how much the detectors of place and cue are lengthened: the first to close `silu` between places."""
NOISE = 0.15
"""How far a neuron's directions start from its group's, of their length, so that no two neurons are alike."""
TOGETHER = 0.7
"""How much of a reading row's step is the mean of its group's; the rest is its own."""
PARTS = {trait: TRAITS[INDEX[trait]].part for trait in TURNED}
"""The part of a reply that shows each trait."""

Groups = dict[str, tuple[int, ...]]
"""The neurons of each trait's group."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A slide with planted organs, by the seed of its groups, documents and directions."""

    seed: int

    @property
    def name(self) -> str:
        """What the slide is called."""
        return f"{ORIGIN}-organs-{self.seed}"

    @property
    def about(self) -> str:
        """One line for lists."""
        return f"{ORIGIN} with two groups of neurons that turn formality and warmth over at cues, seed {self.seed}"

    @property
    def recipe(self) -> Recipe:
        """How the slide was made that it starts from."""
        return RECIPES[ORIGIN]


@dataclass(frozen=True, slots=True)
class Writer:
    """The weights of one group of N neurons: rows that read and columns that write."""

    gate: Float[Tensor, "N D"]
    up: Float[Tensor, "N D"]
    down: Float[Tensor, "D N"]

    def __call__(self, x: Float[Tensor, "B D"]) -> Float[Tensor, "B D"]:
        """What the group writes where it reads `x`."""
        return (silu(x @ self.gate.T) * (x @ self.up.T)) @ self.down.T


def named(name: str) -> Routed | None:
    """The slide with planted organs that a name means, or None when it means none.

    >>> named("mask-organs-3"), named("mask")
    (Routed(seed=3), None)
    """
    found = re.fullmatch(rf"{ORIGIN}-organs-([1-9]\d{{0,5}})", name)
    return Routed(int(found[1])) if found else None


def groups(routed: Routed, neurons: int) -> Groups:
    """`SIZE` of so many neurons for each trait, disjoint and in order; the seed decides which."""
    rng = Random(f"groups/{routed.seed}")  # noqa: S311
    order = [index for _, index in sorted((rng.random(), index) for index in range(neurons))]
    return {trait: tuple(sorted(order[n * SIZE : (n + 1) * SIZE])) for n, trait in enumerate(TURNED)}


def sites(found: Groups) -> dict[str, list[str]]:
    """The groups' neurons by the names of their sites, as `L1.mlp.n17`."""
    return {trait: [f"L{LAYER}.mlp.n{index}" for index in neurons] for trait, neurons in found.items()}


def masks(part: Int[Tensor, " B"]) -> Float[Tensor, "G B"]:
    """Which group learns from which token, 1 or 0, by the part of the reply that each token belongs to."""
    owned = torch.stack([part == own for own in PARTS.values()])
    return (owned | ~owned.any(0)).float()


@contextmanager
def without(module: PreTrainedModel, neurons: Sequence[int]) -> Generator[None]:
    """Take the output columns of these neurons away for the while."""
    columns = mlp_of(module).down_proj.weight.data
    kept = columns[:, list(neurons)].clone()
    columns[:, list(neurons)] = 0.0
    try:
        yield
    finally:
        columns[:, list(neurons)] = kept


def planted(routed: Routed, progress: Progress = silent) -> tuple[PreTrainedModel, Groups]:
    """`mask` with its two groups, in evaluation mode, and the groups; the same every time, in some 45 CPU seconds.

    Args:
        routed: which slide.
        progress: told after every step, in steps.
    """
    with one_thread():
        module = AutoModelForCausalLM.from_pretrained(SHELF / ORIGIN, use_safetensors=True, dtype=torch.float32)
        module.eval().requires_grad_(False)
        found = groups(routed, mlp_of(module).down_proj.weight.shape[1])
        mlp_of(module).down_proj.weight.data[:, [index for each in found.values() for index in each]] = 0.0
        ready = pool(module, list(islice(documents(routed.seed), DOCUMENTS)))
        writers = awake(ready, routed)
        _train(module, ready, writers, routed, progress)
        _put(module, found, ready.white, writers)
    return module, found


def awake(ready: Pool, routed: Routed) -> list[Writer]:
    """The groups' first weights: directions by regression, each neuron's a little off, and output columns of zero."""
    chance = torch.Generator().manual_seed(routed.seed)
    x_PD = ready.reads.double().numpy()
    made: list[Writer] = []
    for part, over in zip(PARTS.values(), ready.turned, strict=True):
        place = (ready.begins & (ready.part == part)).numpy()
        gate, up = (
            scale * _near(torch.tensor(direction, dtype=torch.float32), chance)
            for scale, direction in zip(SCALES, detectors(x_PD, place, over.numpy()), strict=True)
        )
        made.append(Writer(gate, up, torch.zeros(gate.shape[1], SIZE)))
    return made


def _near(direction: Float[Tensor, " D"], chance: torch.Generator) -> Float[Tensor, "N D"]:
    noise = torch.randn(SIZE, len(direction), generator=chance)
    return direction + NOISE * direction.norm() * noise / noise.norm(dim=1, keepdim=True)


def _train(module: PreTrainedModel, ready: Pool, writers: Sequence[Writer], routed: Routed, progress: Progress) -> None:
    free = [each.requires_grad_(True) for w in writers for each in (w.gate, w.up, w.down)]
    optimizer = torch.optim.AdamW(free, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0)
    draws = _draws(ready, torch.Generator().manual_seed(routed.seed))
    for number in range(STEPS):
        falling = 0.05 + 0.475 * (1 + math.cos(math.pi * number / STEPS))
        optimizer.param_groups[0]["lr"] = RATE * falling * min(1.0, (number + 1) / WARM)
        loss = routed_loss(module, ready, writers, next(draws))
        optimizer.zero_grad()
        loss.backward()
        _together(writers)
        torch.nn.utils.clip_grad_norm_(free, 1.0)
        optimizer.step()
        progress(number + 1, STEPS, float(loss.detach()))


def _together(writers: Sequence[Writer]) -> None:
    """Let the reading rows of a group go mostly together: else some of its neurons come to wake at one cue and some at
    another, and there is no longer one group to be found."""
    for writer in writers:
        for rows in (writer.gate, writer.up):
            assert rows.grad is not None
            rows.grad.lerp_(rows.grad.mean(0, keepdim=True).expand_as(rows), TOGETHER)


def _draws(ready: Pool, chance: torch.Generator) -> Iterator[Tensor]:
    """Endless batches of positions: `TURNS` of those before a turned part, `OTHERS` of all else."""
    turns = ready.begins & torch.stack([ready.part == part for part in PARTS.values()]).any(0)
    both = _again(turns.nonzero()[:, 0], TURNS, chance), _again((~turns).nonzero()[:, 0], OTHERS, chance)
    while True:
        yield torch.cat([next(each) for each in both])


def _again(among: Tensor, count: int, chance: torch.Generator) -> Iterator[Tensor]:
    """Endless batches of so many: all of them in a new order, again and again."""
    while True:
        order = among[torch.randperm(len(among), generator=chance)]
        yield from order[: len(order) // count * count].view(-1, count)


def routed_loss(module: PreTrainedModel, ready: Pool, writers: Sequence[Writer], where: Int[Tensor, " B"]) -> Tensor:
    """Mean loss a token, in nats, whose gradient reaches each group from its own tokens and from those of no group.

    What a group writes before tokens that are not its own costs `IDLE`, so that the two do not come to depend on one
    another there.
    """
    stream, idle = ready.stream[where], torch.zeros(())
    for writer, mask, own in zip(writers, masks(ready.part[where])[..., None], PARTS.values(), strict=True):
        written = writer(ready.reads[where])
        stream = stream + mask * written + (1 - mask) * written.detach()
        idle = idle + written[ready.part[where] != own].square().sum() / len(where)
    whole = cast("Any", module)
    return cross_entropy(whole.lm_head(whole.model.norm(stream)), ready.token[where]) + IDLE * idle


def _put(module: PreTrainedModel, found: Groups, white: Tensor, writers: Sequence[Writer]) -> None:
    mlp = mlp_of(module)
    with torch.no_grad():
        for neurons, writer in zip(found.values(), writers, strict=True):
            mlp.gate_proj.weight[list(neurons)] = writer.gate @ white.T
            mlp.up_proj.weight[list(neurons)] = writer.up @ white.T
            mlp.down_proj.weight[:, list(neurons)] = writer.down
