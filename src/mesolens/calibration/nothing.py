"""The middle where there is nothing to find: a model against itself, and a prompt against itself.

Nothing differs, so no place may be found: the verdict must be that nothing is determined, and every share zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from mesolens import api
from mesolens.evidence.row import Bar, Row
from mesolens.model.load import load
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.flips import flips

SECONDS: Mapping[Budget, float] = {"quick": 1.0, "standard": 1.0, "deep": 1.0}
NONE = Bar("=", 0.0)


def steps(budget: Budget) -> int:
    """One for each of the two."""
    return 2


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """How many places are found in each."""
    model, again = load("slide:mask"), load("slide:mask")
    contrasts = flips("mask-implant-L1-attn")
    trees = {"mask against itself": api.middle(model, contrasts, against=again, tokens=False, budget=None)}
    tick(1)
    same = [replace(each, reference=each.clean) for each in contrasts]
    trees["prompts against themselves"] = api.middle(model, same, tokens=False, budget=None)
    tick(1)
    counts = {subject: _places(tree) for subject, tree in trees.items()}
    return [
        Row("middle", subject, "places found where nothing differs", count, bar=str(NONE), holds=NONE.holds(count))
        for subject, count in counts.items()
    ]


def _places(tree: api.Tree) -> float:
    """The nodes with a share, if the reading claims to have found something at all."""
    return 0.0 if tree.verdict != "closed" else float(sum(node.share != 0.0 for node in tree.nodes))
