"""Heads, neurons and tokens as a short list, and the stock Llama whose weights do what the list says.

The residual stream's axes are named :data:`FEATURES`. A head looks at the tokens of one kind and carries a feature
from there; a neuron multiplies two linear readings of the stream, as Llama's MLP does. Three devices make this exact:

- **The norm is neutral.** ``rms_norm_eps`` is 1e12 and every norm's weight 1e6, so that ``w · x / sqrt(mean x² + eps)``
  is x, up to float32 rounding (relative 1e-7; the deviation itself is ``mean x² / 2e12``).
- **Attention is sharp and rests on constants.** Queries read the axis `one`, keys read the kind of a token, which no
  contrast changes; a token of another kind gets e⁻⁵⁰ of the weight. Position enters by ``rope_theta`` 1e16 through the
  slow pair of columns alone, which turns by 1e-8 a token.
- **What the list does not mention hums**: it reads the named features with random weights and writes small noise to
  axes that nobody reads, so that no module is dead and none matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

FEATURES = ("one", "is_a", "is_b", "a", "b", "x", "y", "z", "out")
HUM = 7
WIDTH = len(FEATURES) + HUM
LAYERS, HEADS, HEAD_WIDTH, NEURONS = 2, 2, 4, 4
NEUTRAL = 1e6
SHARP = 10.0
QUIET = 0.1
NATS = 2.0

Reading = Mapping[str, float]
VOCABULARY: tuple[Reading, ...] = (
    {"one": 1.0},
    {"one": 1.0, "is_a": 1.0, "a": 0.5},
    {"one": 1.0, "is_a": 1.0, "a": 1.5},
    {"one": 1.0, "is_b": 1.0, "b": 0.5},
    {"one": 1.0, "is_b": 1.0, "b": 1.5},
    {"one": 1.0},
    {"one": 1.0},
    {"one": 1.0},
)
"""What each token's embedding holds. Values are 0.5 and 1.5, not 0 and 1, so that reference activations matter."""
BOS, A0, A1, B0, B1, ASK, YES, NO = range(len(VOCABULARY))


@dataclass(frozen=True, slots=True)
class Head:
    """Look at the tokens that have `at`, read `reads` there, add it to `writes` here (`hum`: where nobody reads)."""

    layer: int
    index: int
    at: str
    reads: Reading
    writes: str
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Neuron:
    """``act(gate · stream) · (up · stream)``, times `size`, added to `writes`."""

    layer: int
    index: int
    gate: Reading
    up: Reading
    writes: str
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that a circuit's model does; its readout, the logit of YES minus that of NO, is `out` times :data:`NATS`.

    Attributes:
        act: name of the activation function in transformers' registry.
    """

    heads: tuple[Head, ...]
    neurons: tuple[Neuron, ...]
    act: str = "linear"


def wired(wiring: Wiring, rotation: Float[Tensor, "d d"] | None = None) -> LlamaForCausalLM:
    """The float32 model of a wiring, in evaluation mode and with its parameters frozen.

    Args:
        wiring: what it does.
        rotation: an orthogonal matrix that turns the residual stream; None leaves its axes named.
    """
    with torch.random.fork_rng(devices=[]):
        model = LlamaForCausalLM(_config(wiring.act))
    draw = torch.Generator().manual_seed(0)
    weights = {name: torch.zeros(p.shape, dtype=torch.float64) for name, p in model.named_parameters()}
    _fill_ends(weights, draw)
    _fill_hum(weights, draw)
    for head in wiring.heads:
        _fill_head(weights, head)
    for neuron in wiring.neurons:
        _fill_neuron(weights, neuron)
    model.load_state_dict({name: _turned(name, w, rotation).float() for name, w in weights.items()})
    return model.eval().requires_grad_(False)


def _config(act: str) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=WIDTH,
        intermediate_size=NEURONS,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        head_dim=HEAD_WIDTH,
        hidden_act=act,
        rms_norm_eps=NEUTRAL**2,
        rope_parameters={"rope_type": "default", "rope_theta": 1e16},
        max_position_embeddings=64,
        tie_word_embeddings=False,
        bos_token_id=BOS,
        eos_token_id=None,
        pad_token_id=None,
    )


def _fill_ends(weights: dict[str, Tensor], draw: torch.Generator) -> None:
    for name, weight in weights.items():
        if name.endswith("norm.weight"):
            weight.fill_(NEUTRAL)
    embedding = weights["model.embed_tokens.weight"]
    embedding.copy_(torch.stack([_row(features) for features in VOCABULARY]))
    embedding[:, len(FEATURES) :] = QUIET * torch.randn(len(VOCABULARY), HUM, generator=draw, dtype=torch.float64)
    weights["lm_head.weight"][YES] = _row({"out": NATS / 2})
    weights["lm_head.weight"][NO] = _row({"out": -NATS / 2})


def _fill_hum(weights: dict[str, Tensor], draw: torch.Generator) -> None:
    for name, weight in weights.items():
        if name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight", "gate_proj.weight", "up_proj.weight")):
            weight[:, : len(FEATURES)] = _noise(weight.shape[0], len(FEATURES), draw)
        elif name.endswith(("o_proj.weight", "down_proj.weight")):
            weight[len(FEATURES) :] = QUIET * _noise(HUM, weight.shape[1], draw)


def _fill_head(weights: dict[str, Tensor], head: Head) -> None:
    at = f"model.layers.{head.layer}.self_attn."
    columns = slice(head.index * HEAD_WIDTH, (head.index + 1) * HEAD_WIDTH)
    for part, features in (("q", {"one": SHARP}), ("k", {head.at: SHARP}), ("v", head.reads)):
        weight = weights[f"{at}{part}_proj.weight"]
        weight[columns] = 0.0
        # Column 1 of four is the slow one of the rotary pairs (0, 2) and (1, 3).
        weight[columns.start + 1] = _row(features)
    output = weights[f"{at}o_proj.weight"]
    output[:, columns] = 0.0
    output[_axis(head.writes), columns.start + 1] = head.size


def _fill_neuron(weights: dict[str, Tensor], neuron: Neuron) -> None:
    at = f"model.layers.{neuron.layer}.mlp."
    weights[f"{at}gate_proj.weight"][neuron.index] = _row(neuron.gate)
    weights[f"{at}up_proj.weight"][neuron.index] = _row(neuron.up)
    weights[f"{at}down_proj.weight"][:, neuron.index] = 0.0
    weights[f"{at}down_proj.weight"][_axis(neuron.writes), neuron.index] = neuron.size


def _turned(name: str, weight: Tensor, rotation: Tensor | None) -> Tensor:
    if rotation is None or name.endswith("norm.weight"):
        return weight
    turn = rotation.to(torch.float64)
    return turn @ weight if name.endswith(("o_proj.weight", "down_proj.weight")) else weight @ turn.T


def _axis(feature: str) -> int:
    return len(FEATURES) if feature == "hum" else FEATURES.index(feature)


def _row(features: Reading) -> Float[Tensor, " d"]:
    row = torch.zeros(WIDTH, dtype=torch.float64)
    for feature, value in features.items():
        row[_axis(feature)] = value
    return row


def _noise(rows: int, columns: int, draw: torch.Generator) -> Tensor:
    return torch.randn(rows, columns, generator=draw, dtype=torch.float64)
