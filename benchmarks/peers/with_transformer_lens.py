"""TransformerLens: integrated gradients along the embedding, read at `hook_z` and `hook_post` of its bridge."""

from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from benchmarks.contenders import Work, readout
from benchmarks.shapes import Workload

NODES = ("attn.hook_z", "mlp.hook_post")


def prepare(load: Workload, steps: int) -> Work:
    """Shares of every head and neuron for each row."""
    model = _bridged(load)
    layers = range(model.cfg.n_layers)
    names = [f"blocks.{layer}.{node}" for layer in layers for node in NODES]

    def work() -> dict[str, Tensor]:
        clean, reference = _activations(model, load.clean, names), _activations(model, load.reference, names)
        differences = {name: (clean[name] - reference[name]) / steps for name in names}
        totals = {name: torch.zeros(()) for name in names}
        for step in range(steps):
            strength = (step + 0.5) / steps
            start = torch.lerp(reference["hook_embed"], clean["hook_embed"], strength).requires_grad_()

            forward: list[Any] = [("hook_embed", partial(_replace, start))]
            backward: list[Any] = [(name, partial(_add, totals, name, differences[name])) for name in names]
            with model.hooks(fwd_hooks=forward, bwd_hooks=backward):
                torch.autograd.grad(readout(model(load.clean)).sum(), start)
        return totals

    return work


def _replace(start: Tensor, value: Tensor, hook: object) -> Tensor:
    return start


def _add(totals: dict[str, Tensor], name: str, difference: Tensor, grad: Tensor, hook: object) -> None:
    totals[name] = totals[name] + (grad * difference).sum(1)


def _activations(model: Any, ids: Tensor, names: list[str]) -> dict[str, Tensor]:  # noqa: ANN401
    wanted = {"hook_embed", *names}
    with torch.no_grad():
        _, cache = model.run_with_cache(ids, names_filter=wanted.__contains__)
    return {name: cache[name] for name in wanted}


def _bridged(load: Workload) -> Any:  # noqa: ANN401
    """Its bridge wants a tokenizer and a folder; the folder holds words that are never used."""
    bridge = import_module("transformer_lens").TransformerBridge
    with TemporaryDirectory() as folder:
        words = {f"w{i}": i for i in range(16)}
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer(WordLevel(words, unk_token="w0")),
            bos_token="w1",
            eos_token="w2",
            pad_token="w2",
            unk_token="w0",
        )
        tokenizer.save_pretrained(Path(folder))
        load.model.config.save_pretrained(Path(folder))
        return bridge.boot_transformers(
            folder,
            hf_model=load.model,
            tokenizer=AutoTokenizer.from_pretrained(folder),
            device="cpu",
            dtype=torch.float32,
        )
