"""A circuit's game, played by plain forward passes: every leaf has a gate between reference activation and live."""

from collections.abc import Mapping
from itertools import product
from math import factorial

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from mesolens.model.taps import Action, Point, tapped
from mesolens.slides.circuits import LEAVES
from mesolens.traits.contrasts import Contrast

COLUMN = {leaf: index for index, leaf in enumerate(LEAVES)}


def played(model: LlamaForCausalLM, contrast: Contrast, gates_SP: Tensor) -> Tensor:
    """The readout change for each row of gates (0 is frozen, 1 is live), in nats; differentiable in the gates."""
    frozen: dict[Point, Tensor] = {}
    reference = torch.tensor([contrast.reference])
    with tapped(model, {point: lambda x, p=point: frozen.__setitem__(p, x) for point in points(model)}):
        before = readout(model(reference).logits, contrast)
    actions: dict[Point, Action] = {p: gated(frozen[p], gates_SP, names) for p, names in points(model).items()}
    with tapped(model, actions):
        return readout(model(torch.tensor([contrast.clean]).expand(len(gates_SP), -1)).logits, contrast) - before


def points(model: LlamaForCausalLM) -> Mapping[Point, list[str]]:
    """Where the leaves pass, and which pass there."""
    found = {Point("model.embed_tokens", "out"): ["embed"]}
    for layer in range(model.config.num_hidden_layers):
        here = f"model.layers.{layer}"
        found[Point(f"{here}.self_attn.o_proj", "in")] = [x for x in LEAVES if x.startswith(f"L{layer}.attn.")]
        found[Point(f"{here}.mlp.down_proj", "in")] = [x for x in LEAVES if x.startswith(f"L{layer}.mlp.")]
    return found


def gated(reference: Tensor, gates_SP: Tensor, names: list[str]) -> Action:
    """Blend each leaf with its reference activation by its gate."""
    gates = gates_SP[:, [COLUMN[name] for name in names]]

    def blend(live: Tensor) -> Tensor:
        columns = gates.repeat_interleave(live.shape[-1] // gates.shape[1], dim=1)[:, None, :].to(live.dtype)
        return columns * live + (1 - columns) * reference

    return blend


def readout(logits_STV: Tensor, contrast: Contrast) -> Tensor:
    """log p(target) − log p(foil) at the last position, in float64."""
    last = logits_STV[:, -1].double()
    assert contrast.foil is not None
    return last[:, contrast.target[0]] - last[:, contrast.foil[0]]


def enumerated_shapley(model: LlamaForCausalLM, contrast: Contrast, players: list[str]) -> dict[str, float]:
    """Shapley values by all 2^n coalitions of `players`; every other leaf is always live."""
    n = len(players)
    coalitions = list(product((0.0, 1.0), repeat=n))
    gates = torch.ones(len(coalitions), len(LEAVES), dtype=torch.float64)
    gates[:, [COLUMN[p] for p in players]] = torch.tensor(coalitions, dtype=torch.float64)
    with torch.no_grad():
        worth = dict(zip(coalitions, played(model, contrast, gates).tolist(), strict=True))
    weight = [factorial(size) * factorial(n - 1 - size) / factorial(n) for size in range(n)]
    return {
        player: sum(
            weight[int(sum(c))] * (worth[(*c[:i], 1.0, *c[i + 1 :])] - worth[c]) for c in coalitions if c[i] == 0.0
        )
        for i, player in enumerate(players)
    }


def integrated_shares(model: LlamaForCausalLM, contrast: Contrast, nodes: int) -> dict[str, float]:
    """∫₀¹ ∂v/∂gᵢ dα on the diagonal, by the midpoint rule on `nodes` points."""
    heights = ((torch.arange(nodes, dtype=torch.float64) + 0.5) / nodes)[:, None]
    gates = heights.repeat(1, len(LEAVES)).requires_grad_()
    (slopes,) = torch.autograd.grad(played(model, contrast, gates).sum(), gates)
    return dict(zip(LEAVES, slopes.mean(0).tolist(), strict=True))
