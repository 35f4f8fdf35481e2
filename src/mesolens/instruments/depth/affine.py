"""An affine map from each boundary of the stream to its end, fitted in one pass over some rows.

With x the state at a boundary and y the last state at the same position, both centred,

    A = (XᵀX + λ I)⁻¹ XᵀY,      ŷ = ȳ + (x − x̄) A.

Only XᵀX, XᵀY and sums are kept, in float64, so that rows of any number cost the same memory. One row in four is kept
aside while λ is chosen, by the squared error there, which follows from its own sums; then all rows count. The last
boundary's map is the identity and is not fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesolens.instruments.depth.passing import boundaries
from mesolens.model.batches import Ids, pack
from mesolens.model.loaded import LoadedModel
from mesolens.model.taps import Action, Point, tapped

RIDGES = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Strengths that are tried, in parts of the states' mean square times the number of positions."""
_ASIDE = 4
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Affine:
    """A map of states: about a mean, by a matrix, to another mean."""

    before: Float[np.ndarray, " W"]
    matrix: Float[np.ndarray, "W W"]
    after: Float[np.ndarray, " W"]

    def __call__(self, states_NW: Float[np.ndarray, "N W"]) -> Float[np.ndarray, "N W"]:
        """Where states are carried."""
        return ((states_NW - self.before) @ self.matrix + self.after).astype(np.float32)


@dataclass(slots=True)
class Sums:
    """Sums over positions, of states x at a boundary and y at the end."""

    count: float
    x: Float[np.ndarray, " W"]
    y: Float[np.ndarray, " W"]
    xx: Float[np.ndarray, "W W"]
    xy: Float[np.ndarray, "W W"]
    yy: float

    @classmethod
    def none(cls, width: int) -> "Sums":
        """Of no position."""
        square = np.zeros((width, width))
        return cls(0.0, np.zeros(width), np.zeros(width), square, square.copy(), 0.0)

    def add(self, x_NW: Float[np.ndarray, "N W"], y_NW: Float[np.ndarray, "N W"]) -> None:
        """Take positions in."""
        self.count += len(x_NW)
        self.x += x_NW.sum(0)
        self.y += y_NW.sum(0)
        self.xx += x_NW.T @ x_NW
        self.xy += x_NW.T @ y_NW
        self.yy += float((y_NW**2).sum())

    def joined(self, other: "Sums") -> "Sums":
        """Of both's positions."""
        mine, theirs = ([getattr(each, name) for name in Sums.__slots__] for each in (self, other))
        return Sums(*(one + two for one, two in zip(mine, theirs, strict=True)))

    def solved(self, ridge: float) -> Affine:
        """The ridge regression of y on x."""
        before, after = self.x / self.count, self.y / self.count
        square = self.xx - np.outer(before, self.x)
        strength = ridge * float(np.trace(square)) / len(before) + _TINY
        matrix = np.linalg.solve(square + strength * np.eye(len(before)), self.xy - np.outer(before, self.y))
        return Affine(before, matrix, after)

    def error(self, found: Affine) -> float:
        """The mean squared error of a map on these positions."""
        shift = found.after - found.before @ found.matrix  # ŷ = x A + shift
        cross = float((found.matrix * self.xy).sum()) + float(shift @ self.y)
        square = float(((self.xx @ found.matrix) * found.matrix).sum())
        square += 2 * float(self.x @ found.matrix @ shift) + self.count * float(shift @ shift)
        return (self.yy - 2 * cross + square) / self.count


def memory(blocks: int, width: int) -> int:
    """Bytes that the sums of all boundaries take."""
    return 2 * 2 * 8 * blocks * width * width


def fitted(model: LoadedModel, rows: Sequence[Ids], *, batch_tokens: int, seed: int = 0) -> list[Affine]:
    """A map for each boundary to the last one, fitted on all positions of the rows."""
    width, count = model.anatomy.stream_width, len(boundaries(model))
    order = np.random.default_rng(seed).permutation(len(rows))
    aside = [rows[place] for place in order[: len(rows) // _ASIDE]]
    kept = [rows[place] for place in order[len(rows) // _ASIDE :]]
    told, tried = (_sums(model, some, batch_tokens) for some in (kept, aside))
    maps: list[Affine] = []
    for one, other in zip(told[: count - 1], tried[: count - 1], strict=True):
        ridge = min(RIDGES, key=lambda each: other.error(one.solved(each))) if other.count else RIDGES[-2]
        maps.append(one.joined(other).solved(ridge))
    return [*maps, Affine(np.zeros(width), np.eye(width), np.zeros(width))]


@torch.no_grad()
def _sums(model: LoadedModel, rows: Sequence[Ids], batch_tokens: int) -> list[Sums]:
    points = boundaries(model)
    found = [Sums.none(model.anatomy.stream_width) for _ in points]
    for batch in pack(rows, batch_tokens):
        seen: dict[Point, Tensor] = {}
        actions: dict[Point, Action] = {point: partial(_see, seen, point) for point in points}
        own = torch.arange(batch.ids.shape[1]) < torch.tensor(batch.lengths)[:, None]
        with tapped(model.module, actions):
            model.module(input_ids=batch.ids.to(model.module.device), use_cache=False)
        states = [seen[point][own].double().numpy() for point in points]
        for sums, x_NW in zip(found, states, strict=True):
            sums.add(x_NW, states[-1])
    return found


def _see(seen: dict[Point, Tensor], point: Point, live: Tensor) -> None:
    seen[point] = live.to("cpu", copy=True)
