"""The chapter of the face as a reader meets it: what it lists, what is selected, and the data behind it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Page

from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.figures import everything
from tests.report.synthetic import Shape
from tests.report.synthetic_face import FaceShape

SMALL = FaceShape()
EVIL = FaceShape(hostile=True, items=4)
MIDDLE = Shape(layers=2, heads=2, neurons=8, items=6)
Faces = Callable[[FaceShape], Path]


def data_of(report: Path) -> dict[str, Any]:
    """The face as the reading has it."""
    return cast(dict[str, Any], readings(Store(report.parent))["face"].data)


def rows_of(report: Path, angle: str) -> list[dict[str, Any]]:
    """What the table says that the model replied to an angle."""
    return [row for row in Store(report.parent).load("face-replies").to_pylist() if row["angle"] == angle]


def names(page: Page) -> list[str]:
    """The angles that the table lists, in its order."""
    page.wait_for_selector(".angles tbody tr")
    return page.eval_on_selector_all(".angles tbody .label", "all => all.map(e => e.textContent)")


def chosen(page: Page) -> list[str]:
    """What every part that names the selected angle says: the card, the table's row, the reply browser."""
    everything(page)
    return [
        page.inner_text(".angle-card .name"),
        page.inner_text(".angles tr.selected .label"),
        page.evaluate("document.querySelector('#reply-angle').selectedOptions[0].textContent"),
    ]
