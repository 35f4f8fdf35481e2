"""How surprising tokens are to a model, and how surprising it expects them to be, exactly and many at a time.

Of the distribution p = softmax(logits) at a place: log p of the token that came, the entropy H = −Σ p log p, and the
variance of the surprisal, Σ p (log p + H)²; all in nats and in float64. A text whose surprisals keep near their
entropies, as the variances allow, is typical of the model (Cover & Thomas, ch. 3); one far below is as odd as one far
above.
"""

from collections.abc import Generator

import torch
from jaxtyping import Float, Int
from torch import Tensor

CELLS = 1 << 18
"""Logits that are in float64 at one time: a large vocabulary would take its memory twice over otherwise."""
NEVER = -800.0
"""A log-probability whose exponential is zero in float64."""


def log_normalisers(logits_NV: Float[Tensor, "N V"]) -> Float[Tensor, " N"]:
    """log Σ exp(logits) at each place, in float64: log p of a token is its logit less this."""
    parts = [torch.logsumexp(part_MV, -1) for part_MV in _exact(logits_NV)]
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64)


def expectations(logits_NV: Float[Tensor, "N V"]) -> tuple[Float[Tensor, " N"], Float[Tensor, " N"]]:
    """The entropy in nats and the variance of the surprisal in nats² at each place, in float64."""
    entropies: list[Tensor] = []
    variances: list[Tensor] = []
    for part_MV in _exact(logits_NV):
        logp_MV = part_MV.log_softmax(-1).clamp_min(NEVER)
        p_MV = logp_MV.exp()
        entropies.append(-(p_MV * logp_MV).sum(-1))
        variances.append((p_MV * (logp_MV + entropies[-1][:, None]).square()).sum(-1))
    if not entropies:
        return torch.empty(0, dtype=torch.float64), torch.empty(0, dtype=torch.float64)
    return torch.cat(entropies), torch.cat(variances)


def log_probabilities(
    logits_NV: Float[Tensor, "N V"], places_M: Int[Tensor, " M"], tokens_M: Int[Tensor, " M"]
) -> Float[Tensor, " M"]:
    """log p in nats of some tokens, each at one of the places."""
    normaliser_N = log_normalisers(logits_NV)
    return logits_NV[places_M, tokens_M].double() - normaliser_N[places_M]


def _exact(logits_NV: Tensor) -> Generator[Tensor]:
    """The logits in float64, a few places at a time."""
    for part_MV in logits_NV.split(max(1, CELLS // max(1, logits_NV.shape[1]))) if len(logits_NV) else ():
        yield part_MV.double()
