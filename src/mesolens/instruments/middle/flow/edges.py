"""Edges: the share of a leaf, split by the reader through which it flows.

A leaf's gradient at the stream is a sum over who reads the stream later: the readout itself, g_L, and the branch B_v of
every later writer v (:mod:`~mesolens.instruments.middle.flow.branches`). So with δ_u the difference that leaf u writes,

    φ_u = ∫ ⟨g_L, δ_u⟩ dα + Σ_v e(u → v),      e(u → v) = ∫ ⟨B_v, δ_u⟩ dα,

the direct effect and one edge for each reader, by the chain rule and at the very nodes at which the share was taken.
B_v is linear in the gradient at v, so a writer's edge is the sum of its leaves'.

Beside the graph of one forward pass this takes  (sources + CHUNK) · [B, T, d]  of memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.flow.branches import Branch, branch_of
from mesolens.instruments.middle.flow.pieces import Piece, Pieces, in_pieces
from mesolens.instruments.middle.flow.tangents import after_norms
from mesolens.instruments.middle.gated import nodes_of, reference_run, strength_at
from mesolens.instruments.middle.gates import Gate
from mesolens.model.linears import weight_columns
from mesolens.model.sites import EMBED, Site

CHUNK = 8
LENGTH = 1024
"""Terms of a sum that are added in single precision."""
READOUT = "readout"


@dataclass(frozen=True, slots=True)
class Ends:
    """Who writes and who reads.

    Attributes:
        opened: for each gate the leaves that are opened, with their names; both sources and readers.
        sources: the embedding and every opened leaf, in the model's order.
        readers: every writer, each followed by its opened leaves, and the readout.
    """

    opened: Mapping[Site, Mapping[int, str]]
    sources: tuple[str, ...]
    readers: tuple[str, ...]


def ends_of(gates: Sequence[Gate], names: Sequence[str]) -> Ends:
    """The ends for the leaves of these names."""
    wanted = frozenset(names)
    opened = {gate.site: {i: name for i, name in enumerate(gate.names) if name in wanted} for gate in gates[1:]}
    sources = [name for leaves in opened.values() for name in leaves.values()]
    readers = [name for site, leaves in opened.items() for name in dict.fromkeys([str(site), *leaves.values()])]
    return Ends(opened, (str(EMBED), *sources), (*readers, READOUT))


class EdgeSums:
    """The edges of one batch.

    Attributes:
        sums: for each row, source and reader, in nats; zero where the reader comes before the source.
    """

    def __init__(self, model: PreTrainedModel, batch: Batch, gates: Sequence[Gate], ends: Ends) -> None:
        self.model, self.batch, self.gates, self.ends = model, batch, gates, ends
        self.frozen, _ = reference_run(model, batch, gates)
        self.sums = torch.zeros(len(batch.rows), len(ends.sources), len(ends.readers), dtype=torch.float64)
        self._source = {name: place for place, name in enumerate(ends.sources)}
        self._reader = {name: place for place, name in enumerate(ends.readers)}
        self._cut = [gate.block for gate in gates[1:] if gate.leaves and ends.opened[gate.site]]

    def over(self, steps: int) -> Float[Tensor, "B U V"]:
        """The sums over all nodes of a rule with `steps` nodes."""
        for strength, weight in nodes_of(steps):
            self._node(strength_at(strength, self.batch, self.frozen[EMBED].dtype), weight)
        return self.sums

    def _node(self, strength: float | Tensor, weight: float) -> None:
        pieces = in_pieces(self.model, self.batch, self.gates, self.frozen, strength, self._cut)
        writes = self._writes(pieces)
        grad = pieces.last_grad
        self._add(writes, [(READOUT, grad)], weight)
        for piece in reversed(pieces.blocks):
            grad = grad + self._block(piece, grad, writes[:, : self._before(piece)], strength, weight)

    def _before(self, piece: Piece) -> int:
        """How many sources stand before a block."""
        first = self.gates.index(piece.gates[0])
        return 1 + sum(len(self.ends.opened[gate.site]) for gate in self.gates[1:first])

    def _block(
        self, piece: Piece, grad: Tensor, writes: Float[Tensor, "B U X"], strength: float | Tensor, weight: float
    ) -> Float[Tensor, "B T D"]:
        """Add the edges into a block; gives the sum of its branches."""
        sites = [gate.site for gate in piece.gates]
        blended = [piece.blended[site] for site in sites]
        seeds = dict(zip(sites, torch.autograd.grad(piece.left, blended, grad, retain_graph=True), strict=True))
        wholes: list[Tensor] = []
        waiting: list[tuple[str, Tensor]] = []
        for gate in reversed(piece.gates):
            for reader, branch in self._branches(piece, gate, seeds[gate.site] * strength):
                if reader == str(gate.site):
                    wholes.append(branch.stream)
                    seeds |= {site: seeds[site] + part for site, part in branch.gates.items()}
                self._add_inside(piece, reader, branch, weight)
                waiting.append((reader, branch.stream))
                if len(waiting) == CHUNK:
                    self._add(writes, waiting, weight)
                    waiting.clear()
        self._add(writes, waiting, weight)
        return reduce(torch.add, wholes)

    def _branches(self, piece: Piece, gate: Gate, seed: Tensor) -> Iterator[tuple[str, Branch]]:
        """The gate as a reader, and each of its opened leaves."""
        yield str(gate.site), branch_of(piece, gate, seed)
        for leaf, name in self.ends.opened[gate.site].items() if gate.leaves else ():
            columns = slice(leaf * gate.width, (leaf + 1) * gate.width)
            alone = torch.zeros_like(seed)
            alone[..., columns] = seed[..., columns]
            yield name, branch_of(piece, gate, alone)

    def _add(self, writes: Float[Tensor, "B U X"], readers: Sequence[tuple[str, Tensor]], weight: float) -> None:
        """Add the edges from what was written to the stream to readers of it."""
        if readers:
            asked = torch.stack([grad.flatten(1) for _, grad in readers], 1).to(writes.device, writes.dtype)
            places = [self._reader[name] for name, _ in readers]
            # A sum over all places at once would lose in single precision what the bar allows.
            parts = zip(writes.split(LENGTH, -1), asked.split(LENGTH, -1), strict=True)
            products = sum((one @ other.mT).double() for one, other in parts)
            self.sums[:, : writes.shape[1], places] += weight * torch.as_tensor(products).cpu()

    def _add_inside(self, piece: Piece, reader: str, branch: Branch, weight: float) -> None:
        """Add the edges from earlier writers of the same block."""
        for gate in piece.gates:
            leaves = self.ends.opened[gate.site]
            if gate.site in branch.gates and leaves:
                products = (branch.gates[gate.site] * self._difference(piece, gate)).unflatten(-1, (gate.count, -1))
                parts = products[:, :, list(leaves)].sum((1, 3), dtype=torch.float64).cpu()
                places = [self._source[name] for name in leaves.values()]
                self.sums[:, places, self._reader[reader]] += weight * parts

    def _difference(self, piece: Piece, gate: Gate) -> Tensor:
        return self._gated(piece.live[gate.site].detach() - self.frozen[gate.site])

    def _gated(self, values: Tensor) -> Tensor:
        return values if self.batch.gated is None else values * self.batch.gated[..., None]

    def _writes(self, pieces: Pieces) -> Float[Tensor, "B U X"]:
        """What every source adds to the stream beyond what it added in the reference run, to first order."""
        entry = self._gated(pieces.entry - self.frozen[EMBED])
        wide = torch.float64 if entry.dtype == torch.float64 else torch.float32
        writes = torch.empty(len(entry), len(self.ends.sources), entry[0].numel(), dtype=wide, device=entry.device)
        writes[:, 0] = entry.flatten(1)
        for piece in pieces.blocks:
            for gate in piece.gates:
                for name, write in self._of_gate(piece, gate):
                    writes[:, self._source[name]] = write.flatten(1)
        return writes

    def _of_gate(self, piece: Piece, gate: Gate) -> Iterator[tuple[str, Float[Tensor, "B T D"]]]:
        """What each opened leaf of a gate adds."""
        leaves, writer = self.ends.opened[gate.site], gate.writer
        if not leaves:
            return
        difference, scale = self._difference(piece, gate), 1.0 if writer is None else writer.scale
        if writer is None or not gate.leaves:
            yield leaves[0], difference * scale
            return
        linear = self.model.get_submodule(gate.module)
        with torch.no_grad():
            gave = linear(piece.blended[gate.site]) if writer.post else difference
            for leaf, name in leaves.items():
                columns = slice(leaf * gate.width, (leaf + 1) * gate.width)
                change = difference[..., columns] @ weight_columns(linear)[:, columns].T
                yield name, (after_norms(self.model, writer.post, gave, change) if writer.post else change) * scale
