"""What one reader asks of the stream: the gradient of its own branch, and of no other.

A reader is a gate or one of its leaves. Its branch runs from the stream that its block is given (and from what earlier
writers of the block wrote, where it reads that) to its live value. With g the gradient at the reader's blended value,
the branch's gradient is the product of α g, zero outside the reader's columns, with the branch's derivative, taken
through the module itself, whatever it is made of.

The linear maps on the way are passed by hand. One leaf touches few of their columns (a neuron one of the gate's, a head
its own of the queries, keys and values), and in the last block little is asked of places where nothing is read out. So
where a gradient is zero in most columns, or at most places, only the others are multiplied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.instruments.middle.flow.pieces import Map, Piece
from mesolens.instruments.middle.gates import Gate
from mesolens.model.sites import Site


@dataclass(frozen=True, slots=True)
class Branch:
    """A reader's gradient at the stream that enters its block, and at earlier gates of the block that it reads."""

    stream: Float[Tensor, "B T D"]
    gates: dict[Site, Tensor]


def branch_of(piece: Piece, gate: Gate, seed: Tensor) -> Branch:
    """The branch gradient of a gate's live value, weighed by `seed`."""
    earlier = [other.site for other in piece.gates[: piece.gates.index(gate)]]
    ends = [piece.entered, *(piece.blended[site] for site in earlier)]
    sums: dict[int, Tensor] = {}
    wanted = [*ends, *(step.gave for step in piece.maps)]
    _pull(piece.live[gate.site], seed, wanted, sums)
    for steps in _together(piece.maps):
        parts = [_through(step.weight, sums.pop(id(step.gave))) for step in steps if id(step.gave) in sums]
        if parts:
            _pull(steps[0].given, reduce(torch.add, parts), wanted, sums)
    stream = sums[id(piece.entered)] if id(piece.entered) in sums else torch.zeros_like(piece.entered)
    gates = {site: sums[id(piece.blended[site])] for site in earlier if id(piece.blended[site]) in sums}
    return Branch(stream, gates)


def _pull(output: Tensor, seed: Tensor, wanted: Sequence[Tensor], sums: dict[int, Tensor]) -> None:
    """Add what `seed` at `output` comes to at each tensor that is wanted, by its identity."""
    if not output.requires_grad:
        return
    grads = torch.autograd.grad(output, wanted, seed, retain_graph=True, allow_unused=True)
    for tensor, grad in zip(wanted, cast(tuple[Tensor | None, ...], grads), strict=True):
        if grad is not None:
            sums[id(tensor)] = sums[id(tensor)] + grad if id(tensor) in sums else grad


def _together(maps: Sequence[Map]) -> list[list[Map]]:
    """Maps that are given the same tensor, from the last that ran to the first."""
    groups: dict[int, list[Map]] = {}
    for step in maps:
        groups.setdefault(id(step.given), []).append(step)
    return list(groups.values())[::-1]


def _through(weight: Float[Tensor, "o i"], grad: Float[Tensor, "*n o"]) -> Float[Tensor, "*n i"]:
    """`grad @ weight`, over the columns, or else the places, in which there is any gradient where they are few."""
    flat = grad.flatten(0, -2)
    size = flat.abs()
    columns = size.sum(0).nonzero()[:, 0]
    if 2 * len(columns) <= len(weight):
        return grad[..., columns] @ weight[columns]
    places = size.sum(1).nonzero()[:, 0]
    if 2 * len(places) > len(flat):
        return grad @ weight
    given = flat.new_zeros(len(flat), weight.shape[1])
    given[places] = flat[places] @ weight
    return given.unflatten(0, grad.shape[:-1])
