"""The one scoring engine: how likely a model finds a continuation, token by token.

For a prompt x and a continuation y, log p(y_t | x, y_<t) in nats for each t, the log-softmax taken in float64. The last
token of a row is never fed, since nothing is asked after it. The numbers do not depend on what else is scored beside
them: a row alone and the same row among many others, padded or from a shared beginning, agree to rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.errors import BadInput
from mesolens.model.loaded import LoadedModel
from mesolens.model.passes import Ask, answers
from mesolens.model.rows import check_row
from mesolens.model.taps import Action, Point

Ids = tuple[int, ...]
Progress = Callable[[int, int], None]
"""Called with how many rows are done, and of how many."""

BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Row:
    """What stands before, and the continuation whose tokens are scored."""

    prompt: Ids
    continuation: Ids


def score(
    model: LoadedModel,
    rows: Sequence[Row],
    *,
    batch_tokens: int = BATCH_TOKENS,
    taps: Mapping[Point, Action] | None = None,
    progress: Progress | None = None,
) -> list[tuple[float, ...]]:
    """Log-probabilities in nats, one for each token of each row's continuation, in the rows' order.

    Args:
        batch_tokens: most tokens in one forward pass, padding counted.
        taps: actions at points of the model during the passes (see :mod:`mesolens.model.taps`); rows then run whole.
        progress: told after each batch's rows.

    Raises:
        BadInput: a row without prompt or continuation, an id outside the vocabulary, or a row longer than the window.
    """
    for place, row in enumerate(rows):
        _check(model, row, place)
    different = list(dict.fromkeys(rows))
    asks = [_ask(row) for row in different]
    found: dict[Row, tuple[float, ...]] = {}
    for ask, logits_PV in answers(model, asks, batch_tokens=batch_tokens, taps=taps):
        row = different[ask]
        found[row] = _log_probabilities(logits_PV, row.continuation)
        if progress is not None:
            progress(len(found), len(different))
    return [found[row] for row in rows]


def next_token_logits(
    model: LoadedModel,
    prompts: Sequence[Ids],
    *,
    batch_tokens: int = BATCH_TOKENS,
    taps: Mapping[Point, Action] | None = None,
) -> Float[Tensor, "I V"]:
    """The logits of the token after each prompt, as the model gives them, on the CPU.

    Raises:
        BadInput: a prompt is empty, has an id outside the vocabulary, or is longer than the window.
    """
    for place, prompt in enumerate(prompts):
        check_row(model.card, prompt, place)
    asks = [Ask(prompt, (len(prompt) - 1,)) for prompt in prompts]
    found = {ask: logits_PV[0].cpu() for ask, logits_PV in answers(model, asks, batch_tokens=batch_tokens, taps=taps)}
    return torch.stack([found[ask] for ask in range(len(prompts))]) if prompts else torch.empty(0, 0)


def _ask(row: Row) -> Ask:
    fed = row.prompt + row.continuation[:-1]
    return Ask(fed, tuple(range(len(row.prompt) - 1, len(fed))))


def _log_probabilities(logits_PV: Float[Tensor, "P V"], tokens: Ids) -> tuple[float, ...]:
    """log softmax(logits)[token] in float64, a position at a time: a large vocabulary takes memory twice otherwise."""
    found: list[float] = []
    for logits_V, token in zip(logits_PV, tokens, strict=True):
        exact_V = logits_V.double()
        found.append(float(exact_V[token] - torch.logsumexp(exact_V, 0)))
    return tuple(found)


def _check(model: LoadedModel, row: Row, place: int) -> None:
    if not row.continuation:
        raise BadInput(f"row {place} has no continuation to score; give at least one token")
    check_row(model.card, row.prompt + row.continuation[:-1], place)
    check_row(model.card, (row.continuation[-1],), place)
    if not row.prompt:
        raise BadInput(
            f"row {place} has no prompt; begin it with at least one token, such as the beginning-of-sequence"
        )
