"""Pages as a reader meets them: written once for each shape, scrolled to, drawn, saved as a file, and inert."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Locator, Page

from mesolens.report.html import write_report
from tests.attacks.test_report_injection import INVISIBLE
from tests.report.browsing import Seen

S = TypeVar("S")


def once(factory: pytest.TempPathFactory, write: Callable[[Path, S], Path]) -> Callable[[S], Path]:
    """Gives the report of a run of some shape; each shape's folder is written once, and is around its report."""
    written: dict[S, Path] = {}

    def get(shape: S) -> Path:
        if shape not in written:
            written[shape] = write_report(write(factory.mktemp("run"), shape))
        return written[shape]

    return get


def number(text: str) -> float:
    """A figure as the page writes it."""
    return float(text.strip("\u2007 +").replace("−", "-"))


def percent(part: float) -> str:
    """A part as the page writes it."""
    return f"{float(f'{100 * part:.3g}'):g} %"


def unfolded(page: Page) -> None:
    """Open all that can be opened."""
    page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")


def check_inert(page: Page, seen: Seen) -> None:
    """Nothing that strangers wrote runs, loads, draws or hides anything."""
    assert page.evaluate("window.hacked") is None
    assert page.locator("#page script, #page style, #page img, #page svg, #page iframe").count() == 0
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert len(seen.requests) == 1
    assert (seen.problems, seen.dialogs) == ([], [])
    assert INVISIBLE.findall(page.inner_text("body") + page.title()) == []


def everything(page: Page) -> None:
    """Go through the page once, so that all of it is drawn."""
    page.evaluate(
        """async () => {
            for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
                scrollTo(0, y);
                await new Promise(requestAnimationFrame);
                await new Promise(requestAnimationFrame);
            }
            scrollTo(0, 0);
        }"""
    )
    page.wait_for_function("[...document.querySelectorAll('.later:empty')].every(e => !e.checkVisibility())")


def box(page: Page, title: str) -> Locator:
    """The figure of a title, drawn."""
    everything(page)
    return page.locator(".plot-box", has=page.locator(f"h4:text-is('{title}')"))


def saved(page: Page, place: Locator) -> list[list[str]]:
    """The rows of the file that a part's button saves."""
    with page.expect_download() as found:
        place.locator(".save").first.click()
    return list(csv.reader(io.StringIO(Path(found.value.path()).read_text("utf-8"), newline="")))
