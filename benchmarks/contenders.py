"""What is timed and weighed: the floor, Mesolens, a training step, and the peers that are installed.

Each contender is prepared on a workload first (models adopted, wrappers built) and gives back the work itself, a
function without arguments; only that is measured.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

from benchmarks.shapes import FOIL, TARGET, Workload
from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.model.load import adopt
from mesolens.traits.encode import EncodedContrast

Work = Callable[[], object]
PEERS = {"TransformerLens": "transformer_lens", "nnsight": "nnsight", "captum": "captum"}


def forward(load: Workload) -> Work:
    """One plain forward pass without a graph, logits at the last position."""

    def work() -> None:
        with torch.no_grad():
            load.model(input_ids=load.clean, logits_to_keep=1, use_cache=False)

    return work


def floor(load: Workload, steps: int) -> Work:
    """2 forwards and `steps` times a forward with a backward for activations only: what no gated attribution undercuts.

    The readout is the one of the middle, in float64 at the last position, so what is left over is attribution alone.
    """
    embedding = load.model.get_input_embeddings()

    def work() -> None:
        with torch.no_grad():
            for ids in (load.clean, load.reference):
                readout(load.model(input_ids=ids, logits_to_keep=1, use_cache=False).logits)
        for _ in range(steps):
            entry: Tensor = embedding(load.clean).requires_grad_()
            logits = load.model(inputs_embeds=entry, logits_to_keep=1, use_cache=False).logits
            torch.autograd.grad(readout(logits).sum(), entry)

    return work


def readout(logits: Tensor) -> Tensor:
    """log p(TARGET) − log p(FOIL) at the last position, one for each row."""
    log_probabilities = torch.log_softmax(logits[:, -1].double(), -1)
    return log_probabilities[:, TARGET] - log_probabilities[:, FOIL]


def mesolens(load: Workload, steps: int, *, tokens: bool = False) -> Work:
    """The middle with `steps` nodes and no doubling: a share for each item of every head and every neuron."""
    model = adopt(load.model)
    contrasts = tuple(
        EncodedContrast(f"item {i}", "", _ids(clean), _ids(reference), (TARGET,), (FOIL,), (), (), (), ())
        for i, (clean, reference) in enumerate(zip(load.clean, load.reference, strict=True))
    )
    spec = MiddleSpec(
        contrasts,
        steps=steps,
        most_steps=steps,
        tokens=tokens,
        shard_items=len(contrasts),
        batch_tokens=load.clean.numel(),
    )
    (shard,) = plan(model.card, spec)
    return lambda: measure(model, shard)


def training_step(load: Workload) -> Work:
    """Forward on all positions, next-token loss, backward to the gradients of all parameters; no optimiser state."""
    load.model.requires_grad_(True)

    def work() -> None:
        load.model(input_ids=load.clean, labels=load.clean, use_cache=False).loss.backward()

    return work


def lean_training_step(load: Workload) -> Work:
    """The same with the loss on the last position alone, so that the vocabulary weighs nothing."""
    load.model.requires_grad_(True)

    def work() -> None:
        readout(load.model(input_ids=load.clean, logits_to_keep=1, use_cache=False).logits).sum().backward()

    return work


def peers() -> list[str]:
    """The peers that are installed here (`pip install -e .[bench]`)."""
    return [name for name, package in PEERS.items() if find_spec(package) is not None]


def peer(name: str, load: Workload, steps: int) -> Work:
    """A peer's node attribution of heads and neurons, prepared as that peer's documentation does it."""
    prepare: Callable[[Workload, int], Work] = import_module(f"benchmarks.peers.with_{PEERS[name]}").prepare
    return prepare(load, steps)


def _ids(row: Tensor) -> tuple[int, ...]:
    return tuple(row.tolist())
