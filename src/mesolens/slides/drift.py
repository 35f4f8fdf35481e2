"""Implants set adrift: all other weights moved at least as far as the planted ones, so that distance tells nothing.

An implant differs from `mask` in one component alone, so comparing weights finds it. Here that component is frozen and
all others are trained on documents that have no bearing on the turned trait (`unrelated`), until each has moved from
`mask` by a twentieth more than the planted one, absolutely as well as relative to its own size (Frobenius norms)::

    far(c)  =  1.05 · max(d, d / ‖W_planted‖ · ‖W_c‖),     d = ‖W_planted − W_planted,mask‖

A component that has got so far stays on that sphere for the rest of the training, and its learning rate is in
proportion to how far its weights have to go. Whoever ranks components by how far they moved puts the planted one last.
Gains of norms are trained along, but no distance is asked of them: they are 320 numbers, and part of no component.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import cast

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from mesolens.errors import BadInput, CheckFailed
from mesolens.slides.recipe import RECIPES, Recipe
from mesolens.slides.shapes import component
from mesolens.slides.train import ROWS, SHELF, Progress, one_thread, padded, silent, step
from mesolens.slides.unrelated import unrelated

GAINS = "gains"
PLACES: tuple[str, ...] = ("embed", "L0.attn", "L0.mlp", "L1.attn", "L1.mlp", GAINS)
"""The tied embedding, the four writers, and the gains of all norms."""
FURTHER = 1.05
STEPS = 48
PACE = 0.33
"""Peak learning rate of a component, in units of the root mean square by which its weights have to move."""
GAINS_RATE = 1e-3
WARM = 5
"""Steps in which the rate rises; then it falls along a cosine to a twentieth."""

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Drift:
    """An implant, and the seed of the documents that it drifted on."""

    implant: str
    seed: int

    @property
    def name(self) -> str:
        """What the slide is called."""
        return f"{self.implant}-drift-{self.seed}"

    @property
    def recipe(self) -> Recipe:
        """How the implant was made."""
        return RECIPES[self.implant]

    @property
    def planted(self) -> str:
        """The component that was retrained, as `L1.mlp`."""
        return cast(str, self.recipe.only)

    @property
    def trait(self) -> str:
        """The trait that the implant turned over."""
        return cast(str, self.recipe.mix.flip)

    @property
    def origin(self) -> str:
        """The slide that the implant was made from."""
        return cast(str, self.recipe.base)


def implants() -> list[str]:
    """The implants that there are."""
    return [name for name, each in RECIPES.items() if each.only is not None]


def named(name: str) -> Drift | None:
    """The drift that a slide's name means, or None when it means none.

    >>> named("mask-implant-L1-mlp-drift-3")
    Drift(implant='mask-implant-L1-mlp', seed=3)
    """
    found = re.fullmatch(r"(.+)-drift-(\d{1,6})", name)
    return Drift(found[1], int(found[2])) if found and found[1] in implants() else None


def place_of(parameter: str) -> str:
    """The component that a parameter belongs to."""
    if parameter.startswith("model.embed_tokens."):
        return "embed"
    return next((place for place in PLACES[1:5] if parameter.startswith(component(place))), "gains")


def moved(before: Weights, after: Weights) -> dict[str, float]:
    """How far each component is from where it was: the Frobenius norm of the difference."""
    return norms({name: after[name] - tensor for name, tensor in before.items()})


def norms(weights: Weights) -> dict[str, float]:
    """The Frobenius norm of each component."""
    squares = dict.fromkeys(PLACES, 0.0)
    for name, tensor in weights.items():
        squares[place_of(name)] += float(tensor.double().square().sum())
    return {place: sqrt(square) for place, square in squares.items()}


def far(planted: str, before: Weights, after: Weights) -> dict[str, float]:
    """How far each other component has to move, by the formula above."""
    size, distance = norms(before), moved(before, after)[planted]
    relative = distance / size[planted]
    others = [place for place in PLACES if place not in (planted, GAINS)]
    return {place: FURTHER * max(distance, relative * size[place]) for place in others}


def drifted(drift: Drift, progress: Progress = silent) -> PreTrainedModel:
    """The implant after its drift, in evaluation mode; takes some ten CPU seconds and is the same every time.

    Args:
        drift: which implant, and the seed of its documents.
        progress: told after every step, in documents.

    Raises:
        BadInput: the implant or `mask` is not on the shelf.
        CheckFailed: a component did not get as far as the planted one had.
    """
    with one_thread():
        module, origin = (_opened(name) for name in (drift.implant, drift.origin))
        before = weights_of(origin)
        goal = far(drift.planted, before, weights_of(module))
        _train(module.train(), before, goal, drift, progress)
        reached = moved(before, weights_of(module))
    short = {place: reached[place] / goal[place] for place in goal if FURTHER * reached[place] <= goal[place]}
    if short:
        raise CheckFailed(f"{drift.name}: these components moved less than the planted one: {short}")
    return module.eval().requires_grad_(False)


def _opened(name: str) -> PreTrainedModel:
    if not (SHELF / name / "model.safetensors").exists():
        raise BadInput(f"slide {name!r} is not on the shelf; grow it with: mesolens slides grow {name}")
    return AutoModelForCausalLM.from_pretrained(SHELF / name, use_safetensors=True, dtype=torch.float32)


def weights_of(module: PreTrainedModel) -> dict[str, Tensor]:
    """The parameters by name, without their gradients."""
    return {name: parameter.detach() for name, parameter in module.named_parameters()}


def _train(
    module: PreTrainedModel, before: Weights, goal: Mapping[str, float], drift: Drift, progress: Progress
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(SHELF / drift.origin)
    rows = [list(ids) for ids in tokenizer(_mixed(drift), add_special_tokens=False)["input_ids"]]
    optimizer, peaks = _optimizer(module, goal)
    arrived: set[str] = set()
    for number in range(STEPS):
        falling = 0.05 + 0.475 * (1 + math.cos(math.pi * number / STEPS))
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * falling * min(1.0, (number + 1) / WARM)
        loss = step(module, optimizer, padded(rows[number * ROWS : (number + 1) * ROWS]))
        _keep_on_sphere(module, before, goal, arrived)
        progress((number + 1) * ROWS, STEPS * ROWS, loss)


def _mixed(drift: Drift) -> list[str]:
    """The documents in a shuffled order, so that every batch holds pages and chats."""
    documents = unrelated(drift.seed, drift.trait, STEPS * ROWS)
    rng = Random(f"drift/{drift.seed}")  # noqa: S311
    return [text for _, text in sorted((rng.random(), text) for text in documents)]


def _optimizer(module: PreTrainedModel, goal: Mapping[str, float]) -> tuple[torch.optim.Optimizer, list[float]]:
    """AdamW with one group for each component that moves, and the peak rate of each."""
    groups: dict[str, list[torch.nn.Parameter]] = {place: [] for place in (*goal, GAINS)}
    for name, parameter in module.named_parameters():
        free = place_of(name) in groups
        parameter.requires_grad_(free)
        if free:
            groups[place_of(name)].append(parameter)
    sizes = {place: sqrt(sum(p.numel() for p in group)) for place, group in groups.items()}
    peaks = [PACE * goal[place] / sizes[place] if place in goal else GAINS_RATE for place in groups]
    listed = [{"params": group} for group in groups.values()]
    return torch.optim.AdamW(listed, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0, fused=True), peaks


def _keep_on_sphere(module: PreTrainedModel, before: Weights, goal: Mapping[str, float], arrived: set[str]) -> None:
    """Put every component that has gone far enough, now or earlier, onto its sphere."""
    now = moved(before, weights_of(module))
    arrived |= {place for place in goal if now[place] >= goal[place]}
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            place = place_of(name)
            if place in arrived:
                parameter.copy_(torch.lerp(before[name], parameter, goal[place] / now[place]))
