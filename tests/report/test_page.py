"""The page in a browser: it opens from a file, ends every waterfall on its parent, and can be used without a mouse."""

import csv
import io
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mesolens.runs.store import Store
from tests.report.browsing import opened
from tests.report.synthetic import Shape

pytestmark = pytest.mark.browser

SMALL = Shape()
AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
Reports = Callable[[Shape], Path]


def shown(page: Page) -> list[tuple[str, float, float, float]]:
    """The waterfall as its table says it: label, where the bar begins and ends, share."""
    rows = page.eval_on_selector_all(
        ".waterfall tbody tr",
        """rows => rows.map(row => [row.querySelector('.label').textContent,
            row.querySelector('td.plot').textContent, row.querySelector('td.num').textContent])""",
    )
    return [(label, *(_number(part) for part in plot.split(" to ")), _number(share)) for label, plot, share in rows]


def _number(text: str) -> float:
    return float(text.strip("\u2007 ").replace("−", "-"))


def check_sum(page: Page) -> tuple[float, float]:
    """The two sums that the page prints under the waterfall: of the bars, and of the parent."""
    text = page.inner_text(".sum").replace("−", "-")
    found = re.search(r"Σ of bars\s+([-+]?[\d.]+), \S+\s+([-+]?[\d.]+) nats", text)
    assert found, text
    return float(found[1]), float(found[2])


def go(page: Page, place: str) -> None:
    """Follow a link to a place of the chapter."""
    page.evaluate("place => { location.hash = `#middle/${place}`; }", place)
    page.wait_for_function(
        "site => document.querySelector('.trail [aria-current]')?.textContent === site", arg=place.split("/")[1]
    )
    page.wait_for_selector(".sum")


def exact_sum(run: Path, item: int, prefix: str) -> float:
    """The share of a site in one contrast, straight from the table."""
    rows = Store(run).load("middle-leaves").to_pylist()
    return float(np.sum([r["share"] for r in rows if r["item"] == item and f"{r['site']}.".startswith(prefix)]))


def test_it_opens_from_a_file_and_asks_for_nothing(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    with opened(browser, path) as (page, seen):
        page.wait_for_timeout(200)
        assert seen.requests == [f"file://{path}"]
        assert seen.problems == []
        assert page.title() == "slide:mask – Mesolens"
        states = page.eval_on_selector_all(".chapters li", "all => all.map(e => e.innerText.split('\\n')[1])")
        assert states == ["not asked for", "read", *["not asked for"] * 4, *["not built yet"] * 2]


PLACES = (
    "all/L2",
    "all/L1.mlp",
    "template-1/L0.attn",
    "contrast-4/model",
    "contrast-7/L3.mlp",
    "contrast-2/L1.attn.h3",
    "contrast-3/embed",
    "all/L2.attn.h1",
    "all/model",
)


def test_the_bars_of_every_kind_of_level_end_on_the_parent(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL), place="#middle/contrast-0/L0") as (page, _):
        for place in PLACES:
            go(page, place)
            *parts, (label, start, end, total) = shown(page)
            assert label == place.split("/")[1]
            assert parts[0][1] == start == 0
            assert all(before[2] == after[1] for before, after in pairwise(parts))
            assert parts[-1][2] == end == total
            assert page.locator(".sum.holds").count() == 1
            of_bars, of_parent = check_sum(page)
            assert of_bars == pytest.approx(of_parent, rel=1e-9, abs=1e-9)


def test_a_contrasts_parents_are_the_sums_of_its_leaves(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    with opened(browser, path, place="#middle/contrast-5/L1") as (page, _):
        for site in ("L1", "L3.mlp", "L0.attn"):
            go(page, f"contrast-5/{site}")
            assert check_sum(page)[1] == pytest.approx(exact_sum(path.parent, 5, f"{site}."), abs=6e-10)


def test_the_keyboard_goes_from_the_model_to_a_source_token_and_back(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL)) as (page, seen):
        page.focus("#contrast")
        page.keyboard.press("End")
        page.focus(".waterfall tbody button[tabindex='0']")
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Enter", "Enter", "ArrowRight"):
            page.keyboard.press(key)
        page.wait_for_selector("h3:has-text('source tokens')")
        assert re.search(r"#middle/contrast-11/L0\.attn\.h\d+$", page.url)
        page.keyboard.press("ArrowDown")
        assert ", token 1: " in page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert page.locator(".tok.lit").count() == 1
        for _ in range(3):
            page.keyboard.press("Backspace")
        assert page.url.endswith("#middle/contrast-11/model")
        assert page.evaluate("document.activeElement.textContent") == "L0"
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        assert seen.problems == []


def test_a_click_on_a_bar_and_on_the_map_opens_a_part(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL)) as (page, _):
        page.click(".waterfall tbody tr:nth-child(3) td.plot")
        assert page.url.endswith("#middle/all/L1")
        page.click("canvas.icicle", position={"x": 5, "y": 35})
        assert page.url.endswith("#middle/all/embed")
        page.click(".trail button")
        assert page.url.endswith("#middle/all/model")
        page.go_back()
        assert page.inner_text(".trail [aria-current]") == "embed"


