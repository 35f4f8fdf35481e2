"""Figures of a page as a reader meets them: scrolled to, drawn, and saved as a file."""

import csv
import io
from pathlib import Path

from playwright.sync_api import Locator, Page


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
