"""The one scoring engine: how likely a model finds a continuation, token by token.

For a prompt x and a continuation y, log p(y_t | x, y_<t) in nats for each t, the log-softmax taken in float64. The last
token of a row is never fed, since nothing is asked after it. The numbers do not depend on what else is scored beside
them: a row alone and the same row among many others, padded or from a shared beginning, agree to rounding.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesolens.errors import BadInput
from mesolens.model.loaded import LoadedModel
from mesolens.model.passes import Ask, answers
from mesolens.model.rows import check_row
from mesolens.model.surprisal import expectations, log_probabilities
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


@dataclass(frozen=True, slots=True)
class Moments:
    """What is known of each token of a continuation, one number for each.

    Attributes:
        logp: log p of the token that came, in nats.
        entropy: the mean of −log p over all tokens that could have come, in nats.
        variance: the variance of −log p over them, in nats².
    """

    logp: tuple[float, ...]
    entropy: tuple[float, ...]
    variance: tuple[float, ...]


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
        progress: told of each row that is done.

    Raises:
        BadInput: a row without prompt or continuation, an id outside the vocabulary, or a row longer than the window.
    """
    found: dict[Row, tuple[float, ...]] = {}
    for passed in _scored(model, rows, batch_tokens, taps):
        values = log_probabilities(passed.logits, passed.places, passed.tokens).tolist()
        for row, part in passed.parts:
            found[row] = tuple(values[part])
            _tell(progress, len(found), passed.different)
    return [found[row] for row in rows]


def score_moments(
    model: LoadedModel,
    rows: Sequence[Row],
    *,
    batch_tokens: int = BATCH_TOKENS,
    taps: Mapping[Point, Action] | None = None,
    progress: Progress | None = None,
) -> list[Moments]:
    """What `score` gives, and beside it the entropy and the variance of the surprisal at each token's place.

    Raises:
        BadInput: as `score`.
    """
    found: dict[Row, Moments] = {}
    for passed in _scored(model, rows, batch_tokens, taps):
        values = log_probabilities(passed.logits, passed.places, passed.tokens).tolist()
        entropy, variance = (each[passed.places].tolist() for each in expectations(passed.logits))
        for row, part in passed.parts:
            found[row] = Moments(tuple(values[part]), tuple(entropy[part]), tuple(variance[part]))
            _tell(progress, len(found), passed.different)
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
    found: dict[int, Tensor] = {}
    for passed in answers(model, asks, batch_tokens=batch_tokens, taps=taps):
        found |= {ask: passed.logits[places[0]].cpu() for ask, places in passed.asks}
    return torch.stack([found[ask] for ask in range(len(prompts))]) if prompts else torch.empty(0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """One pass's logits, and the tokens that are scored by them.

    Attributes:
        places, tokens: for each scored token the place of its logits, and the token.
        parts: the rows that were scored, each with its own tokens among all.
        different: how many different rows there are over all passes.
    """

    logits: Float[Tensor, "N V"]
    places: Int[Tensor, " M"]
    tokens: Int[Tensor, " M"]
    parts: tuple[tuple[Row, slice], ...]
    different: int


def _scored(
    model: LoadedModel, rows: Sequence[Row], batch_tokens: int, taps: Mapping[Point, Action] | None
) -> Generator[_Scored]:
    for place, row in enumerate(rows):
        _check(model, row, place)
    different = list(dict.fromkeys(rows))
    for passed in answers(model, [_ask(row) for row in different], batch_tokens=batch_tokens, taps=taps):
        mine = [different[ask] for ask, _ in passed.asks]
        ends = list(accumulate((len(row.continuation) for row in mine), initial=0))
        places = list(chain.from_iterable(places for _, places in passed.asks))
        tokens = list(chain.from_iterable(row.continuation for row in mine))
        parts = tuple((row, slice(a, b)) for row, (a, b) in zip(mine, pairwise(ends), strict=True))
        device = passed.logits.device
        where, what = torch.tensor(places, device=device), torch.tensor(tokens, device=device)
        yield _Scored(passed.logits, where, what, parts, len(different))


def _tell(progress: Progress | None, done: int, of: int) -> None:
    if progress is not None:
        progress(done, of)


def _ask(row: Row) -> Ask:
    fed = row.prompt + row.continuation[:-1]
    return Ask(fed, tuple(range(len(row.prompt) - 1, len(fed))))


def _check(model: LoadedModel, row: Row, place: int) -> None:
    if not row.continuation:
        raise BadInput(f"row {place} has no continuation to score; give at least one token")
    check_row(model.card, row.prompt + row.continuation[:-1], place)
    check_row(model.card, (row.continuation[-1],), place)
    if not row.prompt:
        raise BadInput(
            f"row {place} has no prompt; begin it with at least one token, such as the beginning-of-sequence"
        )
