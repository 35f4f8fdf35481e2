"""Tables of shares with planted organs, as if a model had been measured: the ground of the tests of organs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyarrow as pa

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle.organs import OrgansSpec, View
from mesolens.instruments.middle.organs.found import ITEMS, SITES, Found, found_in, item_rows
from mesolens.instruments.middle.organs.spec import BROKEN, CLEAN, FOUND, HELD
from mesolens.model.card import ModelCard
from mesolens.traits.encode import EncodedContrast
from tests.instruments.tiny import build

TRAITS = ("warmth", "candour")
ORGANS, EACH, NOISE = 3, 10, 120
LEAVES = ORGANS * EACH + NOISE
SMALL = OrgansSpec((), most=4, resamples=6, rotations=19, random=3, draws=60)


def sites(leaves: int = LEAVES) -> tuple[str, ...]:
    """Neurons of two layers, behind the embedding."""
    return ("embed", *(f"L{k // 16}.mlp.n{k % 16}" for k in range(leaves - 1)))


def contrast(trait: str, item: int) -> EncodedContrast:
    """A contrast in ids that nobody reads, each a template of its own."""
    tokens = ("a", "b", "c")
    return EncodedContrast(f"{trait}-{item}", f"{trait}/{item}", (3, 4, 5), (3, 6, 5), (0,), (1,),
                           tokens, tokens, ("yes",), ("no",))  # fmt: skip


def views(items: int = 10, held: int = 4) -> tuple[View, ...]:
    """Each trait's items from two angles that organs are found by and one that breaks; others held, from another."""
    some: list[View] = []
    for trait in TRAITS:
        for item in range(items + held):
            here = contrast(trait, item)
            uses = [(CLEAN, FOUND), ("quoted", FOUND), ("bell", BROKEN)] if item < items else [("upper", HELD)]
            some += [View(here, trait, here.id, angle, use) for angle, use in uses]
    return tuple(some)


@dataclass(frozen=True, slots=True)
class Planted:
    """A table with its truth.

    Attributes:
        of: each leaf's organ; −1 for leaves of noise.
    """

    spec: OrgansSpec
    tables: Tables
    of: np.ndarray

    @property
    def found(self) -> Found:
        """The table as the organs' steps take it."""
        return found_in(self.tables, self.spec)


@cache
def planted(seed: int = 1, *, noise: float = 0.002, quiet: int | None = None, flips: bool = False) -> Planted:
    """Three organs: the first serves one trait, the second the other, the third both; leaves pull either way.

    Args:
        seed: of all.
        noise: beside each leaf's pull.
        quiet: an organ that the angle `bell` silences.
        flips: whether each item's shares are turned at random, so that no trait is served.
    """
    rng, spec = np.random.default_rng(seed), replace(SMALL, views=views())
    of = np.array([*np.repeat(np.arange(ORGANS), EACH), *[-1] * NOISE])
    pull = rng.uniform(0.8, 1.2, LEAVES) * np.where(rng.random(LEAVES) < 0.25, -1.0, 1.0)
    serves = {"warmth": np.array([3.0, 0.2, 2.0]), "candour": np.array([0.2, 3.0, -2.0])}
    moods: dict[str, np.ndarray] = {}
    turns: dict[str, float] = {}
    rows: list[np.ndarray] = []
    for view in spec.views:
        mood = moods.setdefault(view.item, 0.2 + rng.gamma(1.0, 1.0, ORGANS))
        turn = turns.setdefault(view.item, rng.choice([-1.0, 1.0]) if flips else 1.0)
        organs = serves[view.trait] * mood * rng.uniform(0.8, 1.2, ORGANS)
        if quiet is not None and view.angle == "bell":
            organs[quiet] *= 0.05
        row = noise * rng.normal(size=LEAVES)
        row[of >= 0] += (organs[of[of >= 0]] * pull[of >= 0]) / EACH
        rows.append(turn * row)
    return Planted(spec, tables_of(rows), of)


def tables_of(rows: Sequence[np.ndarray], *, off: float = 0.0) -> Tables:
    """The tables of shards with these shares; `off` is the part by which totals miss the differences."""
    rest = [{"delta": float(row.sum()) * (1 + off), "steps": 8, "closes": off == 0} for row in rows]
    names = sites(len(rows[0]))
    return {
        ITEMS: item_rows(list(range(len(rows))), list(rows), rest),
        SITES: pa.table({"site": pa.array(names, pa.string())}),
    }


def card() -> ModelCard:
    """Some model's card."""
    return build("llama").card
