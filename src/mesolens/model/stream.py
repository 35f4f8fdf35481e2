"""Where the residual stream runs: the blocks through which it flows, and what lies between the last one and the logits.

Found from one recorded pass, by shape and by equality of tensors; no module's name is looked at.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from mesolens.errors import BadInput
from mesolens.model.closing import rounding_bar
from mesolens.model.recording import Recording


def find_blocks(model: nn.Module, recording: Recording) -> tuple[str, ...]:
    """The dotted paths of the blocks, in order.

    Of all lists of modules whose every member maps [B, T, D] to [B, T, D], the one that holds most parameters; what one
    member gives, the next is given.

    Raises:
        BadInput: there is none, its members run more than once in a pass, or the stream changes between them.
    """
    runs: dict[tuple[str, ...], int] = {}
    for path, module in model.named_modules():
        if isinstance(module, nn.ModuleList | nn.Sequential):
            members = tuple(
                f"{path}.{name}" for name, _ in module.named_children() if f"{path}.{name}" in recording.passings
            )
            if members and all(_carries_a_stream(recording, member) for member in members):
                runs[members] = sum(p.numel() for member in members for p in model.get_submodule(member).parameters())
    if not runs:
        raise BadInput(f"no list of blocks with one residual stream was found in {type(model).__name__}")
    blocks = max(runs, key=lambda members: runs[members])
    again = [block for block in blocks if block in recording.repeated]
    if again:
        raise BadInput(f"{again[0]} runs more than once in a pass, so its writes are no single place in the model")
    ordered = tuple(sorted(blocks, key=lambda block: recording.passings[block].order))
    gap, bar = discontinuity(recording, ordered), rounding_bar(recording.gave(ordered[0]).dtype)
    if gap > bar:
        raise BadInput(
            f"no residual stream runs through {type(model).__name__}: what enters a block differs from what left the "
            f"one before by {gap:.1e} (bar {bar:.0e}), nearest in {ordered[0]} … {ordered[-1]}"
        )
    return ordered


def discontinuity(recording: Recording, blocks: tuple[str, ...]) -> float:
    """Worst |input of block l+1 − output of block l| over the largest such output; 0 for a single block."""
    pairs = [(recording.gave(a), recording.given(b)) for a, b in pairwise(blocks)]
    return max((relative(given, gave) for gave, given in pairs), default=0.0)


def find_final_norm(recording: Recording, blocks: tuple[str, ...]) -> str | None:
    """The outermost module after the blocks that is given the last block's output and gives a tensor of its shape."""
    stream, last = recording.gave(blocks[-1]), recording.passings[blocks[-1]].order
    found = [
        path
        for path, passing in recording.passings.items()
        if passing.order > last and _same(passing.given, stream) and _shaped(passing.gave, stream)
    ]
    return min(found, key=lambda path: path.count("."), default=None)


def find_head(model: nn.Module, recording: Recording) -> str | None:
    """The linear map whose output orders every logit as the logits do, so that at most a scale or soft cap follows."""
    found = [
        path
        for path, passing in recording.passings.items()
        if isinstance(model.get_submodule(path), nn.Linear)
        and _shaped(passing.gave, recording.logits)
        and disorder(recording, path) <= 1e-5
    ]
    return found[-1] if found else None


def disorder(recording: Recording, head: str) -> float:
    """How far the logits are from a growing function of what `head` gives: largest drop over largest logit."""
    order = recording.gave(head).flatten().argsort(stable=True)
    ordered = recording.logits.flatten()[order].double()
    drop = (ordered.cummax(0).values - ordered).max()
    return float(drop / ordered.abs().max().clamp_min(1e-30))


def relative(found: Tensor, expected: Tensor) -> float:
    """Worst |found − expected| over the largest |expected|; 0 when both are all zeros. They may lie on two devices."""
    difference = (found.to(expected.device).double() - expected.double()).abs().max()
    return float(difference / expected.double().abs().max().clamp_min(1e-30))


def _carries_a_stream(recording: Recording, path: str) -> bool:
    passing = recording.passings[path]
    return passing.given is not None and passing.given.ndim == 3 and _shaped(passing.gave, passing.given)


def _shaped(tensor: Tensor | None, like: Tensor) -> bool:
    return tensor is not None and tensor.shape == like.shape


def _same(tensor: Tensor | None, other: Tensor) -> bool:
    return tensor is not None and tensor.shape == other.shape and torch.equal(tensor.to(other.device), other)
