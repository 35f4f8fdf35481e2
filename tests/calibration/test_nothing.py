"""Where nothing differs nothing is found; where something does, the same count is not zero."""

from mesolens import api
from mesolens.calibration import nothing
from mesolens.runs.settings import Settings
from mesolens.slides.flips import flips


def test_no_place_is_found_where_nothing_differs() -> None:
    ticks: list[int] = []
    rows = nothing.rows(Settings(budget="quick"), ticks.append)
    assert [(row.value, row.holds) for row in rows] == [(0.0, True), (0.0, True)]
    assert sum(ticks) == nothing.steps("quick")


def test_the_count_is_not_zero_where_models_differ() -> None:
    implant, mask = api.load("slide:mask-implant-L1-attn"), api.load("slide:mask")
    tree = api.middle(implant, flips("mask-implant-L1-attn")[:3], against=mask, tokens=False, budget=None)
    assert nothing._places(tree) > 0
