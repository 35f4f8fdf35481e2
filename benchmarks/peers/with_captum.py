"""captum: `LayerGradientXActivation` at the inputs of all writers' last linear maps, at points along the embedding.

Its layer methods that integrate do so one layer at a time, or cut every layer off from those before it when several are
given; this one takes true gradients for all layers in one pass, as the other contenders do. It multiplies by the
activation where they multiply by a difference, which costs the same.
"""

from importlib import import_module

import torch
from torch import Tensor

from benchmarks.contenders import Work, readout
from benchmarks.peers.linears import embedding_of, linears_of
from benchmarks.shapes import Workload


def prepare(load: Workload, steps: int) -> Work:
    """Shares of every head's and neuron's columns for each row."""

    def scored(entry: Tensor) -> Tensor:
        return readout(load.model(inputs_embeds=entry, logits_to_keep=1, use_cache=False).logits)

    embedding = load.model.get_submodule(embedding_of(load))
    layers = [load.model.get_submodule(path) for path in linears_of(load)]
    method = import_module("captum.attr").LayerGradientXActivation(scored, layers)

    def work() -> list[Tensor]:
        reference, clean = embedding(load.reference), embedding(load.clean)
        totals = [torch.zeros(()) for _ in layers]
        for step in range(steps):
            start = torch.lerp(reference, clean, (step + 0.5) / steps).requires_grad_()
            shares = method.attribute(start, attribute_to_layer_input=True)
            totals = [total + _alone(share).sum(1) / steps for total, share in zip(totals, shares, strict=True)]
        return totals

    return work


def _alone(share: Tensor | tuple[Tensor, ...]) -> Tensor:
    return share[0] if isinstance(share, tuple) else share
