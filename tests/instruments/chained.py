"""Llamas with weights set by hand that take one step of a chain in each block, and know nothing else.

The last token of a prompt carries a value x₀, three addends a₁ a₂ a₃ and one more, b, each in directions of its own, so
no step can be told from any of them alone. Attention writes nothing. Block s has a neuron for each value and addend,
whose gate reads the addend and whose other arm reads the value; it writes the difference to where x_s = x_{s−1} + a_s
(modulo N) stands. So the stream's values are exactly

    glass     e_x₀ → e_x₁ → e_x₂ → e_x₃         readable at every step
    hidden    e_x₀ → r_x₁ → r_x₂ → e_x₃         in directions that the head does not read, until the end
    decoy     as glass, and the first block writes d_w beside it, w = x₀ + b: a value that nothing uses

Items have random filler before the last token, which no block looks at.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.traits.tasks import Item, Other, Step

N, FILLERS, STEPS = 5, 4, 3
_PARTS = 1 + STEPS + 1
"""What a last token carries: the value, the addends, and the decoy's."""
WIDTH = (_PARTS + 2) * N + FILLERS
_GATE = 4.0


def _directions() -> tuple[Tensor, Tensor, list[Tensor], Tensor]:
    """Of values, of hidden values, of the addends in order, and of the decoy."""
    every = torch.eye(WIDTH, dtype=torch.float64)[: (_PARTS + 2) * N].reshape(_PARTS + 2, N, WIDTH)
    return every[0], every[1], list(every[2:-1]), every[-1]


def chained(kind: str) -> LoadedModel:
    """The model of a kind."""
    module = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=N + FILLERS + N**_PARTS,
            hidden_size=WIDTH,
            intermediate_size=2 * N**2,
            num_hidden_layers=STEPS,
            num_attention_heads=1,
            head_dim=4,
            max_position_embeddings=32,
            rms_norm_eps=1e-9,
            tie_word_embeddings=False,
            bos_token_id=0,
            eos_token_id=1,
        )
    ).double()
    plain, hidden, addends, decoys = _directions()
    places = [plain, *([hidden] * (STEPS - 1) if kind == "hidden" else [plain] * (STEPS - 1)), plain]
    parts = torch.cartesian_prod(*[torch.arange(N)] * _PARTS)
    starts = plain[parts[:, 0]] + sum(addend[parts[:, n]] for n, addend in enumerate(addends, 1))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.model.embed_tokens.weight.copy_(torch.cat([plain, torch.eye(WIDTH)[-FILLERS:].double(), starts]))
        module.lm_head.weight[:N] = plain
        module.model.norm.weight.fill_(1.0)
        for step, (block, (here, there)) in enumerate(zip(module.model.layers, pairwise(places), strict=True)):
            block.input_layernorm.weight.fill_(1.0)
            block.post_attention_layernorm.weight.fill_(1.0)
            _wire(block.mlp, 0, here, addends[step], there, here, decoyed=kind == "decoy" and step > 0)
            if kind == "decoy" and step == 0:
                _wire(block.mlp, N**2, here, addends[STEPS], decoys, torch.zeros_like(here), decoyed=False)
    return adopt(module, name=f"{kind}-by-hand")


def _wire(
    mlp: torch.nn.Module, first: int, here: Tensor, addend: Tensor, there: Tensor, less: Tensor, decoyed: bool
) -> None:
    """A neuron for each value x and addend a: it writes `there` for x + a, less `less` for x."""
    size = (WIDTH / (_PARTS + decoyed)) ** 0.5  # of one direction behind the norm
    wakes = float(torch.nn.functional.silu(torch.tensor(_GATE * size, dtype=torch.float64))) * size
    for x in range(N):
        for a in range(N):
            row = first + N * x + a
            mlp.gate_proj.weight[row] = _GATE * addend[a]
            mlp.up_proj.weight[row] = here[x]
            mlp.down_proj.weight[:, row] = (there[(x + a) % N] - less[x]) / wakes


def token(parts: Sequence[int]) -> int:
    """The token that carries x₀, a₁, a₂, a₃ and b."""
    return N + FILLERS + sum(part * N ** (_PARTS - 1 - place) for place, part in enumerate(parts))


def items(count: int, seed: int = 0, decoy: bool = False) -> list[Item]:
    """Items with three steps each, of which the last is the answer; with `decoy` the decoy's value alone."""
    rng = np.random.default_rng(seed)
    return [_item(rng, decoy) for _ in range(count)]


def _item(rng: np.random.Generator, decoy: bool) -> Item:
    parts = rng.integers(N, size=_PARTS).tolist()
    prompt = (*(N + rng.integers(FILLERS, size=int(rng.integers(1, 5)))).tolist(), token(parts))
    path = np.cumsum(parts[: STEPS + 1]) % N
    answer, choices = int(path[-1]), tuple(range(N))
    values = [(parts[0] + parts[-1]) % N] if decoy else path[1:].tolist()
    steps: list[Step] = []
    for place, value in enumerate(values, 1):
        moved = 1 + int(rng.integers(N - 1))
        other = Other((value + moved) % N, (answer + moved) % N)
        steps.append(Step("beside" if decoy else f"step {place}", int(value), other))
    return Item(prompt, answer, tuple(steps), choices, STEPS)
