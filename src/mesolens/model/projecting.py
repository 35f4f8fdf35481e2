"""The residual stream at the position where each row decides, after every block, read while it passes.

For a row of ids the decision position is its last token: what the model says next comes from there. The state s_l after
block l is taken inside the pass and multiplied by given directions, s_l · d for each, in float64, so that nothing with
the length of the row is ever kept. The same passes give the log-probabilities of asked tokens at that position. Since
only the last position is read, all before it may come from a shared beginning (:mod:`mesolens.model.passes`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.errors import BadInput
from mesolens.model.batches import Ids
from mesolens.model.heads import Places, head_of, logits_at
from mesolens.model.loaded import LoadedModel
from mesolens.model.narrow import alone, narrow_of
from mesolens.model.passes import Pass, passes
from mesolens.model.rows import check_row
from mesolens.model.surprisal import log_probabilities
from mesolens.model.taps import Action, Point, tapped

Progress = Callable[[int, int], None]
"""Called with how many rows are done, and of how many."""
Look = Callable[[int, Float[Tensor, "B W"]], Tensor]
"""What is kept of the states of some rows after a block, from the block's number and the states."""

BATCH_TOKENS = 1024
"""On a CPU a pass of 4,096 tokens through a Llama of 38M parameters took 1.3 times as long for each: what is in work no
longer fits in its caches. A GPU wants more."""


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """What was read at the last position of some rows.

    Attributes:
        along: the state after each block along each direction, in the units of the stream.
        logp: for each row the log-probabilities in nats of the tokens that were asked for, as the next token.
    """

    along: Float[np.ndarray, "I L R"]
    logp: tuple[tuple[float, ...], ...]


def project(
    model: LoadedModel,
    rows: Sequence[Ids],
    directions_LWR: Float[np.ndarray, "L W R"],
    *,
    tokens: Sequence[Ids] = (),
    batch_tokens: int = BATCH_TOKENS,
    progress: Progress | None = None,
) -> Projected:
    """The state at each row's last position along directions, after every block; and how likely some tokens are next.

    Args:
        directions_LWR: for each block its directions, as columns.
        tokens: for each row the tokens whose log-probabilities are wanted; none at all by default.
        batch_tokens: most tokens in one forward pass, padding counted.
        progress: told after each pass.

    Raises:
        BadInput: a row is empty, has an id outside the vocabulary or is longer than the window; the directions do not
            fit the model's blocks and width; or there are tokens for some other number of rows.
    """
    blocks, width = len(model.anatomy.blocks), model.anatomy.stream_width
    if directions_LWR.shape[:2] != (blocks, width):
        raise BadInput(
            f"directions for {directions_LWR.shape[0]} blocks of width {directions_LWR.shape[1]}, and the model has "
            f"{blocks} of width {width}; compute them on this model"
        )
    directions = torch.from_numpy(np.ascontiguousarray(directions_LWR, dtype=np.float64))
    on_device = dict(enumerate(directions.to(model.module.device)))
    read = _Reading(model, lambda layer, states_BW: states_BW.double() @ on_device[layer], batch_tokens, progress)
    along_ILR, logp = read.rows(rows, tokens or [()] * len(rows))
    return Projected(along_ILR.reshape(len(rows), blocks, directions_LWR.shape[2]), logp)


