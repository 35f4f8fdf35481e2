"""A notebook around a cell: a page with a secret of its own, opened in a browser, the cell's frame drawn."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Frame, Page

from mesolens.report.notebook import cell
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.browsing import Seen, opened
from tests.report.synthetic import Shape, make_run

_NOTEBOOK = "<!doctype html><html data-ready='yes'><title>A notebook</title><script>window.secret = 1</script>{}</html>"


def cell_of(folder: Path, shape: Shape) -> str:
    """The cell of a synthetic run of some shape."""
    store = Store(make_run(folder / "run", shape))
    return cell(readings(store)["middle"], store.tables("middle"))


@contextmanager
def shown(browser: Browser, folder: Path, text: str) -> Generator[tuple[Page, Frame, Seen]]:
    """A notebook with the cell in it, and a record of what it does."""
    notebook = folder / "notebook.html"
    notebook.write_text(_NOTEBOOK.format(text), "utf-8")
    with opened(browser, notebook) as (page, seen):
        frame = page.frames[1]
        frame.wait_for_selector("html[data-ready]")
        yield page, frame, seen
