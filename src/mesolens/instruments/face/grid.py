"""All replies of a run as one grid: a row for each prompt and draw, a column for each angle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from mesolens.evidence.softmax import posterior
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OWN, Calibration, outcomes, strangeness
from mesolens.instruments.face.spec import BASELINE


@dataclass(frozen=True, slots=True)
class Grid:
    """Replies by prompt (I rows) and angle (N columns).

    Attributes:
        angles: the columns' compositions.
        items, draws, clusters: of each row.
        outcome: what each reply was taken for; `MISSING` where there is none.
        voice: the likeliest voice; −1 where there is no reply.
        rare: conformal p-value of its coherence.
        mine: how much of it is the own voice's: the posterior, 0 where it is nobody's; NaN where it is missing.
        understood: 1 where it answers its own prompt better than others, 0 where not, NaN where there is no reply.
        traits: by trait, log-likelihood ratio of the reply under the trait's two orders, in nats; NaN where it is
            missing or nobody's.
    """

    angles: tuple[str, ...]
    items: tuple[str, ...]
    draws: tuple[int, ...]
    clusters: tuple[str, ...]
    outcome: Int[np.ndarray, "I N"]
    voice: Int[np.ndarray, "I N"]
    rare: Float[np.ndarray, "I N"]
    mine: Float[np.ndarray, "I N"]
    understood: Float[np.ndarray, "I N"]
    traits: Float[np.ndarray, "Q I N"]

    def is_(self, outcome: int) -> Float[np.ndarray, "I N"]:
        """1 where a reply has the outcome, 0 where it has another, NaN where it is missing."""
        return np.where(self.outcome == MISSING, np.nan, (self.outcome == outcome).astype(float))

    def column(self, angle: str) -> int:
        """The place of an angle."""
        return self.angles.index(angle)

    @property
    def lost(self) -> Float[np.ndarray, "I N"]:
        """By how much each reply is the own voice's less than the same prompt's un-turned one is: 1, 0 or −1."""
        own = self.is_(OWN)
        return own[:, [self.column(BASELINE)]] - own


def grid_of(rows: pa.Table, angles: Sequence[str], known: Calibration, traits: int) -> Grid:
    """The grid of some angles; every reply that the table has of them, the first where it has several."""
    there = {name: place for place, name in enumerate(angles)}
    names, draws = rows["angle"].to_pylist(), rows["draw"].to_pylist()
    ids, clusters = rows["item"].to_pylist(), rows["cluster"].to_pylist()
    keys = {(str(i), int(d or 0)): str(cluster) for i, d, cluster in zip(ids, draws, clusters, strict=True)}
    row_of = {key: place for place, key in enumerate(keys)}
    picked: dict[tuple[int, int], int] = {}
    for place, (item, draw, angle) in enumerate(zip(ids, draws, names, strict=True)):
        if angle in there:
            picked.setdefault((row_of[str(item), int(draw or 0)], there[angle]), place)
    grid = _empty(tuple(angles), keys, traits)
    _fill(grid, rows, picked, known)
    return grid


def _empty(angles: tuple[str, ...], keys: dict[tuple[str, int], str], traits: int) -> Grid:
    shape = (len(keys), len(angles))
    return Grid(
        angles,
        tuple(item for item, _ in keys),
        tuple(draw for _, draw in keys),
        tuple(keys.values()),
        np.full(shape, MISSING),
        np.full(shape, -1),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full((traits, *shape), np.nan),
    )


def _fill(grid: Grid, rows: pa.Table, picked: dict[tuple[int, int], int], known: Calibration) -> None:
    said = np.array([length is not None for length in rows["length"].to_pylist()], bool)
    places = [(at, place) for at, place in picked.items() if said[place]]
    if not places:
        return
    into = tuple(np.array([at for at, _ in places]).T)
    some = rows.take(pa.array([place for _, place in places]))
    totals = np.array(some["totals"].to_pylist(), dtype=float)
    coherence, length = (some[name].to_numpy().astype(float) for name in ("coherence", "length"))
    found = outcomes(totals, coherence, length, known.clean, known.alpha)
    grid.outcome[into] = found
    grid.voice[into] = totals.argmax(1)
    grid.rare[into] = strangeness(totals.argmax(1), coherence, length, known.clean)
    grid.mine[into] = np.where(found == NOBODY, 0.0, posterior(totals, known.temperature)[:, OWN])
    grid.understood[into] = some["understood"].to_numpy(zero_copy_only=False).astype(float)
    if len(grid.traits):
        scores = np.array(some["traits"].to_pylist(), dtype=float)
        scores[found == NOBODY] = np.nan
        grid.traits[(slice(None), *into)] = scores.T


def voices_of(grid: Grid, column: int, names: Sequence[str]) -> dict[str, float]:
    """Who the other is: the share of each other voice among all replies from one angle, largest first."""
    outcome = grid.outcome[:, column]
    taken = np.bincount(grid.voice[outcome == OTHER, column], minlength=len(names)) / (outcome != MISSING).sum()
    order = [int(voice) for voice in np.argsort(-taken, kind="stable") if taken[voice] > 0]
    return {names[voice]: float(taken[voice]) for voice in order}
