"""What a notebook's cell shows: the page in a frame that reaches nothing and stays small, and a table without it."""

import html
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page

from mesolens.report.html import document
from mesolens.report.notebook import cell
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.browsing import Seen, opened
from tests.report.synthetic import HOSTILE, Shape, make_run

NOTEBOOK = "<!doctype html><html data-ready='yes'><title>A notebook</title><script>window.secret = 1</script>{}</html>"
Cells = Callable[[Shape], str]


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """Gives the cell of a synthetic run of some shape."""

    def get(shape: Shape) -> str:
        store = Store(make_run(tmp_path_factory.mktemp("run"), shape))
        return cell(readings(store)["middle"], store.tables("middle"))

    return get


@contextmanager
def shown(browser: Browser, folder: Path, text: str) -> Generator[tuple[Page, Frame, Seen]]:
    """A notebook with the cell in it, its frame drawn."""
    notebook = folder / "notebook.html"
    notebook.write_text(NOTEBOOK.format(text), "utf-8")
    with opened(browser, notebook) as (page, seen):
        frame = page.frames[1]
        frame.wait_for_selector("html[data-ready]")
        yield page, frame, seen


@pytest.mark.browser
def test_the_frame_draws_the_tree_and_moves_inside_itself(browser: Browser, cells: Cells, tmp_path: Path) -> None:
    with shown(browser, tmp_path, cells(Shape())) as (page, frame, seen):
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


@pytest.mark.browser
def test_the_frame_reaches_nothing_and_hostile_text_is_text(browser: Browser, cells: Cells, tmp_path: Path) -> None:
    with shown(browser, tmp_path, cells(Shape(hostile=True, items=len(HOSTILE)))) as (page, frame, seen):
        assert page.get_attribute("iframe", "sandbox") == "allow-scripts"
        assert frame.evaluate("self.origin") == "null"
        for reach in ("parent.secret", "parent.document.title", "top.document.body", "localStorage", "document.cookie"):
            tried = f"(() => {{ try {{ return String({reach}); }} catch (problem) {{ return problem.name; }} }})()"
            assert frame.evaluate(tried) == "SecurityError", reach
        assert frame.inner_text("h1").startswith(HOSTILE[0])
        for place in ("contrast-0/embed", "contrast-4/L1.attn.h1", "all/model"):
            frame.evaluate("place => { location.hash = `#middle/${place}`; }", place)
        page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None
        assert frame.evaluate("window.hacked") is None
        assert page.locator("script, img, svg, style").count() == 1  # the notebook's own script
        assert (seen.problems, seen.dialogs, len(seen.requests)) == ([], [], 1)


@pytest.mark.browser
def test_the_policy_holds_inside_the_frame(browser: Browser, cells: Cells, tmp_path: Path) -> None:
    with shown(browser, tmp_path, cells(Shape())) as (page, frame, seen):
        frame.evaluate(
            """() => {
                const script = document.createElement('script');
                script.textContent = 'window.hacked = 1';
                document.body.append(script);
                fetch('https://example.com/').catch(() => undefined);
            }"""
        )
        page.wait_for_timeout(100)
        assert frame.evaluate("window.hacked") is None
        assert all(any(directive in text for text in seen.problems) for directive in ("script-src", "connect-src"))


@pytest.mark.parametrize("refused", [False, True])
def test_without_the_frame_a_table_stays_and_is_escaped(cells: Cells, refused: bool) -> None:
    text = cells(Shape(hostile=True, items=4, refused=refused))
    rest = re.sub("<iframe [^>]*></iframe>", "", text)  # what a site leaves that shows no frames
    assert "<table>" in rest
    assert set(re.findall("<([a-z0-9]+)", rest)) <= {"details", "summary", "p", "b", "i", "table", "tr", "td"}
    assert HOSTILE[0] in html.unescape(rest)
    assert html.unescape(rest).isprintable()


def test_the_frames_document_comes_through_the_attribute_unchanged(cells: Cells) -> None:
    text = cells(Shape(hostile=True, items=4))
    (inside,) = re.findall("srcdoc='([^']*)'", text)
    found = html.unescape(inside)
    assert found.startswith("<!doctype html>")
    assert found.endswith("</html>\n")
    style = re.search("<style>.*?</style>", document({}, {}, ""), re.DOTALL)
    assert style is not None
    assert style[0] in found


def test_a_cell_stays_small_however_large_the_run(cells: Cells) -> None:
    large = cells(Shape(layers=4, neurons=6000, items=24, opened=40))
    assert 1_000_000 < len(large) < 4_000_000
