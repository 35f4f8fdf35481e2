r"""Whether a reply hangs together as somebody's, whatever it speaks of.

Under the voice that fits best, the mean log-likelihood of a reply falls for two reasons: the words are nobody's, or
they are somebody's words on another matter than the one that was asked. Only the first is incoherence. So each token
counts less the more it hangs on the question: with p_j the next-token distribution after the j-th of M clean prompts,

    I_t = H(mean_j p_j) − mean_j H(p_j)        (nats; the mutual information of prompt and token, given y_<t)
    c   = Σ_t w_t log p(y_t | role, x, y_<t) / Σ_t w_t,   w_t = exp(−I_t / s)

Whoever asks gives each token's log p as the best over the orders of the traits
(:mod:`mesolens.instruments.face.hearing`): a habit that was turned over is no incoherence either.

A plain mean took four in five fluent replies on another topic for gibberish; `design/09-face-coherence.md` has the
figures.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.model.loaded import LoadedModel
from mesolens.model.passes import Ask, answers

Ids = tuple[int, ...]
SCALE = 0.3
"""Nats of information about the question at which a token counts a third."""
HELD_BYTES = 128 << 20
"""Of distributions that are held at once."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """How each token of a reply hangs on the question.

    Attributes:
        information: I_t in nats.
        elsewhere: log-likelihood of the whole reply after each clean prompt, in nats.
    """

    information: tuple[float, ...]
    elsewhere: tuple[float, ...]


def coherence(log_p: Sequence[float], information: Sequence[float]) -> float:
    """Mean log-likelihood of the tokens, in nats, each weighted by how little it hangs on the question.

    >>> coherence([-0.1, -9.0], [0.0, 30.0])
    -0.1
    """
    weights = [2.718281828459045 ** (-nats / SCALE) for nats in information]
    total = sum(weights)
    return sum(w * p for w, p in zip(weights, log_p, strict=True)) / total if total > 0 else min(log_p)


def leanings(model: LoadedModel, asked: Sequence[tuple[tuple[Ids, ...], Ids]], *, batch_tokens: int) -> list[Leaning]:
    """For each (clean prompts, reply), how the reply's tokens hang on the prompt. Equal pairs are computed once."""
    found: dict[tuple[tuple[Ids, ...], Ids], Leaning] = {}
    for some in _portions(list(dict.fromkeys(asked)), model.card.vocabulary):
        found |= dict(zip(some, _portion(model, some, batch_tokens), strict=True))
    return [found[each] for each in asked]


def _portions(
    pairs: Sequence[tuple[tuple[Ids, ...], Ids]], vocabulary: int
) -> Generator[list[tuple[tuple[Ids, ...], Ids]]]:
    """Pairs whose distributions fit into memory together; pairs of the same prompts first, so that these are shared."""
    held: list[tuple[tuple[Ids, ...], Ids]] = []
    size = 0
    for prompts, reply in sorted(pairs):
        need = len(prompts) * len(reply) * vocabulary * 4
        if held and size + need > HELD_BYTES:
            yield held
            held, size = [], 0
        held.append((prompts, reply))
        size += need
    if held:
        yield held


def _portion(model: LoadedModel, pairs: Sequence[tuple[tuple[Ids, ...], Ids]], batch_tokens: int) -> list[Leaning]:
    asks = [_ask(prompt, reply) for prompts, reply in pairs for prompt in prompts]
    logits: list[Tensor | None] = [None] * len(asks)
    for passed in answers(model, asks, batch_tokens=batch_tokens):
        log_p_NV = passed.logits.float().log_softmax(-1)
        for place, where in passed.asks:
            logits[place] = log_p_NV[where]
    rows = iter(logits)
    return [_leaning(_taken(rows, len(prompts)), reply) for prompts, reply in pairs]


def _ask(prompt: Ids, reply: Ids) -> Ask:
    fed = prompt + reply[:-1]
    return Ask(fed, tuple(range(len(prompt) - 1, len(fed))))


def _taken(rows: Iterable[Tensor | None], count: int) -> Float[Tensor, "M P V"]:
    some = [row for _, row in zip(range(count), rows, strict=False) if row is not None]
    return torch.stack(some)


def _leaning(log_p_MPV: Float[Tensor, "M P V"], reply: Ids) -> Leaning:
    p_MPV = log_p_MPV.exp()
    mean_PV = p_MPV.mean(0)
    mixed_P = -(mean_PV * mean_PV.clamp_min(1e-30).log()).sum(-1)
    within_P = -(p_MPV * log_p_MPV.clamp_min(-1e4)).sum(-1).mean(0)
    tokens = torch.tensor(reply, device=log_p_MPV.device)
    said_MP = log_p_MPV.gather(2, tokens[None, :, None].expand(len(log_p_MPV), -1, 1))[..., 0]
    information = (mixed_P - within_P).clamp_min(0.0)
    return Leaning(tuple(information.double().tolist()), tuple(said_MP.double().sum(1).tolist()))
