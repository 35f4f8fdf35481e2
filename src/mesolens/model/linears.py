"""A writer's last linear map, whose input columns are the writer's leaves, and whether they add up.

For heads of width w the law is y = b + Σ_h W[:, hw:(h+1)w] a[hw:(h+1)w], for neurons the same with w = 1, where a is
the map's input and y its output. `nn.Linear` stores W as [out, in], `Conv1D` as [in, out].
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from mesolens.model.recording import Recording

_MOST_POSTS = 3


@dataclass(frozen=True, slots=True)
class LastLinear:
    """The path of the map and of what follows it before the stream."""

    path: str
    post: tuple[str, ...]


def find_last_linear(model: nn.Module, recording: Recording, block: str, writer: str) -> LastLinear | None:
    """Walk from what the writer gives up to the linear map that made it, through norms; None if there is none.

    A module counts as following when it holds no other module and no matrix, and gives the tensor at hand.
    """
    inside = [p for p in recording.passings if p.startswith(f"{block}.") and p not in recording.repeated]
    at_hand = recording.gave(writer)
    post: list[str] = []
    for _ in range(_MOST_POSTS + 1):
        makers = [p for p in inside if _same(recording.passings[p].gave, at_hand)]
        linears = [p for p in makers if isinstance(model.get_submodule(p), nn.Linear | Conv1D)]
        if len(linears) == 1:
            return LastLinear(linears[0], tuple(reversed(post)))
        norms = [
            p
            for p in makers
            if _elementwise(model.get_submodule(p)) and not _same(recording.passings[p].given, at_hand)
        ]
        if len(norms) != 1:
            return None
        post.append(norms[0])
        at_hand = recording.given(norms[0])
    return None


def weight_columns(linear: nn.Module) -> Tensor:
    """The map's weight as [out, in], whichever way it is stored."""
    weight = cast(Tensor, linear.weight)
    return weight.T if isinstance(linear, Conv1D) else weight


def leaves_error(model: nn.Module, recording: Recording, linear: str, leaves: int, width: int) -> float:
    """Worst |b + Σ leaves' writes − y| over the largest |y|, summed by leaf in float64; 1 if nothing adds up."""
    module = model.get_submodule(linear)
    inputs, outputs = recording.given(linear), recording.gave(linear)
    weight = weight_columns(module).detach()
    whole = weight.is_floating_point() and not hasattr(weight, "placements")  # neither quantised nor a shard
    if not whole or inputs.shape[-1] != weight.shape[1] or leaves * width != weight.shape[1]:
        return 1.0
    bias = cast(Tensor | None, module.bias)
    total = torch.zeros(outputs.shape, dtype=torch.float64, device=outputs.device)
    total += 0.0 if bias is None else bias.detach().double()
    step = width if width > 1 else 1024
    for start in range(0, weight.shape[1], step):
        part = slice(start, start + step)
        total += inputs[..., part].double() @ weight[:, part].double().T
    size = outputs.double().abs().max().clamp_min(1e-30)
    return float((total - outputs.double()).abs().max() / size)


def _elementwise(module: nn.Module) -> bool:
    return not list(module.children()) and all(p.ndim <= 1 for p in module.parameters())


def _same(tensor: Tensor | None, other: Tensor) -> bool:
    return tensor is not None and tensor.numel() == other.numel() and torch.equal(tensor.flatten(), other.flatten())
