"""Depth in a browser: every cell that is shown is the data's own, one scale holds for all matrices, and what was not
measured says why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page

from tests.report.browsing import opened
from tests.report.depth_reading import CHANCE, DepthShape, reading, write_depth
from tests.report.figures import box, check_inert, everything, once, percent, saved, unfolded
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser

SMALL = DepthShape()
EVIL = DepthShape(hostile=True)
BARE = DepthShape(layers=3, steps=2, verdict="cannot", used=False, silent=False, planned=False)
DEEP = DepthShape(layers=81, steps=12)
Runs = Callable[[DepthShape], Path]
TOP, LEFT, ROW = 16, 46, 22
"""Where the cells of a matrix stand on its canvas, in CSS pixels."""


@pytest.fixture(scope="module")
def depths(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Gives the report of a synthetic depth of some shape."""
    return once(tmp_path_factory, write_depth)


def data(shape: DepthShape) -> dict[str, Any]:
    """The data as the reading has it."""
    return cast(dict[str, Any], reading(shape).data)


def tints(page: Page, title: str) -> list[list[list[int]]]:
    """The colour near the left edge of every cell of a matrix, row by row."""
    found = (
        box(page, title)
        .locator("canvas")
        .evaluate(
            """(canvas, [layers, steps, top, left, row]) => {
            const context = canvas.getContext('2d'), scale = canvas.width / canvas.clientWidth;
            const wide = (canvas.clientWidth - left) / steps;
            const at = (l, s) => context.getImageData((left + s * wide + 6) * scale, (top + l * row + 5) * scale, 1, 1);
            return Array.from({length: layers}, (_, l) => Array.from({length: steps}, (_, s) => [...at(l, s).data]));
        }""",
            [SMALL.layers, SMALL.steps, TOP, LEFT, ROW],
        )
    )
    return cast("list[list[list[int]]]", found)


def test_it_asks_for_nothing_and_says_where_the_three_disagree(browser: Browser, depths: Runs) -> None:
    path = depths(SMALL)
    with opened(browser, path) as (page, seen):
        everything(page)
        assert seen.requests == [f"file://{path}"]
        assert seen.problems == []
        values = page.eval_on_selector_all("#depth .checks .value", "all => all.map(e => e.textContent)")
        assert values == ["94 %", "k = 3", "3.4", "12"]
        assert page.inner_text(".agree") == (
            "The three disagree on step 2 (read nowhere, present from L2, used from L2); "
            "agree on step 1 (read from L0, present from L0, used from L0)."
        )


def test_the_sheets_hold_every_cell_with_its_interval_chance_and_controls(browser: Browser, depths: Runs) -> None:
    asked = data(SMALL)
    measured = {"READ": ("cells", "tuned"), "PRESENT": ("cells",), "USED": ("cells", "patched", "mean")}
    controls = {"READ": (), "PRESENT": ("shuffled", "newborn"), "USED": ("shuffled",)}
    with opened(browser, depths(SMALL)) as (page, _):
        for title, kinds in measured.items():
            part = asked[title.lower()]
            _, *rows = saved(page, box(page, title))
            assert len(rows) == SMALL.layers * SMALL.steps
            for place, (layer, step, *figures) in enumerate(rows):
                row, column = divmod(place, SMALL.steps)
                assert (layer, step) == (asked["task"]["layers"][row], asked["task"]["steps"][column])
                cells = [part[kind][row][column] or dict.fromkeys(("value", "low", "high")) for kind in kinds]
                wanted = [cell[end] for cell in cells for end in ("value", "low", "high")]
                wanted += [part[name][row][column] for name in controls[title]]
                assert [float(figure) if figure else None for figure in figures] == [*wanted, CHANCE]


def test_one_scale_holds_for_all_matrices_and_their_controls(browser: Browser, depths: Runs) -> None:
    asked = data(SMALL)
    shown = {
        "READ": asked["read"]["cells"],
        "PRESENT": asked["present"]["cells"],
        "USED": asked["used"]["cells"],
        "PRESENT, newborn": asked["present"]["newborn"],
        "USED, shuffled": asked["used"]["shuffled"],
    }
    alphas: list[tuple[float, float]] = []
    with opened(browser, depths(SMALL)) as (page, _):
        for title, matrix in shown.items():
            drawn = tints(page, title)
            for layer in range(SMALL.layers):
                for step in range(SMALL.steps):
                    cell = matrix[layer][step]
                    if cell is not None:
                        value = cell["value"] if isinstance(cell, dict) else cell
                        alphas.append((max(0.0, (value - CHANCE) / (1 - CHANCE)), drawn[layer][step][3] / 255))
    assert len(alphas) > 90
    assert all(abs(alpha - 0.6 * above) < 0.006 for above, alpha in alphas)


