"""The verification in a browser: every check and every figure in words, and files that say what was drawn."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Locator, Page

from mesolens.report.proof import checks
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.browsing import opened
from tests.report.synthetic import Shape

pytestmark = pytest.mark.browser

SMALL = Shape()
Reports = Callable[[Shape], Path]


def proof(report: Path) -> dict[str, Any]:
    """The verification as the reading has it."""
    return cast(dict[str, Any], readings(Store(report.parent))["middle"].data["proof"])


def saved(page: Page, box: Locator) -> list[list[str]]:
    """The rows of the file that a figure's button saves."""
    with page.expect_download() as found:
        box.locator(".save").click()
    return list(csv.reader(io.StringIO(Path(found.value.path()).read_text("utf-8"), newline="")))


def box(page: Page, title: str) -> Locator:
    return page.locator(".plot-box", has=page.locator("h4", has_text=title))


def test_every_check_is_stated_with_its_figure_and_its_state(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    words = {True: "holds", False: "does not hold", None: "no bar"}
    with opened(browser, path) as (page, seen):
        rows = page.eval_on_selector_all(
            ".verify tbody tr", "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
        )
        wanted = cast(list[dict[str, Any]], checks(proof(path)))
        assert rows == [[c["name"], c["text"], c["bar"] or "–", words[c["holds"]]] for c in wanted]
        assert seen.problems == []


def test_a_run_without_verification_says_so_for_every_check(browser: Browser, report: Reports) -> None:
    with opened(browser, report(Shape(items=3, proven=False))) as (page, seen):
        assert page.locator(".verify tr.absent").count() == 6
        assert page.locator(".plot-box").count() == 0
        assert seen.problems == []


def test_the_file_behind_each_figure_is_its_table(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    found = proof(path)
    with opened(browser, path) as (page, seen):
        curves = saved(page, box(page, "Keep and remove"))
        part = found["curves"]
        columns = [part[name] for name in ("sizes", "keep", "remove", "random_keep", "random_remove")]
        assert [[float(x) for x in row] for row in curves[1:]] == [list(row) for row in zip(*columns, strict=True)]
        parity = saved(page, box(page, "exact patching"))
        assert [row[0] for row in parity[1:]] == [point["site"] for point in found["parity"]["points"]]
        assert [float(row[2]) for row in parity[1:]] == [point["removed"] for point in found["parity"]["points"]]
        nulls = saved(page, box(page, "matched sets"))
        assert [float(row[1]) for row in nulls[1:]] == [found["nulls"]["effect"], *found["nulls"]["nulls"]]
        matrix = saved(page, box(page, "other traits"))
        assert [float(row[2]) for row in matrix[1:]] == [x for row in found["matrix"]["effects"] for x in row]
        assert len(saved(page, box(page, "stay the largest"))) == 1 + len(found["stability"]["members"])
        assert [row[0] for row in saved(page, box(page, "shuffled"))[1:]] == found["shuffled"]["called_sites"]
        assert seen.problems == []


def test_the_numbers_of_a_figure_can_be_read_without_seeing_it(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    with opened(browser, path) as (page, _):
        figure = box(page, "Keep and remove")
        assert "leaves alone keep" in figure.locator("figcaption").inner_text()
        figure.locator("summary").click()
        figure.locator(".sheet tbody tr").first.wait_for()  # a browser tells of an opened part a moment later
        assert figure.locator(".sheet tbody tr").count() == len(proof(path)["curves"]["sizes"])


def test_a_leaf_of_the_stable_set_opens(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    site = proof(path)["stability"]["members"][0]["site"]
    with opened(browser, path, place="#proof") as (page, _):
        page.click(f".bars button:text-is('{site}')")
        assert page.url.endswith(f"#middle/all/{site}")
        assert page.inner_text(".trail [aria-current]") == site
