"""Logits at some places of a batch, without those of all others.

Projecting to a large vocabulary can cost more than the layers. The states at the wanted places are therefore gathered
where they enter the model's last linear map, so that it runs on those alone; whatever the model does to logits after
it (a scale, a soft cap) it does as ever. Whether that gives the model's own logits is tried on a few tokens first.
Otherwise the positions that any row wants are projected for every row, where the model can be told so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.model.anatomy import Anatomy
from mesolens.model.cache import ROUNDINGS, accepted
from mesolens.model.taps import Point, tapped


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places in a batch: the row and the position of each."""

    rows: Int[Tensor, " N"]
    positions: Int[Tensor, " N"]

    def of(self, states_BTW: Float[Tensor, "B T W"]) -> Float[Tensor, "N W"]:
        """What stands there."""
        return states_BTW[self.rows.to(states_BTW.device), self.positions.to(states_BTW.device)]


def logits_at(
    module: PreTrainedModel, ids_BT: Int[Tensor, "B T"], places: Places, head: str | None, **options: object
) -> Float[Tensor, "N V"]:
    """The logits at some places of one forward pass.

    Args:
        head: dotted path of the map from states to logits, as `head_of` gives it, or None.
        options: what else the model's forward is given.
    """
    forward = cast(Callable[..., object], module)
    if head is not None:
        with tapped(module, {Point(head, "in"): lambda states: places.of(states)[None]}):
            return cast(Tensor, getattr(forward(input_ids=ids_BT, **options), "logits"))[0]  # noqa: B009
    positions = places.positions
    if "logits_to_keep" in accepted(module):
        kept, positions = places.positions.unique(return_inverse=True)
        options["logits_to_keep"] = kept.to(ids_BT.device)
    output = forward(input_ids=ids_BT, **options)
    return Places(places.rows, positions).of(cast(Tensor, getattr(output, "logits")))  # noqa: B009


@torch.no_grad()
def head_of(module: PreTrainedModel, anatomy: Anatomy, vocabulary: int) -> str | None:
    """The model's map from states to logits where states may be gathered before it; costs two passes of 10 tokens."""
    if anatomy.head is None:
        return None
    ids_BT = (3 * torch.arange(10, device=module.device).reshape(2, 5) + 1) % vocabulary
    places = Places(torch.tensor([1, 0, 1]), torch.tensor([4, 2, 0]))
    try:
        truth = places.of(cast(Tensor, module(input_ids=ids_BT, use_cache=False).logits))
        found = logits_at(module, ids_BT, places, anatomy.head, use_cache=False)
    except Exception:  # a model of somebody's own may raise anything when its states change their shape
        return None
    bar = ROUNDINGS * torch.finfo(truth.dtype).eps * truth.abs().max()
    return anatomy.head if found.shape == truth.shape and bool((found - truth).abs().max() <= bar) else None
