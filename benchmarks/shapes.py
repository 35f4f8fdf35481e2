"""The random models and batches on which cost is measured: shapes that people use, weights that nobody trained.

Cost does not depend on what weights hold, so nothing is downloaded; the seed is fixed all the same.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel

Shape = Literal["llama-25M", "gpt2-124M"]
SHAPES: tuple[Shape, ...] = ("llama-25M", "gpt2-124M")
BATCHES = ((8, 64), (32, 128))
TARGET, FOIL = 7, 9


@dataclass(frozen=True, slots=True)
class Workload:
    """A model with a batch of aligned prompts; the readout is log p(TARGET) − log p(FOIL) after each clean prompt."""

    shape: Shape
    model: PreTrainedModel
    clean: Int[Tensor, "B T"]
    reference: Int[Tensor, "B T"]

    @property
    def subject(self) -> str:
        """How rows name it."""
        rows, tokens = self.clean.shape
        return f"{self.shape}, batch {rows}×{tokens}"


def workload(shape: Shape, rows: int, tokens: int) -> Workload:
    """The workload of a shape, its parameters frozen."""
    torch.manual_seed(0)
    model = _MODELS[shape]().eval().requires_grad_(False)
    ids = torch.randint(10, model.config.vocab_size, (2, rows, tokens))
    return Workload(shape, model, ids[0], ids[1])


def _llama() -> PreTrainedModel:
    """25.4M parameters: 512 wide, 7 layers of 8 heads and 1,376 neurons, 6,144 tokens in a tied vocabulary."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=6144,
            hidden_size=512,
            intermediate_size=1376,
            num_hidden_layers=7,
            num_attention_heads=8,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
        )
    )


def _gpt2() -> PreTrainedModel:
    """GPT-2 small as published: 124M parameters, 768 wide, 12 layers of 12 heads and 3,072 neurons."""
    return GPT2LMHeadModel(GPT2Config())


_MODELS = {"llama-25M": _llama, "gpt2-124M": _gpt2}
