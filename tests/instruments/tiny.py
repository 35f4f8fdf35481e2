"""Tiny random models of several shapes, and contrasts in token ids, for laws that hold whatever the weights."""

from collections.abc import Sequence

import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
)

from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast

VOCABULARY = 48
_ENDS = {"bos_token_id": 1, "eos_token_id": 2}


def llama() -> PreTrainedModel:
    """Grouped-query attention and a gated MLP."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            **_ENDS,
        )
    )


def gpt2() -> PreTrainedModel:
    """Learned positions, biases and Conv1D maps."""
    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=4, n_positions=64, **_ENDS))


def neox() -> PreTrainedModel:
    """Attention and MLP in parallel: no stream between them."""
    return GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=VOCABULARY,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            **_ENDS,
        )
    )


def gemma2() -> PreTrainedModel:
    """Norms after the projections, soft-capped attention and logits, heads wider than hidden / heads."""
    return Gemma2ForCausalLM(
        Gemma2Config(
            vocab_size=VOCABULARY,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            **_ENDS,
        )
    )


def opt() -> PreTrainedModel:
    """An MLP that runs on rows and tokens in one axis."""
    return OPTForCausalLM(
        OPTConfig(
            vocab_size=VOCABULARY,
            hidden_size=16,
            word_embed_proj_dim=16,
            ffn_dim=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=64,
            activation_function="gelu",  # its usual ReLU has kinks, and then a total need not close
            **_ENDS,
        )
    )


SHAPES = {"llama": llama, "gpt2": gpt2, "neox": neox, "gemma2": gemma2, "opt": opt}


def build(shape: str, seed: int = 0, dtype: torch.dtype = torch.float64) -> LoadedModel:
    """A model of the shape with weights far from their tidy start (norms, biases and all)."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = SHAPES[shape]()
        for weight in module.parameters():
            weight.data.add_(torch.randn_like(weight) * (0.2 if weight.dim() < 2 else 0.1))
    return adopt(module.to(dtype), name=f"{shape}-{seed}")


def contrasts(seed: int, *, lengths: Sequence[tuple[int, int]], target: int = 1, foil: int = 1) -> list[Contrast]:
    """One contrast of random ids for each (clean, reference) length; a foil of 0 tokens means none."""
    generator = torch.Generator().manual_seed(seed)

    def ids(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(3, VOCABULARY, (count,), generator=generator).tolist())

    return [
        Contrast(ids(one), ids(other), (0, *ids(target - 1)), (1, *ids(foil - 1)) if foil else None, f"t{k}", f"c{k}")
        for k, (one, other) in enumerate(lengths)
    ]
