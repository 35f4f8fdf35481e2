"""The logit lens: states of the residual stream read as if the model ended there.

Whatever stands behind the last block is run as it is (final norm, projection, head, scale, soft cap), by feeding one
token for each state and putting the state in the place of what the last block gives. So nothing is written twice and no
family is a special case; for the true last states it gives the model's own logits. It costs one token's pass a state.

nostalgebraist, *interpreting GPT: the logit lens*, 2020.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.model.heads import Places, logits_at
from mesolens.model.loaded import LoadedModel
from mesolens.model.taps import Point, tapped

_ENTRIES = 1 << 24
"""Most logits at a time."""
_ROWS = 1024


@torch.no_grad()
def lens(model: LoadedModel, states_NW: Float[Tensor, "N W"]) -> Float[Tensor, "N V"]:
    """The logits that the model would give if its last block gave these states, in the model's dtype."""
    return torch.cat([logits for _, logits in lens_parts(model, states_NW)])


@torch.no_grad()
def lens_parts(model: LoadedModel, states_NW: Float[Tensor, "N W"]) -> Iterator[tuple[slice, Float[Tensor, "M V"]]]:
    """The same some rows at a time, with the rows: for a vocabulary that would not fit all at once."""
    module, last = model.module, model.anatomy.blocks[-1].module
    rows = max(1, min(_ROWS, _ENTRIES // model.card.vocabulary))
    for start in range(0, len(states_NW), rows):
        some = states_NW[start : start + rows].to(module.device, module.dtype)
        places = Places(torch.arange(len(some)), torch.zeros(len(some), dtype=torch.long))
        ids = torch.zeros(len(some), 1, dtype=torch.long, device=module.device)
        with tapped(module, {Point(last, "out"): lambda _, some=some: some[:, None]}):
            yield slice(start, start + len(some)), logits_at(module, ids, places, None, use_cache=False)
