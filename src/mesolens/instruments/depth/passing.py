"""The one engine: rows through the model, read and pushed at their last position, where the answer is decided.

The stream is met at its boundaries: before the first block (`embed`) and behind each block (`L0`, `L1`, …). A push adds
a vector to the state of one row at one boundary; only the last position is touched, so whatever comes before it is run
once for all pushes of a row (:mod:`mesolens.model.passes`). Hooks are gone when a pass ends, by whatever way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.model.batches import Ids
from mesolens.model.heads import Places, head_of, logits_at
from mesolens.model.loaded import LoadedModel
from mesolens.model.passes import passes
from mesolens.model.taps import Action, Point, tapped

Vectors = Callable[[Sequence[int]], Float[np.ndarray, "R W"]]
"""What is added to each of some rows, by their numbers."""


@dataclass(frozen=True, slots=True)
class Push:
    """What is added to rows: for each the boundary at which, and the vectors when they are needed."""

    boundaries: Sequence[int]
    vectors: Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What rows decided.

    Attributes:
        said: of each row's choices the likeliest.
        free: of the whole vocabulary the likeliest.
        states: at every boundary; empty where they were not asked for.
    """

    said: list[int]
    free: list[int]
    states: Float[np.ndarray, "I B W"]


def boundary_names(blocks: int) -> list[str]:
    """What the boundaries of the stream are called.

    >>> boundary_names(2)
    ['embed', 'L0', 'L1']
    """
    return ["embed", *(f"L{layer}" for layer in range(blocks))]


def boundaries(model: LoadedModel) -> list[Point]:
    """Where the stream is met, in order."""
    blocks = model.anatomy.blocks
    return [Point(blocks[0].module, "in"), *(Point(block.module, "out") for block in blocks)]


def likeliest(logits_V: Float[Tensor, " V"], choices: Ids) -> int:
    """The choice with the largest logit; the first named of those that tie."""
    return choices[int(logits_V[list(choices)].argmax())]


@torch.no_grad()
def decide(
    model: LoadedModel,
    rows: Sequence[Ids],
    choices: Sequence[Ids],
    *,
    batch_tokens: int,
    look: bool = False,
    push: Push | None = None,
) -> Decided:
    """What each row's next token is, of its choices and of all; with `look` also its states, under a push if any."""
    head = head_of(model.module, model.anatomy, model.card.vocabulary)
    said, free = [0] * len(rows), [0] * len(rows)
    states: dict[int, Float[np.ndarray, "B W"]] = {}
    points = boundaries(model)
    for each in passes(rows, [len(row) - 1 for row in rows], model, batch_tokens):
        own = Places(torch.arange(len(each.rows)), torch.tensor([len(rows[row]) - 1 - each.start for row in each.rows]))
        seen: list[Tensor] = []
        actions: dict[Point, Action] = {} if push is None else dict(_pushes(push, each.rows, points, own))
        if look:
            actions = {point: partial(_see, seen, own) for point in points}
        with tapped(model.module, actions):
            logits = logits_at(model.module, each.ids, own, head, **each.options)
        for place, row in enumerate(each.rows):
            said[row], free[row] = likeliest(logits[place], choices[row]), int(logits[place].argmax())
        if look:
            states |= zip(each.rows, torch.stack(seen, 1).float().cpu().numpy(), strict=True)
    found = [states[row] for row in range(len(rows))] if look else []
    return Decided(said, free, np.stack(found) if found else np.empty((0, len(points), model.anatomy.stream_width)))


def _see(seen: list[Tensor], own: Places, live: Tensor) -> None:
    seen.append(own.of(live).to("cpu"))


def _pushes(push: Push, rows: Sequence[int], points: Sequence[Point], own: Places) -> Iterator[tuple[Point, Action]]:
    vectors = torch.from_numpy(np.ascontiguousarray(push.vectors(rows)))
    at = torch.tensor([push.boundaries[row] for row in rows])
    for boundary in at.unique().tolist():
        here = torch.nonzero(at == boundary)[:, 0]
        yield points[boundary], partial(_add, own.rows[here], own.positions[here], vectors[here])


def _add(rows: Tensor, positions: Tensor, vectors: Tensor, live: Tensor) -> Tensor:
    changed = live.clone()
    changed[rows.to(live.device), positions.to(live.device)] += vectors.to(live)
    return changed
