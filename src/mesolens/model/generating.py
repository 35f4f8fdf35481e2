"""Replies of a model to many prompts, token by token: the likeliest token, or one drawn at a temperature.

A drawn token is the first whose cumulative probability passes u, with softmax(logits / temperature) and its sums in
float64 (inverse transform sampling). The u of a row come from a counter (Philox, Salmon et al. 2011) keyed by its seed
and its prompt, one for each step. So a reply depends on the prompt and the seed, and not on what else is replied to
beside it: alone or among many, the same tokens come, but for logits so close that float rounding decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesolens.errors import BadInput
from mesolens.model.loaded import LoadedModel
from mesolens.model.rows import check_row
from mesolens.model.speaking import Mouth, Remembering, Way, Whole, mouth_of

Ids = tuple[int, ...]
Progress = Callable[[int, int], None]
"""Called with how many rows are done, and of how many."""

BATCH_TOKENS = 16384
"""Most tokens, replies and padding counted, that the cache of one batch holds."""
DROPPED = 0.25
"""Rows that have ended leave the batch once they are this part of it: leaving copies the cache of those that stay."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A reply.

    Attributes:
        ids: its tokens, with the one that ended it.
        ended: whether it ended by itself; False where `most` or the model's window cut it.
    """

    ids: Ids
    ended: bool

    @property
    def said(self) -> Ids:
        """Its tokens without the one that ended it.

        >>> Generated((5, 6, 2), ended=True).said
        (5, 6)
        """
        return self.ids[:-1] if self.ended else self.ids


def endings(model: LoadedModel) -> frozenset[int]:
    """The tokens that end a reply, as its generation settings, its configuration and its tokenizer name them."""
    settings = (model.module.generation_config, model.module.config.get_text_config(), model.tokenizer)
    named = [cast(object, getattr(each, "eos_token_id", None)) for each in settings]
    flat = [token for each in named for token in (cast(list[object], each) if isinstance(each, list) else [each])]
    return frozenset(token for token in flat if isinstance(token, int))


@torch.no_grad()
def generate(
    model: LoadedModel,
    prompts: Sequence[Ids],
    *,
    most: int,
    seeds: Sequence[int],
    stop: frozenset[int],
    temperature: float = 0.0,
    batch_tokens: int = BATCH_TOKENS,
    progress: Progress | None = None,
) -> list[Generated]:
    """A reply to each prompt, in the prompts' order; equal prompts with equal seeds are replied to once.

    Args:
        most: longest reply in tokens.
        seeds: one for each prompt; without a temperature they change nothing.
        stop: tokens that end a reply (see `endings`).
        temperature: 0 takes the likeliest token, and of several the one with the smallest id.
        batch_tokens: most tokens in the cache of one batch, padding counted.
        progress: told after each batch's rows.

    Raises:
        BadInput: a prompt is empty, has an id outside the vocabulary or is longer than the window; there are not as
            many seeds as prompts; or `most` or the temperature makes no sense.
    """
    _check(model, prompts, seeds, most, temperature)
    wanted = [(prompt, seed if temperature else 0) for prompt, seed in zip(prompts, seeds, strict=True)]
    if not wanted:
        return []
    different = list(dict.fromkeys(wanted))
    talk = _Talk(mouth_of(model), model.card.window, most, temperature, frozenset(stop))
    found: dict[tuple[Ids, int], Generated] = {}
    for batch in _batches(different, most, batch_tokens, talk.mouth.way):
        found |= zip(batch, talk.replies(batch), strict=True)
        if progress is not None:
            progress(len(found), len(different))
    return [found[each] for each in wanted]


def chosen(logits_BV: Float[Tensor, "B V"], temperature: float, uniform_B: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """The token of each row: the likeliest at temperature 0, else the one at which the cumulative sum passes u."""
    if temperature == 0:
        return logits_BV.argmax(-1)
    total_BV = (logits_BV.double() / temperature).softmax(-1).cumsum(-1)
    return (total_BV <= uniform_B.to(total_BV)[:, None] * total_BV[:, -1:]).sum(-1)


def uniforms(prompt: Ids, seed: int, most: int) -> Float[np.ndarray, " T"]:
    """The numbers in [0, 1) by which a row's tokens are drawn, one for each step.

    They have 52 bits, so that u times a sum in float64 is always below the sum, unless that is zero.
    """
    key = blake2b(repr((seed, prompt)).encode(), digest_size=16).digest()
    raw = np.random.Philox(key=np.frombuffer(key, dtype="<u8").astype(np.uint64)).random_raw(most)
    return (np.asarray(raw, dtype=np.uint64) >> np.uint64(12)).astype(np.float64) * 2.0**-52


@dataclass(frozen=True, slots=True)
class _Talk:
    """The rules by which replies are made."""

    mouth: Mouth
    window: int | None
    most: int
    temperature: float
    stop: frozenset[int]

    def replies(self, rows: Sequence[tuple[Ids, int]]) -> list[Generated]:
        """The replies to some prompts with seeds, as one batch."""
        prompts = [prompt for prompt, _ in rows]
        draws = [uniforms(prompt, seed, self.most if self.temperature else 0) for prompt, seed in rows]
        limits = torch.tensor([self._limit(prompt) for prompt in prompts])
        said_IT = self._said(self.mouth.speaker(prompts), torch.from_numpy(np.stack(draws)), limits)
        ids = [tuple(token for token in row if token >= 0) for row in said_IT.tolist()]
        return [Generated(each, bool(each) and each[-1] in self.stop) for each in ids]

    def _limit(self, prompt: Ids) -> int:
        """How many tokens a reply may have: the last is never fed, so it may stand one past the window's end."""
        return self.most if self.window is None else min(self.most, self.window - len(prompt) + 1)

    def _said(self, rows: Whole | Remembering, uniform_IT: Tensor, limit_I: Tensor) -> Int[Tensor, "I T"]:
        """The tokens of each reply, −1 after its end."""
        said_IT = torch.full((len(limit_I), self.most), -1)
        live, stop = torch.arange(len(limit_I)), torch.tensor(sorted(self.stop), dtype=torch.long)
        speaks_I = limit_I > 0
        logits_BV = rows.first()
        for step in range(self.most):
            drawn = uniform_IT[live, step] if self.temperature else torch.zeros(len(live))
            token_B = chosen(logits_BV, self.temperature, drawn).cpu()
            said_IT[live, step] = torch.where(speaks_I[live], token_B, -1)
            speaks_I[live] &= ~torch.isin(token_B, stop) & (limit_I[live] > step + 1)
            stay_B = speaks_I[live]
            if not stay_B.any():
                break
            if (~stay_B).sum() >= DROPPED * len(live):
                rows.keep(stay_B)
                live, token_B = live[stay_B], token_B[stay_B]
            logits_BV = rows.after(token_B)
        return said_IT


def _batches(rows: Sequence[tuple[Ids, int]], most: int, batch_tokens: int, way: Way) -> list[list[tuple[Ids, int]]]:
    """The rows longest first, in batches that hold few enough tokens, and rows of one length where only those go."""
    left = sorted(rows, key=lambda row: -len(row[0]))
    batches: list[list[tuple[Ids, int]]] = []
    while left:
        longest = len(left[0][0])
        fits = max(1, batch_tokens // (longest + most))
        taken = [row for row in left[:fits] if way != "even" or len(row[0]) == longest]
        batches.append(taken)
        left = left[len(taken) :]
    return batches


def _check(model: LoadedModel, prompts: Sequence[Ids], seeds: Sequence[int], most: int, temperature: float) -> None:
    if len(seeds) != len(prompts):
        raise BadInput(f"{len(prompts)} prompts with {len(seeds)} seeds; give one seed for each prompt")
    if most < 1:
        raise BadInput(f"a reply of at most {most} tokens says nothing; give 1 or more")
    if not 0 <= temperature < float("inf"):
        raise BadInput(f"the temperature {temperature} is none; give 0 for the likeliest token, or a positive number")
    for place, prompt in enumerate(prompts):
        check_row(model.card, prompt, place)
