"""The direct effect: the part of a share that goes straight from the writer to the final norm.

With g_L the gradient at the stream after the last block, leaf k of a writer with linear map W, scale s and post-norm n
has the direct effect  Σ_α w_α ⟨Wᵀ s J_nᵀ g_L, a_k − a_ref,k⟩,  all at the blended point. It is the term of the share in
which no later block takes part, so it costs no pass of its own: g_L is known before any writer's gradient is, and it is
not zero at the read positions only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.gates import Gate
from mesolens.model.linears import weight_columns
from mesolens.model.sites import Site


@dataclass(frozen=True, slots=True)
class Ends:
    """The gradient at the end of the stream, at the R places where it is not zero.

    Attributes:
        row, position: where the places are.
        grad: the gradient there.
    """

    row: Int[Tensor, " R"]
    position: Int[Tensor, " R"]
    grad: Float[Tensor, "R D"]

    def at(self, values: Float[Tensor, "B T W"]) -> Float[Tensor, "R W"]:
        """What stands at the places."""
        return values[self.row.to(values.device), self.position.to(values.device)]


class Direct:
    """The direct effects of one batch, summed over nodes."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.shares: dict[Site, Float[Tensor, "B N"]] = {}
        self._arrived: list[Tensor] = []
        self._ends: Ends | None = None

    def forget(self) -> None:
        """Begin another node."""
        self._arrived.clear()
        self._ends = None

    def listen(self, stream: Tensor) -> None:
        """Take in the gradient of this stream once it is known; the gradients of several streams add up."""
        stream.register_hook(self._arrived.append)

    def ends(self) -> Ends:
        """The gradient that arrived in this node, where positions are gated."""
        if self._ends is None:
            grad = reduce(torch.add, self._arrived)
            counts = grad.any(-1) if self.batch.gated is None else grad.any(-1) & self.batch.gated
            row, position = counts.nonzero(as_tuple=True)
            self._ends = Ends(row, position, grad[row, position])
            self._arrived.clear()
        return self._ends

    def add(self, gate: Gate, row: Int[Tensor, " R"], products: Float[Tensor, "R W"], weight: float) -> None:
        """Add one node's products of gradient and difference at the ends."""
        total = self.shares.get(gate.site)
        if total is None:
            total = products.new_zeros(len(self.batch.rows), gate.count, dtype=torch.float64)
        by_leaf = products.unflatten(-1, (gate.count, -1)).sum(-1, dtype=torch.float64)
        self.shares[gate.site] = total.index_add(0, row.to(total.device), by_leaf, alpha=weight)


def to_leaves(
    model: PreTrainedModel, gate: Gate, grad: Float[Tensor, "R D"], blended: Float[Tensor, "R W"]
) -> Float[Tensor, "R W"]:
    """The gradient at a gate of which `grad` is the one at the stream, along the writer's own way there."""
    grad = to_write(gate, grad.to(blended.device))
    if gate.writer is None or not gate.leaves:
        return grad
    linear = model.get_submodule(gate.module)
    if gate.writer.post:
        grad = through(model, gate.writer.post, linear(blended), grad)
    return grad @ weight_columns(linear)


def to_write(gate: Gate, grad: Float[Tensor, "R D"]) -> Float[Tensor, "R D"]:
    """The gradient at what the gate's writer gives."""
    return grad if gate.writer is None else grad * gate.writer.scale


def through(
    model: PreTrainedModel, norms: Sequence[str], given: Float[Tensor, "R D"], grad: Float[Tensor, "R D"]
) -> Float[Tensor, "R D"]:
    """The gradient before norms of which `grad` is the one behind them, when the first is given `given`."""
    with torch.enable_grad():
        before = passing = given.detach().requires_grad_()
        for norm in norms:
            passing = model.get_submodule(norm)(passing)
    return torch.autograd.grad(passing, before, grad)[0]
