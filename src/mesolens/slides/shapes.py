"""The architectures that slides come in: stock transformers classes at a size that a CPU trains in minutes."""

from dataclasses import dataclass
from typing import Literal

import torch
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from mesolens.errors import BadInput
from mesolens.slides.corpus import BEGIN, END, PAD
from mesolens.slides.tokens import CONTEXT, SPECIAL, VOCABULARY

INITIAL = 0.05
"""Spread of the initial weights: the families' own 0.02 is meant for models a hundred times as wide."""
Family = Literal["llama", "gpt2", "gpt_neox"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Family, residual width, layers and heads of a slide."""

    family: Family = "llama"
    width: int = 64
    layers: int = 2
    heads: int = 4


def config(shape: Shape) -> PreTrainedConfig:
    """The Hugging Face configuration of a shape, with the slides' vocabulary and special tokens."""
    begin, end, pad = (SPECIAL.index(mark) for mark in (BEGIN, END, PAD))
    if shape.family == "llama":
        return LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=shape.width,
            intermediate_size=shape.width * 43 // 16,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            initializer_range=INITIAL,
            bos_token_id=begin,
            eos_token_id=end,
            pad_token_id=pad,
        )
    if shape.family == "gpt2":
        return GPT2Config(
            vocab_size=VOCABULARY,
            n_embd=shape.width,
            n_layer=shape.layers,
            n_head=shape.heads,
            n_positions=CONTEXT,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            resid_pdrop=0.0,
            initializer_range=INITIAL,
            bos_token_id=begin,
            eos_token_id=end,
            pad_token_id=pad,
        )
    return GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=shape.width,
        intermediate_size=4 * shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=CONTEXT,
        bos_token_id=begin,
        eos_token_id=end,
        pad_token_id=pad,
    )


def newborn(shape: Shape, seed: int) -> PreTrainedModel:
    """An untrained float32 model of the shape; the seed alone decides its weights, and torch's own stream is kept."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config(shape)).float()


def component(place: str) -> str:
    """The prefix of the parameter names of a Llama component, from its place.

    >>> component("L1.mlp")
    'model.layers.1.mlp.'

    Raises:
        BadInput: the place is no `L<number>.attn` or `L<number>.mlp`.
    """
    layer, dot, part = place.partition(".")
    names = {"attn": "self_attn", "mlp": "mlp"}
    if not dot or part not in names or layer[:1] != "L" or not layer[1:].isdigit():
        raise BadInput(f"no component is called {place!r}; say L0.attn or L1.mlp")
    return f"model.layers.{int(layer[1:])}.{names[part]}."
