"""Measure what an anatomy claims, on the model itself.

The *cut* is the set of points through which all that reaches the logits flows: the stream's entry, and the leaves of
all writers (or the writer, or the block's change, where the finer level was refused). Blending at the cut with α = 1
must change nothing, and with α = 0 must give the reference's logits exactly: only a complete cut does both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.model.anatomy import Anatomy, Block, Check
from mesolens.model.closing import rounding_bar
from mesolens.model.recording import Recording, forward
from mesolens.model.stream import discontinuity, relative
from mesolens.model.taps import Action, Point, tapped


def measure(
    model: PreTrainedModel, anatomy: Anatomy, clean: Recording, ids_BT: Tensor, generator: torch.Generator
) -> Anatomy:
    """`anatomy` with its checks filled in, measured on the pass `clean` of `ids_BT` and on a few more."""
    exact, loose = rounding_bar(model.dtype, 1e-6), rounding_bar(model.dtype)
    blocks = tuple(block.module for block in anatomy.blocks)
    own, other_ids = writes(model, anatomy, ids_BT), _other(ids_BT, generator)
    other = writes(model, anatomy, other_ids)
    blended = {alpha: blended_logits(model, anatomy, ids_BT, to, alpha) for alpha, to in ((1.0, own), (0.0, other))}
    half = max(1, ids_BT.shape[1] // 2)
    later = torch.cat([ids_BT[:, :half], other_ids[:, half:]], dim=1)
    checks = (
        Check("the stream is continuous between blocks", discontinuity(clean, blocks), loose),
        Check("writers add up to their blocks", _worst(b.error for b in anatomy.blocks if b.writers), loose),
        Check("leaves add up to their writers", _worst(w.error for w in anatomy.writers if w.leaves), loose),
        Check("hooks and blending at 1 leave the logits", relative(blended[1.0], clean.logits), exact),
        Check("blending at 0 gives the reference's logits", relative(blended[0.0], forward(model, other_ids)), loose),
        Check(
            "later tokens do not change earlier logits",
            relative(forward(model, later)[:, :half], clean.logits[:, :half]),
            loose,
        ),
    )
    return replace(anatomy, checks=checks)


def cut(anatomy: Anatomy) -> tuple[Point, ...]:
    """The points at which tensors are blended; a block whose writers were refused stands for its own change (`out`)."""
    points = [Point(anatomy.blocks[0].module, "in")]
    for block in anatomy.blocks:
        points += [Point(w.linear, "in") if w.linear else Point(w.module, "out") for w in block.writers]
        points += [] if block.writers else [Point(block.module, "out")]
    return tuple(points)


def writes(model: PreTrainedModel, anatomy: Anatomy, ids_BT: Tensor) -> dict[Point, Tensor]:
    """What passes each point of the cut in a plain pass; for a whole block, its change of the stream."""
    seen: dict[Point, Tensor] = {}
    points = (*cut(anatomy), *(Point(block.module, "in") for block in refused(anatomy)))
    with tapped(model, {point: partial(_keep, seen, point) for point in points}):
        forward(model, ids_BT)
    for block in refused(anatomy):
        seen[Point(block.module, "out")] = seen[Point(block.module, "out")] - seen[Point(block.module, "in")]
    return {point: seen[point] for point in cut(anatomy)}


def blended_logits(
    model: PreTrainedModel, anatomy: Anatomy, ids_BT: Tensor, to: Mapping[Point, Tensor], alpha: float
) -> Tensor:
    """Logits of a pass whose every point of the cut carries α · own + (1 − α) · `to`."""
    entered: dict[str, Tensor] = {}
    actions: dict[Point, Action] = {point: partial(_blend, to[point], alpha) for point in cut(anatomy)}
    for block in refused(anatomy):
        before, after = Point(block.module, "in"), Point(block.module, "out")
        actions[before] = partial(_enter, entered, block.module, actions.get(before))
        actions[after] = partial(_change, entered, block.module, actions[after])
    with tapped(model, actions):
        return forward(model, ids_BT).clone()


def _keep(seen: dict[Point, Tensor], point: Point, tensor: Tensor) -> None:
    seen[point] = tensor.detach().clone()


def _blend(to: Tensor, alpha: float, own: Tensor) -> Tensor:
    return alpha * own + (1 - alpha) * to


def _enter(entered: dict[str, Tensor], block: str, inner: Action | None, tensor: Tensor) -> Tensor:
    changed = None if inner is None else inner(tensor)
    entered[block] = (tensor if changed is None else changed).clone()
    return entered[block].clone()


def _change(entered: dict[str, Tensor], block: str, blend: Action, tensor: Tensor) -> Tensor | None:
    changed = blend(tensor - entered[block])
    return None if changed is None else entered[block] + changed


def refused(anatomy: Anatomy) -> tuple[Block, ...]:
    """The blocks without writers, which are attributed whole."""
    return tuple(block for block in anatomy.blocks if not block.writers)


def _other(ids_BT: Tensor, generator: torch.Generator) -> Tensor:
    order = torch.randperm(ids_BT.shape[1], generator=generator).to(ids_BT.device)
    return ids_BT.flip(0)[:, order]


def _worst(errors: Iterable[float]) -> float:
    return max(errors, default=0.0)
