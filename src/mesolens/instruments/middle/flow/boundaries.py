"""Rows: what crosses the boundary before a layer at each token, as parts of the difference.

Along the path the stream x_l that enters layer l moves as dx_l/dα, and the row of token t is

    C_l[t] = ∫ ⟨∂m/∂x_l[t], dx_l[t]/dα⟩ dα       (conductance: Dhamdhere, Sundararajan and Yan, 2019; here along gates).

By the chain rule dm/dα is what crosses a boundary plus what the gates behind it add, so  Σ_t C_l[t] + Σ shares of the
gates from layer l on  is the sum of all shares: what crosses is the sum of the shares of the embedding and of all
layers before l. Layer L, one more than there are, is the boundary before the final norm. dx_l/dα is not approximated: a
second pass carries it forwards, so this holds at every node, whatever the quadrature misses.

Beside one forward pass with its graph this takes 2 (L + 1) · [B, T, d] of memory.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.flow.tangents import carried, moving, parts
from mesolens.instruments.middle.gated import nodes_of, reference_run, strength_at
from mesolens.instruments.middle.gates import Gate, actions_of, add_action, end_of
from mesolens.instruments.middle.readout import logits_at, metric_of
from mesolens.model.sites import EMBED, Site
from mesolens.model.taps import Point, tapped


def rows_across(
    model: PreTrainedModel, batch: Batch, gates: Sequence[Gate], steps: int
) -> Float[Tensor, "B boundaries T"]:
    """C by row, boundary and clean token, over a rule with `steps` nodes, in nats and float64.

    Raises:
        NotImplementedError: the model uses an operation that has no forward derivative.
    """
    frozen, _ = reference_run(model, batch, gates)
    blocks = list(dict.fromkeys(gate.block for gate in gates if gate.block))
    total = torch.zeros(len(batch.rows), len(blocks) + 1, batch.clean.shape[1], dtype=torch.float64)
    for strength, weight in nodes_of(steps):
        by_place = strength_at(strength, batch, frozen[EMBED].dtype)
        grads = _gradients(model, batch, gates, frozen, by_place)
        moves = _tangents(model, batch, gates, frozen, by_place)
        for boundary, (grad, move) in enumerate(zip(grads, moves, strict=True)):
            total[:, boundary] += weight * (grad * move).sum(-1, dtype=torch.float64).cpu()
    return total


def _streams(
    model: PreTrainedModel, batch: Batch, gates: Sequence[Gate], touch: partial[Tensor]
) -> tuple[list[Tensor], Tensor]:
    """The stream at every boundary of a pass whose gates are touched, and the readout."""
    streams: list[Tensor] = []
    actions = actions_of(gates, touch)
    for block in dict.fromkeys(gate.block for gate in gates if gate.block):
        add_action(actions, Point(block, "in"), streams.append)
    add_action(actions, end_of(gates), streams.append)
    with tapped(model, actions):
        metric = metric_of(logits_at(model, batch.clean, batch.clean_reads.positions), batch.clean_reads)
    return streams, metric


def _gradients(
    model: PreTrainedModel,
    batch: Batch,
    gates: Sequence[Gate],
    frozen: Mapping[Site, Tensor],
    strength: float | Tensor,
) -> Sequence[Tensor]:
    with torch.enable_grad():
        streams, metric = _streams(model, batch, gates, partial(_blend, frozen, strength))
    return torch.autograd.grad(metric.sum(), streams)


def _blend(frozen: Mapping[Site, Tensor], strength: float | Tensor, gate: Gate, live: Tensor) -> Tensor:
    live = live.detach().requires_grad_() if gate.site == EMBED else live
    return torch.lerp(frozen[gate.site], live, strength)


def _tangents(
    model: PreTrainedModel,
    batch: Batch,
    gates: Sequence[Gate],
    frozen: Mapping[Site, Tensor],
    strength: float | Tensor,
) -> Sequence[Tensor]:
    # The fused kernels of attention know no forward derivative; plain mathematics does.
    with torch.no_grad(), carried(), sdpa_kernel(SDPBackend.MATH):
        streams, _ = _streams(model, batch, gates, partial(_carry, frozen, strength, batch))
        return [parts(stream)[1] for stream in streams]


def _carry(frozen: Mapping[Site, Tensor], strength: float | Tensor, batch: Batch, gate: Gate, live: Tensor) -> Tensor:
    value, move = parts(live)
    own = value - frozen[gate.site]
    own = own if batch.gated is None else own * batch.gated[..., None]
    return moving(torch.lerp(frozen[gate.site], value, strength), own + strength * move)
