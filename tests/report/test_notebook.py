"""What a notebook's cell shows: the page in a frame that reaches nothing and stays small, and a table without it."""

import html
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mesolens.report.html import document
from tests.report.notebooks import cell_of, shown
from tests.report.synthetic import HOSTILE, Shape


@pytest.mark.browser
def test_the_frame_draws_the_tree_and_moves_inside_itself(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, cell_of(tmp_path, Shape())) as (page, frame, seen):
        assert frame.inner_text("h1") == "slide:mask"
        frame.click(".waterfall tbody tr:nth-child(2)")
        site = frame.inner_text(".trail [aria-current]")
        assert frame.evaluate("location.href") == f"about:srcdoc#middle/all/{site}"
        frame.click("a[href='#proof']")
        assert frame.evaluate("location.href") == "about:srcdoc#proof"
        assert frame.locator("button.save").count() > 0
        assert frame.locator("button.save:visible").count() == 0
        assert page.url.endswith("notebook.html")
        assert seen.requests == [page.url]
        assert seen.problems == []


@pytest.mark.parametrize("refused", [False, True])
def test_without_the_frame_a_table_stays_and_is_escaped(tmp_path: Path, refused: bool) -> None:
    text = cell_of(tmp_path, Shape(hostile=True, items=4, refused=refused))
    rest = re.sub("<iframe [^>]*></iframe>", "", text)  # what a site leaves that shows no frames
    assert "<table>" in rest
    assert set(re.findall("<([a-z0-9]+)", rest)) <= {"details", "summary", "p", "b", "i", "table", "tr", "td"}
    assert HOSTILE[0] in html.unescape(rest)
    assert html.unescape(rest).isprintable()


def test_the_frames_document_comes_through_the_attribute_unchanged(tmp_path: Path) -> None:
    text = cell_of(tmp_path, Shape(hostile=True, items=4))
    (inside,) = re.findall("srcdoc='([^']*)'", text)
    found = html.unescape(inside)
    assert found.startswith("<!doctype html>")
    assert found.endswith("</html>\n")
    style = re.search("<style>.*?</style>", document({}, {}, ""), re.DOTALL)
    assert style is not None
    assert style[0] in found


def test_a_cell_stays_small_however_large_the_run(tmp_path: Path) -> None:
    large = cell_of(tmp_path, Shape(layers=4, neurons=6000, items=24, opened=40))
    assert 500_000 < len(large) < 2_500_000
