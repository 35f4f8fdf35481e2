"""One node's forward pass in pieces, so that gradients can be followed along one path at a time.

The stream is cut where it enters each block, and so is every gate: what goes on is a fresh leaf of the graph with the
same value. A piece then holds one block's own graph, from the stream that it is given, and from what its writers
write, to each gate's live value and to the stream that leaves. Inside the blocks that are asked for, the linear maps
that feed the gates are cut as well: see :mod:`~mesolens.instruments.middle.flow.branches`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.gates import Gate, add_action
from mesolens.instruments.middle.readout import logits_at, metric_of
from mesolens.model.linears import weight_columns
from mesolens.model.sites import EMBED, Site
from mesolens.model.taps import Action, Point, tapped


@dataclass(frozen=True, slots=True)
class Map:
    """A linear map that was cut: its weight [out, in], what it was given (with its graph), and what goes on."""

    weight: Tensor
    given: Tensor
    gave: Tensor


@dataclass(slots=True)
class Piece:
    """One block in one pass.

    Attributes:
        gates: the block's, in the order in which they write.
        entered: the stream at its entry, cut.
        live: what each gate's leaves computed, with its graph.
        blended: what went on from each gate, cut.
        left: the stream that leaves, with its graph.
        maps: the linear maps that were cut, in the order in which they ran.
    """

    gates: tuple[Gate, ...]
    entered: Tensor
    live: dict[Site, Tensor] = field(default_factory=dict[Site, Tensor])
    blended: dict[Site, Tensor] = field(default_factory=dict[Site, Tensor])
    left: Tensor = field(default_factory=lambda: torch.empty(0))
    maps: list[Map] = field(default_factory=list[Map])


@dataclass(frozen=True, slots=True)
class Pieces:
    """A pass: its blocks in order, the gradient at the end of the stream, and the entry's live value."""

    blocks: tuple[Piece, ...]
    last_grad: Float[Tensor, "B T D"]
    entry: Float[Tensor, "B T D"]


class _Cutter:
    """Cuts a pass while it runs."""

    def __init__(self, gates: Sequence[Gate], frozen: Mapping[Site, Tensor], strength: float | Tensor) -> None:
        self.frozen, self.strength = frozen, strength
        self.blocks: dict[str, tuple[Gate, ...]] = {}
        for gate in gates:
            if gate.block:
                self.blocks[gate.block] = (*self.blocks.get(gate.block, ()), gate)
        self.pieces: list[Piece] = []
        self.given: list[Tensor] = []
        self.entry = self.end = torch.empty(0)

    def actions(self, model: PreTrainedModel, opened: Sequence[str]) -> dict[Point, Action]:
        actions: dict[Point, Action] = {}
        for block, gates in self.blocks.items():
            add_action(actions, Point(block, "in"), partial(self._enter, gates))
            for gate in gates:
                action = self._change if gate.side == "change" else partial(self._meet, gate)
                add_action(actions, Point(gate.module, "out" if gate.side == "change" else gate.side), action)
            add_action(actions, Point(block, "out"), self._leave)
            for path in linears(model, block, gates) if block in opened else ():
                add_action(actions, Point(path, "in"), self._give)
                add_action(actions, Point(path, "out"), partial(self._map, weight_columns(model.get_submodule(path))))
        return actions

    def _enter(self, gates: tuple[Gate, ...], stream: Tensor) -> Tensor:
        stream = stream.detach()
        if not self.pieces:
            self.entry = stream
            stream = torch.lerp(self.frozen[EMBED], stream, self.strength)
        self.pieces.append(Piece(gates, stream.requires_grad_()))
        return stream

    def _meet(self, gate: Gate, live: Tensor) -> Tensor:
        piece = self.pieces[-1]
        blended = torch.lerp(self.frozen[gate.site], live.detach(), self.strength).requires_grad_()
        piece.live[gate.site], piece.blended[gate.site] = live, blended
        return blended if gate.side == "in" else blended.clone()  # some blocks add to what a writer gives in place

    def _change(self, left: Tensor) -> Tensor:
        piece = self.pieces[-1]
        return piece.entered + self._meet(piece.gates[0], left - piece.entered)

    def _leave(self, stream: Tensor) -> Tensor:
        self.pieces[-1].left = stream
        self.end = stream.detach().requires_grad_()
        return self.end

    def _give(self, given: Tensor) -> None:
        self.given.append(given)

    def _map(self, weight: Tensor, gave: Tensor) -> Tensor | None:
        given = self.given.pop()
        if not given.requires_grad:
            return None
        cut = gave.detach().requires_grad_()
        self.pieces[-1].maps.append(Map(weight, given, cut))
        return cut


def in_pieces(
    model: PreTrainedModel,
    batch: Batch,
    gates: Sequence[Gate],
    frozen: Mapping[Site, Tensor],
    strength: float | Tensor,
    opened: Sequence[str],
) -> Pieces:
    """The pass of a batch at one strength of all gates; inside the blocks `opened` linear maps are cut too."""
    cutter = _Cutter(gates, frozen, strength)
    reads = batch.clean_reads
    with torch.enable_grad(), tapped(model, cutter.actions(model, opened)):
        metric = metric_of(logits_at(model, batch.clean, reads.positions), reads)
    (grad,) = torch.autograd.grad(metric.sum(), cutter.end)
    return Pieces(tuple(cutter.pieces), grad, cutter.entry)


def linears(model: PreTrainedModel, block: str, gates: Sequence[Gate]) -> list[str]:
    """The plain linear maps inside a block, those apart at whose input leaves stand."""
    taken = {gate.module for gate in gates}
    inside = model.get_submodule(block).named_modules(prefix=block)
    return [path for path, module in inside if type(module) in (nn.Linear, Conv1D) and path not in taken]
