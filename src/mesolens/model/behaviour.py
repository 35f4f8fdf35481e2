"""What kind of writer a module is, told by what it does and not by what it is called.

Three passes answer for all blocks and writers at once, because each block is handed a recorded input and each writer's
output is put back to its recorded value after it was heard. Against a pass where all is as recorded,

- *mixing*: the first half of the positions is changed. A write at a later position then changes only if the writer
  reads across positions.
- *averaging*: every position is handed the same row. Attention takes weighted means of values, so its write is then the
  same everywhere; a recurrent state or a convolution starts empty and fills up, so its write is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.model.recording import Recording, forward
from mesolens.model.stream import relative
from mesolens.model.taps import Action, Point, tapped


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Whether a writer reads across positions, and whether it does so by taking means."""

    mixes: bool
    averages: bool


def behaviours(
    model: PreTrainedModel, ids_BT: Tensor, recording: Recording, writers: Mapping[str, Point], blocks: tuple[str, ...]
) -> dict[str, Behaviour]:
    """How each writer behaves; `writers` maps its module to the point where it is heard, its last linear's input."""
    half = max(1, ids_BT.shape[1] // 2)
    same = {block: recording.given(block) for block in blocks}
    changed = {block: _shuffled(recording.given(block), half) for block in blocks}
    uniform = {block: _first_row(recording.given(block)) for block in blocks}
    held = {module: recording.gave(module) for module in writers}
    level = {module: _first_row(rows(write, ids_BT.shape[0])) for module, write in held.items()}
    heard = _heard(model, ids_BT, same, held, writers)
    heard_changed = _heard(model, ids_BT, changed, held, writers)
    heard_uniform = _heard(model, ids_BT, uniform, level, writers)
    return {
        module: Behaviour(
            mixes=_differs(heard_changed[module][:, half:], heard[module][:, half:], units=4),
            averages=not _differs(heard_uniform[module], _first_row(heard_uniform[module]), units=16),
        )
        for module in writers
    }


def _heard(
    model: PreTrainedModel,
    ids_BT: Tensor,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Tensor],
    writers: Mapping[str, Point],
) -> dict[str, Tensor]:
    """What passes each writer's point while every block and every writer is held at the tensors given."""
    heard: dict[str, Tensor] = {}
    batch = ids_BT.shape[0]
    actions: dict[Point, Action] = {Point(block, "in"): partial(_hold, value) for block, value in inputs.items()}
    for module, point in writers.items():
        output, hold = Point(module, "out"), partial(_hold, outputs[module])
        actions[output] = partial(_hear, heard, module, batch, hold) if point == output else hold
        if point != output:
            actions[point] = partial(_hear, heard, module, batch, None)
    with tapped(model, actions):
        forward(model, ids_BT)
    return heard


def _hold(value: Tensor, tensor: Tensor) -> Tensor:
    return value.reshape(tensor.shape).clone()  # a copy, because Falcon adds to it in place


def _hear(heard: dict[str, Tensor], module: str, batch: int, hold: Action | None, tensor: Tensor) -> Tensor | None:
    heard[module] = rows(tensor.detach().clone(), batch)
    return None if hold is None else hold(tensor)


def rows(tensor: Tensor, batch: int) -> Tensor:
    """`tensor` as [B, T, …], whether it passes so or flattened to [B·T, …]."""
    return tensor if tensor.ndim == 3 else tensor.reshape(batch, -1, tensor.shape[-1])


def _shuffled(stream_BTD: Tensor, half: int) -> Tensor:
    """The same stream, its first half of positions handed to the other rows of the batch, reversed and turned over."""
    return torch.cat([-stream_BTD[:, :half].flip(0, 1), stream_BTD[:, half:]], dim=1)


def _first_row(stream_BTD: Tensor) -> Tensor:
    return stream_BTD[:, :1].expand_as(stream_BTD).clone()


def _differs(found: Tensor, expected: Tensor, units: int) -> bool:
    """Beyond `units` of rounding, and beyond single precision's: some attention takes its softmax in float32 always."""
    allowed = max(units * torch.finfo(expected.dtype).eps, 64 * torch.finfo(torch.float32).eps)
    return relative(found, expected) > allowed
