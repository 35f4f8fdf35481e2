"""Where heads and neurons are read in the two stock architectures of the benchmark, for peers that want paths."""

from benchmarks.shapes import Workload


def linears_of(load: Workload) -> list[str]:
    """Paths of the writers' last linear maps, in the order of the stream."""
    layers = range(load.model.config.num_hidden_layers)
    if load.shape == "llama-25M":
        return [f"model.layers.{i}.{part}" for i in layers for part in ("self_attn.o_proj", "mlp.down_proj")]
    return [f"transformer.h.{i}.{part}" for i in layers for part in ("attn.c_proj", "mlp.c_proj")]


def embedding_of(load: Workload) -> str:
    """Path of the token embedding."""
    return "model.embed_tokens" if load.shape == "llama-25M" else "transformer.wte"