def states(
    model: LoadedModel, rows: Sequence[Ids], *, batch_tokens: int = BATCH_TOKENS, progress: Progress | None = None
) -> Float[np.ndarray, "I L W"]:
    """The states themselves at each row's last position, after every block, in float32.

    They take rows × blocks × width × 4 bytes: meant for the means and principal components of some thousand rows.

    Raises:
        BadInput: a row is empty, has an id outside the vocabulary or is longer than the window.
    """
    read = _Reading(model, lambda _, states_BW: states_BW.float(), batch_tokens, progress)
    found, _ = read.rows(rows, [()] * len(rows))
    return found.reshape(len(rows), len(model.anatomy.blocks), model.anatomy.stream_width)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A model, and what is kept of its states."""

    model: LoadedModel
    look: Look
    batch_tokens: int
    progress: Progress | None

    @torch.no_grad()
    def rows(self, rows: Sequence[Ids], tokens: Sequence[Ids]) -> tuple[np.ndarray, tuple[tuple[float, ...], ...]]:
        """What was looked at in each row [I, L, …], and the log-probabilities of its tokens; equal rows run once."""
        _check(self.model, rows, tokens)
        wanted = list(zip(rows, tokens, strict=True))
        different = list(dict.fromkeys(wanted))
        ids = [row for row, _ in different]
        ways = _Ways.of(self.model, any(tokens))
        found: dict[tuple[Ids, Ids], _Seen] = {}
        for each in passes(ids, [len(row) - 1 for row in ids], self.model, self.batch_tokens):
            some = [different[row] for row in each.rows]
            found |= zip(some, self._pass(each, some, ways), strict=True)
            if self.progress is not None:
                self.progress(len(found), len(different))
        looked = np.stack([found[each][0] for each in wanted]) if wanted else np.empty(0)
        return looked, tuple(found[each][1] for each in wanted)

    def _pass(self, one: Pass, rows: Sequence[tuple[Ids, Ids]], ways: "_Ways") -> list["_Seen"]:
        """What one pass gives for each of its rows with their tokens."""
        own = Places(torch.arange(len(rows)), torch.tensor([len(ids) - 1 - one.start for ids, _ in rows]))
        seen: dict[int, Tensor] = {}
        actions: dict[Point, Action] = {
            Point(block.module, "out"): partial(self._see, seen, layer, own)
            for layer, block in enumerate(self.model.anatomy.blocks)
        }
        if ways.narrow is not None:
            actions[ways.narrow] = partial(alone, own)
        with tapped(self.model.module, actions):
            logits_BV = logits_at(self.model.module, one.ids, own, ways.head, **one.options)
        looked = torch.stack([seen[layer].cpu() for layer in sorted(seen)], 1).numpy()
        return list(zip(looked, _of_tokens(logits_BV, [tokens for _, tokens in rows]), strict=True))

    def _see(self, seen: dict[int, Tensor], layer: int, own: Places, live: Tensor) -> None:
        seen[layer] = self.look(layer, own.of(live))


@dataclass(frozen=True, slots=True)
class _Ways:
    """What this model need not compute: the perceptron and the logits at positions that are not read."""

    narrow: Point | None
    head: str | None

    @classmethod
    def of(cls, model: LoadedModel, asked: bool) -> "_Ways":
        head = head_of(model.module, model.anatomy, model.card.vocabulary) if asked else None
        return cls(narrow_of(model), head)


_Seen = tuple[np.ndarray, tuple[float, ...]]
"""What was looked at in one row [L, …], and the log-probabilities of its tokens."""


def _of_tokens(logits_BV: Tensor, tokens: Sequence[Ids]) -> list[tuple[float, ...]]:
    """For each row the log-probabilities of its tokens."""
    counts = torch.tensor([len(each) for each in tokens])
    if not counts.any():
        return [()] * len(tokens)
    places_M = torch.arange(len(tokens)).repeat_interleave(counts).to(logits_BV.device)
    tokens_M = torch.tensor(list(chain.from_iterable(tokens)), device=logits_BV.device)
    values = log_probabilities(logits_BV, places_M, tokens_M).tolist()
    return [tuple(values[a:b]) for a, b in pairwise(accumulate(counts.tolist(), initial=0))]


def _check(model: LoadedModel, rows: Sequence[Ids], tokens: Sequence[Ids]) -> None:
    if len(tokens) != len(rows):
        raise BadInput(f"tokens asked for {len(tokens)} rows and {len(rows)} rows; give one tuple for each row")
    for place, (row, asked) in enumerate(zip(rows, tokens, strict=True)):
        check_row(model.card, row, place)
        for token in asked:
            check_row(model.card, (token,), place)
