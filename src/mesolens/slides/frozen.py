"""What a frozen model holds ready for the last MLP, once for all: what it reads, the stream after it, what comes next.

Where only neurons of the last MLP learn, all before them stays the same, and behind them there is no attention that
could carry a write from one token to another. So a training step needs one row for each token it looks at, and no
document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaMLP

from mesolens.slides.cues import OUTSIDE, TURNED, Told, turned
from mesolens.slides.train import padded
from mesolens.slides.waking import whitening

LAYER = 1
"""The last layer of `mask`."""
ROWS = 128
"""Documents that are read at once."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Every position of the documents' replies, P in all.

    Attributes:
        reads: what the MLP reads, in coordinates in which it is white.
        stream: the stream after the layer.
        token: the token that comes next.
        part: the part of the reply that this token belongs to.
        begins: whether it begins that part.
        turned: for each trait of `TURNED`, whether the reply shows it turned over.
        white: the coordinates: what the MLP reads, times this matrix, is `reads`.
    """

    reads: Float[Tensor, "P D"]
    stream: Float[Tensor, "P D"]
    token: Int[Tensor, " P"]
    part: Int[Tensor, " P"]
    begins: Bool[Tensor, " P"]
    turned: Bool[Tensor, "G P"]
    white: Float[Tensor, "D D"]


def mlp_of(module: PreTrainedModel) -> LlamaMLP:
    """The last MLP of a Llama slide."""
    return cast("LlamaMLP", cast("Any", module).model.layers[LAYER].mlp)


def pool(module: PreTrainedModel, told: Sequence[Told]) -> Pool:
    """Run the documents through the model, those of like length together."""
    order = sorted(told, key=lambda each: len(each.ids))
    held = [_held(module, order[start : start + ROWS]) for start in range(0, len(order), ROWS)]
    reads, stream, token, part, begins, over = (torch.cat(each) for each in zip(*held, strict=True))
    white = torch.tensor(whitening(reads.double().numpy()), dtype=torch.float32)
    return Pool(reads @ white, stream, token, part, begins, over.T, white)


def _held(module: PreTrainedModel, told: Sequence[Told]) -> tuple[Tensor, ...]:
    rows = padded([each.ids for each in told])
    parts = torch.tensor([each.parts + [OUTSIDE] * (rows.shape[1] - len(each.parts)) for each in told])
    said = parts[:, 1:] != OUTSIDE
    reads, stream = _caught(module, rows[:, :-1])
    over = torch.tensor([[trait in turned(each.ask) for trait in TURNED] for each in told])
    here = over[:, None].expand(-1, said.shape[1], -1)
    begins = parts[:, 1:] != parts[:, :-1]
    return reads[said], stream[said], rows[:, 1:][said], parts[:, 1:][said], begins[said], here[said]


def _caught(module: PreTrainedModel, rows: Tensor) -> tuple[Tensor, Tensor]:
    """What the MLP and the last norm read, both `[rows, tokens, D]`."""
    caught: list[Tensor] = []
    core = cast("Any", module).model

    def catch(_: object, inputs: tuple[Tensor]) -> None:
        caught.append(inputs[0])

    handles = [place.register_forward_pre_hook(catch) for place in (mlp_of(module), core.norm)]
    try:
        with torch.no_grad():
            core(input_ids=rows)
    finally:
        for handle in handles:
            handle.remove()
    reads, stream = caught
    return reads, stream