def test_the_icicle_is_used_by_keys_and_says_where_one_is(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL), place="#middle/all/L2") as (page, seen):
        page.focus("canvas.icicle")
        for key, site in (("ArrowLeft", "L2"), ("ArrowDown", "L2.attn"), ("ArrowRight", "L2.mlp"), ("ArrowUp", "L2")):
            page.keyboard.press(key)
            assert page.inner_text(".tip").startswith(f"{site}: net ")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.url.endswith("#middle/all/L2.attn")
        assert page.inner_text(".trail [aria-current]") == "L2.attn"
        assert page.evaluate("document.activeElement.className") == "icicle"
        assert seen.problems == []


def test_the_file_behind_the_icicle_has_every_node_and_its_share(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    with opened(browser, path, place="#middle/contrast-5/L0") as (page, _):
        page.wait_for_selector(".sum")
        with page.expect_download() as found:
            page.click(".overview .save")
        rows = {row[0]: row for row in csv.reader(io.StringIO(Path(found.value.path()).read_text("utf-8")))}
        assert len(rows) == SMALL.nodes + 1
        shares = {r["site"]: r["share"] for r in Store(path.parent).load("middle-leaves").to_pylist() if r["item"] == 5}
        assert {site: float(rows[site][2]) for site in shares} == shares
        size = sum(abs(share) for site, share in shares.items() if site.startswith("L3.mlp."))
        assert float(rows["L3.mlp"][3]) == pytest.approx(size)


def test_another_contrast_shows_other_numbers(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL)) as (page, _):
        page.wait_for_selector(".sum")
        mean = shown(page)
        page.select_option("#contrast", "contrast-2")
        page.wait_for_selector(".prompts")
        one = shown(page)
        assert [row[0] for row in one] == [row[0] for row in mean]
        assert [row[3] for row in one] != [row[3] for row in mean]
        assert "gladly" in page.inner_text(".readout")
        assert page.locator(".tok.differs").count() > 0
        page.click("button[aria-label='next contrast']")
        assert page.url.endswith("#middle/contrast-3/model")


def test_a_fold_opens_until_every_leaf_was_listed(browser: Browser, report: Reports) -> None:
    with opened(browser, report(Shape(neurons=700, items=2)), place="#middle/all/L0.mlp") as (page, _):
        seen: set[str] = set()
        for _ in range(8):
            page.wait_for_selector(".sum.holds")
            seen |= {row[0] for row in shown(page)}
            if page.locator("tr.others").count() == 0:
                break
            page.click("tr.others")
        assert sum(".mlp.n" in label for label in seen) == 700


def test_reference_tokens_are_marked(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL), place="#middle/contrast-3/L0.attn.h0") as (page, _):
        page.wait_for_selector(".sum.holds")
        page.click("text=largest first")
        assert page.locator("tr .mark", has_text="reference").count() > 3


def test_an_unknown_address_shows_the_model(browser: Browser, report: Reports) -> None:
    for place in ("#middle/all/L99", "#middle/contrast-999/model", "#middle/all/<img>", "#x", "#middle/template-9/L0"):
        with opened(browser, report(SMALL), place=place) as (page, seen):
            assert page.inner_text(".trail [aria-current]") == "model"
            assert seen.problems == []


def test_a_refusal_shows_its_reason_and_no_share(browser: Browser, report: Reports) -> None:
    with opened(browser, report(Shape(refused=True))) as (page, seen):
        assert "misses the measured change by 43 %" in page.inner_text(".refusal")
        assert page.locator(".waterfall").count() == 0
        page.click(".refusal summary >> nth=0")
        assert "gladly" in page.inner_text(".refusal .readout >> nth=0")
        assert seen.problems == []


@pytest.mark.parametrize("width", [380, 760, 1400])
def test_nothing_runs_over_the_edge(browser: Browser, report: Reports, width: int) -> None:
    for shape in (SMALL, Shape(hostile=True)):
        near = Store(report(shape).parent).load("middle-promoted")["site"].unique().to_pylist()
        with opened(browser, report(shape), place="#middle/contrast-4/L1.attn.h1", size=(width, 800)) as (page, _):
            for place in ("contrast-4/L1.attn.h1", f"contrast-1/{near[0]}", f"all/{near[-1]}"):
                go(page, place)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, place


def test_the_theme_button_turns_the_page(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL), scheme="dark") as (page, _):
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        dark = page.evaluate(ground)
        page.click(".theme")
        assert page.evaluate(ground) != dark
        assert page.inner_text(".theme") == "Dark"


def violations(page: Page) -> list[tuple[str, list[object]]]:
    """What axe finds fault with, each with the first places."""
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in found["violations"]]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, report: Reports, scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in ui/")
    with opened(browser, report(SMALL), scheme=scheme, bypass_csp=True) as (page, _):
        page.add_script_tag(path=AXE)
        assert violations(page) == []
        near = Store(report(SMALL).parent).load("middle-promoted")["site"].unique().to_pylist()
        closer = [f"contrast-1/{near[0]}", f"all/{near[-1]}"]
        for place in ("contrast-3/L1.attn.h2", "all/L2.mlp", "all/L0.attn.h0", "template-0/model", *closer):
            go(page, place)
            page.fill("#site", "L1")
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            assert violations(page) == []
    with opened(browser, report(Shape(refused=True)), scheme=scheme, bypass_csp=True) as (page, _):
        page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
        page.add_script_tag(path=AXE)
        assert violations(page) == []
