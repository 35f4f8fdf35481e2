"""How a slide of any kind is grown: by its name, the unit in which it is told of, and the most of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mesolens.slides import (
    drift,
    drift_folder,
    permuted,
    permuted_folder,
    pointed,
    pointed_folder,
    recalling,
    recalling_folder,
    routed_folder,
    routing,
    train,
)
from mesolens.slides.recipe import recipe


@dataclass(frozen=True, slots=True)
class Grower:
    """How one slide is grown.

    Attributes:
        unit: in which its progress is told.
        most: units, at most.
        grow: trains it into a folder, telling of its progress, and gives the folder.
    """

    unit: str
    most: int
    grow: Callable[[Path, train.Progress], Path]


def grower(name: str) -> Grower:
    """How the slide of that name is grown.

    Raises:
        BadInput: there is no such slide.
    """
    adrift, routed, chasing = drift.named(name), routing.named(name), pointed.named(name)
    recalls, permutes = recalling.named(name), permuted.named(name)
    if adrift:
        return Grower("documents", drift.STEPS * train.ROWS, lambda out, told: drift_folder.grow(adrift, out, told))
    if routed:
        return Grower("steps", routing.STEPS, lambda out, told: routed_folder.grow(routed, out, told))
    if chasing:
        most = pointed.LONGEST + pointed.FADE + pointed.COOL
        return Grower("batches", most, lambda out, told: pointed_folder.grow(chasing, out, told))
    if recalls:
        return Grower("batches", recalling.BATCHES, lambda out, told: recalling_folder.grow(recalls, out, told))
    if permutes:
        most = permuted.LONGEST + permuted.COOL
        return Grower("batches", most, lambda out, told: permuted_folder.grow(permutes, out, told))
    made = recipe(name)
    return Grower("tokens", made.tokens, lambda out, told: train.grow(made, out, told))
