"""nnsight: integrated gradients along the embedding, read at the inputs of the writers' last linear maps by traces."""

from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from benchmarks.contenders import Work
from benchmarks.peers.linears import embedding_of, linears_of
from benchmarks.shapes import FOIL, TARGET, Workload


def prepare(load: Workload, steps: int) -> Work:
    """Shares of every head's and neuron's columns for each row."""
    model = import_module("nnsight").NNsight(load.model)
    paths, embedding = linears_of(load), embedding_of(load)

    def work() -> list[Tensor]:
        clean = _activations(model, load.clean, [embedding, *paths])
        reference = _activations(model, load.reference, [embedding, *paths])
        differences = [one - other for one, other in zip(clean[1:], reference[1:], strict=True)]
        totals = [torch.zeros(()) for _ in paths]
        for step in range(steps):
            start = torch.lerp(reference[0], clean[0], (step + 0.5) / steps).requires_grad_()
            grads = _gradients(model, load.clean, (embedding, start), paths)
            totals = [
                total + (grad * difference).sum(1) / steps
                for total, grad, difference in zip(totals, grads, differences, strict=True)
            ]
        return totals

    return work


def _activations(model: Any, ids: Tensor, paths: list[str]) -> list[Tensor]:  # noqa: ANN401
    with torch.no_grad(), model.trace(input_ids=ids, logits_to_keep=1, use_cache=False):
        found = list().save()  # noqa: C408  # pyright: ignore
        for path in paths:
            envoy = model.get(path)
            found.append(envoy.output if path == paths[0] else envoy.input)
    return found


def _gradients(model: Any, ids: Tensor, entry: tuple[str, Tensor], paths: list[str]) -> list[Tensor]:  # noqa: ANN401
    embedding, start = entry
    with model.trace(input_ids=ids, logits_to_keep=1, use_cache=False):
        found = list().save()  # noqa: C408  # pyright: ignore
        model.get(embedding).output = start
        inputs: list[Any] = []
        for path in paths:
            inputs.append(model.get(path).input)  # noqa: PERF401
        logits = torch.log_softmax(model.output.logits[:, -1].double(), -1)
        metric: Any = (logits[:, TARGET] - logits[:, FOIL]).sum()
        with metric.backward():
            for value in reversed(inputs):
                found.append(value.grad)
    return found[::-1]
