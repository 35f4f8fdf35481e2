"""A gradient over all parameters in a few thousand numbers: a seeded count sketch, which keeps inner products.

Every coordinate of every parameter falls with a random sign into one of K buckets, so that for gradients x and y

    E[Sx · Sy] = x · y,    Var[Sx · Sy] ≤ 2 |x|² |y|² / K

(Charikar, Chen and Farach-Colton, *Finding frequent items in data streams*, 2002; Weinberger and others, *Feature
hashing for large scale multitask learning*, 2009). Buckets and signs take four bytes a parameter; no matrix of
parameters × K is ever made. They follow from the seed, the parameter's name and its size alone.

Every log p may be taken at a temperature T, that is of softmax(logits / T): above 1 tokens that the model is near
certain of keep a gradient.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesolens.errors import BadInput
from mesolens.model.loaded import LoadedModel
from mesolens.model.rows import check_row
from mesolens.model.scoring import Row


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Buckets and signs of every parameter.

    Attributes:
        buckets: K, how many numbers a gradient becomes.
        places: for each parameter, by name, twice the bucket of each coordinate, plus one where its sign is −1.
    """

    buckets: int
    places: dict[str, Int[Tensor, " P"]]


def sketch(model: LoadedModel, buckets: int, seed: int) -> Sketch:
    """A sketch of a model's parameters; those that are tied count once.

    Raises:
        BadInput: there is no bucket.
    """
    if buckets < 1:
        raise BadInput(f"{buckets} buckets hold no gradient; give one or more")
    device = model.module.device
    named = model.module.named_parameters()
    return Sketch(buckets, {name: places(name, p.numel(), buckets, seed).to(device) for name, p in named})


def places(name: str, size: int, buckets: int, seed: int) -> Int[Tensor, " P"]:
    """Where the coordinates of one parameter fall: twice the bucket, plus one for the sign −1; int32."""
    start = int.from_bytes(sha256(f"sketch/{seed}/{name}".encode()).digest()[:8], "big")
    return torch.from_numpy(np.random.default_rng(start).integers(0, 2 * buckets, size, dtype=np.int32))


def sketched(gradients: dict[str, Tensor], into: Sketch) -> Float[np.ndarray, " K"]:
    """Gradients, by parameter, as one vector of K numbers in float64.

    Raises:
        KeyError: a parameter that the sketch was not made for.
    """
    sums = torch.zeros(2 * into.buckets, dtype=torch.float64, device=next(iter(into.places.values())).device)
    for name, gradient in gradients.items():
        sums.index_add_(0, into.places[name], gradient.flatten().double())
    return (sums[0::2] - sums[1::2]).cpu().numpy()


def document_gradients(
    model: LoadedModel, row: Row, into: Sketch, *, draws: int = 0, seed: int = 0, temperature: float = 1.0
) -> tuple[Float[np.ndarray, " K"], Float[np.ndarray, "M K"]]:
    """Sketched gradients of log p of a whole continuation, in nats: of the one given, and of others that are drawn.

    In a drawn one every token is one that the model itself draws at that place, after what is given. The mean of the
    outer products of such gradients is the Fisher information, which for a softmax is the Gauss–Newton matrix: given
    what stands before, a drawn token's gradient has mean 0, so that products across places vanish in the mean (Martens,
    *New insights and perspectives on the natural gradient method*, 2020, section 5).

    Args:
        draws: M, how many are drawn.
        seed: of the draws.
        temperature: at which log p is taken, and tokens are drawn.

    Raises:
        BadInput: a row without prompt or continuation, an id outside the vocabulary, or a row longer than the window.
    """
    with _said(model, row, temperature) as logp_TV:
        own = _backward(model, _of(logp_TV, row.continuation).sum(), into, last=draws == 0)
        drawn = np.zeros((draws, into.buckets))
        # Draws are made on the CPU, so that one seed draws the same on every device.
        chances = logp_TV.detach().double().exp().cpu()
        generator = torch.Generator().manual_seed(seed)
        for number in range(draws):
            others = torch.multinomial(chances, 1, generator=generator)[:, 0].tolist()
            drawn[number] = _backward(model, _of(logp_TV, others).sum(), into, last=number == draws - 1)
    return own, drawn


def token_gradients(
    model: LoadedModel, row: Row, into: Sketch, *, temperature: float = 1.0
) -> Float[np.ndarray, "T K"]:
    """For each token of a row's continuation the sketched gradient of its log p, in nats; they sum to the row's.

    One forward pass, and one backward pass a token.

    Raises:
        BadInput: as :func:`document_gradients`.
    """
    with _said(model, row, temperature) as logp_TV:
        logp_T = _of(logp_TV, row.continuation)
        last = len(logp_T) - 1
        return np.stack([_backward(model, logp, into, last=t == last) for t, logp in enumerate(logp_T)])


@contextmanager
def _said(model: LoadedModel, row: Row, temperature: float) -> Generator[Float[Tensor, "T V"]]:
    """log p of every token at each place of the continuation; inside, parameters may have gradients."""
    if not row.prompt or not row.continuation:
        raise BadInput("a row has no prompt or no continuation; a gradient needs a token after another")
    check_row(model.card, row.prompt + row.continuation[:-1], 0)
    check_row(model.card, (row.continuation[-1],), 0)
    before = [(parameter, parameter.requires_grad) for parameter in model.module.parameters()]
    try:
        for parameter, _ in before:
            parameter.requires_grad_(True)
        with torch.enable_grad():
            ids = torch.tensor([row.prompt + row.continuation[:-1]], device=model.module.device)
            logits = model.module(input_ids=ids, use_cache=False).logits[0, len(row.prompt) - 1 :]
            yield (logits.float() / temperature).log_softmax(-1)
    finally:
        for parameter, had in before:
            parameter.requires_grad_(had)


def _of(logp_TV: Float[Tensor, "T V"], tokens: Sequence[int]) -> Float[Tensor, " T"]:
    return logp_TV.gather(-1, torch.tensor(tokens, device=logp_TV.device)[:, None])[:, 0]


def _backward(model: LoadedModel, logp: Tensor, into: Sketch, *, last: bool) -> Float[np.ndarray, " K"]:
    names, parameters = zip(*model.module.named_parameters(), strict=True)
    found = torch.autograd.grad(logp, parameters, retain_graph=not last, allow_unused=True)
    grads = cast("Sequence[Tensor | None]", found)
    return sketched({name: grad for name, grad in zip(names, grads, strict=True) if grad is not None}, into)