def test_the_tuned_lens_stands_behind_a_switch(browser: Browser, depths: Runs) -> None:
    with opened(browser, depths(SMALL)) as (page, _):
        read = box(page, "READ")
        assert {cell[1][3] for cell in tints(page, "READ")} <= set(range(12))
        read.get_by_role("button", name="tuned lens").click()
        assert read.locator("[aria-pressed='true']").inner_text() == "tuned lens"
        assert max(cell[1][3] for cell in tints(page, "READ")) > 120


def test_the_pointer_is_told_a_cell_with_its_interval(browser: Browser, depths: Runs) -> None:
    cell, asked = data(SMALL)["present"]["cells"][2][0], data(SMALL)["present"]
    with opened(browser, depths(SMALL)) as (page, _):
        place = box(page, "PRESENT")
        place.locator("canvas").hover(position={"x": LEFT + 10, "y": TOP + 2.5 * ROW})
        told = place.locator(".over").inner_text()
        assert told.startswith(f"L1, step 1: {percent(cell['value'])} (95 %: {percent(cell['low'])} …")
        assert f"chance {percent(CHANCE)}, shuffled {percent(asked['shuffled'][2][0])}, newborn" in told


def test_curves_conditions_and_planning_say_their_figures(browser: Browser, depths: Runs) -> None:
    asked = data(SMALL)
    with opened(browser, depths(SMALL)) as (page, _):
        for curve in asked["k50"]:
            _, *rows = saved(page, box(page, curve["presentation"]))
            assert [[float(figure) for figure in row] for row in rows] == [list(row.values()) for row in curve["curve"]]
        assert page.locator(".family .badge").all_inner_texts() == ["counts", "does not count"]
        assert "contamination" in page.locator(".family-head").nth(1).inner_text()
        _, *rows = saved(page, box(page, "Paired differences").first)
        assert [float(row[6]) for row in rows] == [row["p"] for row in asked["nocot"]["paired"]]
        assert "1 of 3 are sure" in box(page, "Paired differences").first.inner_text()
        assert "Slope −0.8 (95 %: −1.1 … −0.5)" in box(page, "Accuracy by difficulty").first.inner_text()
        _, *rows = saved(page, box(page, "Commitment"))
        assert [float(row[4]) for row in rows] == [row["baseline"] for row in asked["planning"]["commitment"]]


def test_what_is_null_says_why(browser: Browser, depths: Runs) -> None:
    with opened(browser, depths(BARE)) as (page, _):
        assert "Used: the level is not solved" in box(page, "USED").inner_text()
        assert page.locator("#depth .verdict.open-ended").inner_text() == "cannot"
        assert page.locator(".depth-room > .empty").count() == 2
        assert "used not measured" in page.inner_text(".agree")
    with opened(browser, depths(replace(SMALL, verdict="of a later version"))) as (page, _):
        assert "Not reliable" in page.inner_text("#depth > .warning")


def test_hostile_text_stays_text(browser: Browser, depths: Runs) -> None:
    for shape in (EVIL, replace(EVIL, verdict="of a later version"), replace(EVIL, used=False, silent=False)):
        with opened(browser, depths(shape)) as (page, seen):
            everything(page)
            unfolded(page)
            page.locator(".depth-matrices canvas").first.hover(position={"x": 80, "y": 60})
            check_inert(page, seen)


@pytest.mark.parametrize("width", [420, 900, 1300])
def test_nothing_runs_over_the_edge(browser: Browser, depths: Runs, width: int) -> None:
    for shape in (SMALL, EVIL, BARE, DEEP):
        with opened(browser, depths(shape), size=(width, 800)) as (page, _):
            everything(page)
            unfolded(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape", [SMALL, BARE, EVIL])
def test_axe_finds_nothing(browser: Browser, depths: Runs, scheme: str, shape: DepthShape) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in ui/")
    with opened(browser, depths(shape), scheme=scheme, bypass_csp=True) as (page, _):
        everything(page)
        unfolded(page)
        page.add_script_tag(path=AXE)
        assert violations(page) == []
