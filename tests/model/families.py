"""Tiny random models of many families of transformers, built from their configurations: the ground truth is the code.

Weights are drawn anew so that nothing closes trivially: norm weights away from one, biases away from zero, matrices
large enough that attention, experts and gates do something.
"""

from collections.abc import Mapping

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

Settings = Mapping[str, object]

_SIZE: Settings = {
    "vocab_size": 40,
    "hidden_size": 32,
    "intermediate_size": 56,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 12,
    "max_position_embeddings": 32,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
"""Heads are wider than hidden/heads on purpose."""

_PLAIN: Settings = {**_SIZE, "head_dim": 8}
_FALCON: Settings = {name: value for name, value in _PLAIN.items() if name != "head_dim"}
_GPT2: Settings = {
    "vocab_size": 40,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 32,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_EXPERTS: Settings = {
    **_SIZE,
    "num_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 24,
}
_MAMBA: Settings = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "state_size": 8,
    "conv_kernel": 3,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}

FAST: dict[str, tuple[str, Settings]] = {
    "llama": ("llama", _SIZE),
    "gpt2": ("gpt2", _GPT2),
    "gpt_neox": ("gpt_neox", _PLAIN),
    "gpt_neox-sequential": ("gpt_neox", {**_PLAIN, "use_parallel_residual": False}),
    "qwen3": ("qwen3", _SIZE),
    "gemma2": ("gemma2", {**_SIZE, "sliding_window": 4, "final_logit_softcapping": 3.0}),
    "olmo2": ("olmo2", _PLAIN),
    "opt": ("opt", {**_PLAIN, "ffn_dim": 56, "word_embed_proj_dim": 32}),
    "bloom": ("bloom", {**_PLAIN, "n_head": 4, "n_layer": 2}),
    "falcon": ("falcon", {**_FALCON, "alibi": False}),
    "gptj": ("gptj", {**_GPT2, "rotary_dim": 4}),
    "granite": (
        "granite",
        {**_PLAIN, "residual_multiplier": 0.22, "logits_scaling": 8.0, "embedding_multiplier": 12.0},
    ),
    "mixtral": ("mixtral", _EXPERTS),
    "mamba": ("mamba", _MAMBA),
}

MORE: dict[str, tuple[str, Settings]] = {
    "mistral": ("mistral", {**_SIZE, "sliding_window": 5}),
    "qwen2": ("qwen2", _SIZE),
    "gemma": ("gemma", _SIZE),
    "gemma3": ("gemma3_text", {**_SIZE, "sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}),
    "phi": ("phi", _PLAIN),
    "phi3": ("phi3", _PLAIN),
    "olmo": ("olmo", _PLAIN),
    "olmo3": ("olmo3", _PLAIN),
    "opt-post-norm": (
        "opt",
        {**_PLAIN, "ffn_dim": 56, "word_embed_proj_dim": 16, "do_layer_norm_before": False},
    ),
    "falcon-new": ("falcon", {**_FALCON, "new_decoder_architecture": True, "num_kv_heads": 2}),
    "falcon-alibi": ("falcon", {**_FALCON, "alibi": True, "parallel_attn": False, "multi_query": False}),
    "mpt": ("mpt", {"vocab_size": 40, "d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 32}),
    "gpt_neo": (
        "gpt_neo",
        {**_SIZE, "num_heads": 4, "num_layers": 2, "attention_types": [[["global", "local"], 1]], "window_size": 4},
    ),
    "gpt_bigcode": ("gpt_bigcode", _GPT2),
    "codegen": ("codegen", {**_GPT2, "rotary_dim": 4, "n_ctx": 32}),
    "stablelm": ("stablelm", _PLAIN),
    "cohere": ("cohere", _PLAIN),
    "cohere2": ("cohere2", _SIZE),
    "qwen2_moe": ("qwen2_moe", {**_EXPERTS, "shared_expert_intermediate_size": 24, "decoder_sparse_step": 2}),
    "qwen3_moe": ("qwen3_moe", _EXPERTS),
    "granitemoe": ("granitemoe", {**_EXPERTS, "residual_multiplier": 0.5}),
    "olmoe": ("olmoe", {**_EXPERTS, "head_dim": 8}),
    "phimoe": ("phimoe", {**_EXPERTS, "head_dim": 8}),
    "gpt_oss": ("gpt_oss", _EXPERTS),
    "deepseek_v3": (
        "deepseek_v3",
        {
            **_EXPERTS,
            "head_dim": 4,
            "num_key_value_heads": 4,
            "first_k_dense_replace": 1,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "kv_lora_rank": 8,
            "q_lora_rank": 8,
            "qk_nope_head_dim": 8,
            "qk_rope_head_dim": 4,
            "v_head_dim": 6,
        },
    ),
    "starcoder2": ("starcoder2", _PLAIN),
    "biogpt": ("biogpt", _PLAIN),
    "xglm": ("xglm", {**_PLAIN, "d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 56}),
    "persimmon": ("persimmon", _PLAIN),
    "glm": ("glm", _SIZE),
    "glm4": ("glm4", _SIZE),
    "nemotron": ("nemotron", _SIZE),
    "smollm3": ("smollm3", _SIZE),
    "helium": ("helium", _PLAIN),
    "ernie4_5": ("ernie4_5", _SIZE),
    "exaone4": ("exaone4", {**_SIZE, "sliding_window": 4}),
    "seed_oss": ("seed_oss", _SIZE),
    "arcee": ("arcee", _SIZE),
    "apertus": ("apertus", _SIZE),
    "diffllama": ("diffllama", _SIZE),
    "nanochat": ("nanochat", _SIZE),
    "mamba2": ("mamba2", {**_MAMBA, "num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 8}),
    "falcon_mamba": ("falcon_mamba", _MAMBA),
    "rwkv": ("rwkv", {**_MAMBA, "attention_hidden_size": 32, "context_length": 32}),
    "recurrent_gemma": (
        "recurrent_gemma",
        {**_SIZE, "num_hidden_layers": 3, "head_dim": 8, "attention_window_size": 8},
    ),
    "jamba": (
        "jamba",
        {
            **_EXPERTS,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
            "mamba_d_state": 8,
            "mamba_dt_rank": 4,
        },
    ),
    "zamba": (
        "zamba",
        {
            **_PLAIN,
            "num_hidden_layers": 6,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "n_mamba_heads": 2,
            "mamba_d_state": 8,
        },
    ),
    "zamba2": (
        "zamba2",
        {
            **_PLAIN,
            "num_hidden_layers": 4,
            "layers_block_type": ["mamba", "hybrid", "mamba", "hybrid"],
            "num_mem_blocks": 1,
            "mamba_d_state": 8,
            "mamba_headdim": 8,
            "n_mamba_heads": 8,
            "mamba_ngroups": 1,
            "chunk_size": 8,
        },
    ),
    "bamba": (
        "bamba",
        {
            **_PLAIN,
            "attn_layer_indices": [1],
            "mamba_n_heads": 8,
            "mamba_d_head": 8,
            "mamba_n_groups": 1,
            "mamba_d_state": 8,
            "mamba_chunk_size": 8,
        },
    ),
    "falcon_h1": (
        "falcon_h1",
        {
            **_PLAIN,
            "mamba_d_ssm": 32,
            "mamba_n_heads": 4,
            "mamba_d_head": 8,
            "mamba_n_groups": 1,
            "mamba_d_state": 8,
            "mamba_chunk_size": 8,
            "attention_out_multiplier": 0.7,
            "ssm_out_multiplier": 1.3,
        },
    ),
    "granitemoehybrid": (
        "granitemoehybrid",
        {
            **_EXPERTS,
            "head_dim": 8,
            "layer_types": ["mamba", "attention"],
            "mamba_n_heads": 8,
            "mamba_d_head": 8,
            "mamba_n_groups": 1,
            "mamba_d_state": 8,
            "mamba_chunk_size": 8,
            "shared_intermediate_size": 24,
        },
    ),
    "lfm2": ("lfm2", {**_PLAIN, "layer_types": ["conv", "full_attention"], "block_ff_dim": 56}),
    "qwen3_next": (
        "qwen3_next",
        {
            **_EXPERTS,
            "layer_types": ["linear_attention", "full_attention"],
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "linear_key_head_dim": 8,
            "linear_value_head_dim": 8,
            "shared_expert_intermediate_size": 24,
        },
    ),
    "llama4": (
        "llama4_text",
        {
            **_EXPERTS,
            "intermediate_size_mlp": 56,
            "moe_layers": [1],
            "attention_chunk_size": 32,
            "no_rope_layers": [1, 0],
        },
    ),
    "gemma3n": (
        "gemma3n_text",
        {
            **_SIZE,
            "vocab_size_per_layer_input": 40,
            "hidden_size_per_layer_input": 8,
            "num_kv_shared_layers": 0,
            "laurel_rank": 4,
            "layer_types": ["sliding_attention", "full_attention"],
            "activation_sparsity_pattern": [0.0, 0.0],
        },
    ),
    "gemma4": (
        "gemma4_text",
        {**_SIZE, "hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": 40, "global_head_dim": 16},
    ),
    "dots1": (
        "dots1",
        {
            **_EXPERTS,
            "n_shared_experts": 1,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "first_k_dense_replace": 1,
        },
    ),
    "hunyuan": ("hunyuan_v1_dense", _SIZE),
    "minimax": ("minimax", {**_EXPERTS, "layer_types": ["linear_attention", "full_attention"], "block_size": 8}),
    "jetmoe": ("jetmoe", {**_EXPERTS, "num_key_value_heads": 2, "kv_channels": 8}),
    "nemotron_h": (
        "nemotron_h",
        {
            **_PLAIN,
            "num_hidden_layers": 3,
            "layers_block_type": ["mamba", "attention", "mlp"],
            "mamba_num_heads": 8,
            "mamba_head_dim": 8,
            "n_groups": 1,
            "ssm_state_size": 8,
            "chunk_size": 8,
        },
    ),
    "bitnet": ("bitnet", _PLAIN),
    "vaultgemma": ("vaultgemma", _SIZE),
    "doge": ("doge", _SIZE),
    "cwm": ("cwm", _SIZE),
    "modernbert-decoder": ("modernbert-decoder", _PLAIN),
    "olmo_hybrid": ("olmo_hybrid", {**_PLAIN, "layer_types": ["linear_attention", "full_attention"]}),
    "ctrl": ("ctrl", {**_GPT2, "dff": 56}),
    "openai-gpt": ("openai-gpt", _GPT2),
    "xlstm": ("xlstm", {**_SIZE, "num_heads": 4, "qk_dim_factor": 0.5, "v_dim_factor": 1.0}),
}

ALL = {**FAST, **MORE}


def build(name: str, seed: int = 0, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """A tiny model of the family, weights drawn from `seed`, in evaluation mode."""
    model_type, settings = ALL[name]
    config = AutoConfig.for_model(model_type, **settings)
    torch.manual_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim < 2 or "A_log" in path:
                parameter += 0.3 * noise
            else:
                parameter.copy_(noise * parameter.shape[-1] ** -0.5)
    return model.to(dtype).eval()
