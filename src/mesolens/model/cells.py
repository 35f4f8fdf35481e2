"""Attention cells: how much each head reads from each source token, taken from the model's own eager attention.

transformers routes attention through a registry of functions. While :func:`attention_cells` is open, the registry
hands out a wrapper that calls the eager function of the module's own file (soft-caps, sinks and scales included) and
shows its weights and values. A model that does not go through the registry calls nobody, and nothing is shown.
"""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import cast

from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, AttentionMaskInterface

Show = Callable[[Tensor, Tensor], None]
Attention = Callable[..., tuple[Tensor, Tensor]]

_NAME = "mesolens_cells"
_shown: dict[int, Show] = {}


@contextmanager
def attention_cells(model: PreTrainedModel, shows: Mapping[str, Show]) -> Generator[None]:
    """Run with eager attention, and call `shows[path](weights, values)` whenever the module at `path` attends.

    `weights` is [B, H, T, S] and `values` [B, H, S, D], one value head for each attention head; both keep their graph.
    The model's own attention comes back when the block ends, by whatever way.
    """
    before = cast(str, model.config._attn_implementation)  # pyright: ignore[reportPrivateUsage]
    mine = {id(model.get_submodule(path)): show for path, show in shows.items()}
    AttentionInterface.register(_NAME, cast(Callable[..., object], _attend))
    AttentionMaskInterface.register(_NAME, ALL_MASK_ATTENTION_FUNCTIONS["eager"])
    try:
        _shown.update(mine)
        model.set_attn_implementation(_NAME)
        yield
    finally:
        model.set_attn_implementation(before)
        for module in mine:
            _shown.pop(module, None)


def eager_attention(module: nn.Module) -> Attention | None:
    """The eager attention function beside a module's class, or None where its file has none."""
    return cast(Attention | None, getattr(sys.modules[type(module).__module__], "eager_attention_forward", None))


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *args: object, **options: object
) -> tuple[Tensor, Tensor]:
    eager = eager_attention(module)
    if eager is None:
        raise TypeError(f"{type(module).__name__} has no eager attention")
    output, weights = eager(module, query, key, value, *args, **options)
    show = _shown.get(id(module))
    if show is not None:
        show(weights[..., : key.shape[-2]], value.repeat_interleave(weights.shape[1] // value.shape[1], dim=1))
    return output, weights
