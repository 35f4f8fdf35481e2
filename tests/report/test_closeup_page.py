"""A head's, a neuron's and a contrast's own page in a browser: what was taken is shown, what was not is said."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from mesolens.runs.store import Store
from tests.report.browsing import opened
from tests.report.synthetic import Shape
from tests.report.synthetic_proof import SEEN

pytestmark = pytest.mark.browser

SMALL = Shape()
WRITERS = {f"L{layer}.{writer}" for layer in range(SMALL.layers) for writer in ("attn", "mlp")}
Reports = Callable[[Shape], Path]
Rows = list[dict[str, Any]]


def table(report: Path, name: str) -> Rows:
    """The rows of a table of the run around a report."""
    return Store(report.parent).load(f"middle-{name}").to_pylist()


def box(page: Page, title: str) -> Locator:
    return page.locator(".plot-box", has=page.locator("h4", has_text=title))


def saved(page: Page, save: Locator) -> list[list[str]]:
    """The rows of the file that a button saves, without the head."""
    with page.expect_download() as found:
        save.click()
    return list(csv.reader(io.StringIO(Path(found.value.path()).read_text("utf-8"), newline="")))[1:]


def test_a_heads_page_has_its_attention_edges_and_promoted_tokens(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    attention = [row for row in table(path, "attention") if row["item"] == 1]
    head = attention[0]["site"]
    edges = [row for row in table(path, "edges") if row["item"] == 1]
    with opened(browser, path, place=f"#middle/contrast-1/{head}") as (page, seen):
        page.wait_for_selector(".closeup")
        wanted = {(r["destination"], r["source"]): r["weight"] for r in attention if r["site"] == head}
        found = {(int(r[0]), int(r[2])): float(r[4]) for r in saved(page, box(page, "Attention").locator(".save"))}
        assert found == pytest.approx(wanted, rel=1e-6)
        for title, mine, other in (("Fed by", "reader", "source"), ("Feeds", "source", "reader")):
            flow = {row[0]: float(row[1]) for row in saved(page, box(page, title).locator(".save"))}
            assert flow == {r[other]: r["share"] for r in edges if r[mine] == head and r[other] not in WRITERS}
        promoted = saved(page, box(page, "Promoted").locator(".save"))
        rows = [r for r in table(path, "promoted") if r["site"] == head]
        assert {int(r[0]): float(r[2]) for r in promoted} == {r["rank"]: r["value"] for r in rows}
        assert box(page, "Promoted").locator("tbody tr").count() == len(rows)
        assert seen.problems == []


def test_the_pattern_says_what_is_under_the_pointer(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    head = table(path, "attention")[0]["site"]
    with opened(browser, path, place=f"#middle/contrast-0/{head}") as (page, _):
        canvas = box(page, "Attention").locator("canvas")
        canvas.scroll_into_view_if_needed()
        canvas.hover(position={"x": 81, "y": 81})
        said = box(page, "Attention").locator(".over").inner_text()
        weight = next(r["weight"] for r in table(path, "attention") if (r["item"], r["site"]) == (0, head))
        assert said == f"place 0 (<|system|>) reads {weight:.3g} from place 0 (<|system|>)"


def test_an_edge_leads_to_its_other_end(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    edge = next(r for r in table(path, "edges") if r["item"] == 2 and ".n" in r["reader"])
    with opened(browser, path, place=f"#middle/contrast-2/{edge['reader']}") as (page, _):
        link = box(page, "Fed by").locator("button.link").first
        site = link.inner_text()
        link.click()
        assert page.url.endswith(f"#middle/contrast-2/{site}")
        assert page.locator(".closeup h3").inner_text().startswith(f"{site}: ")


def test_a_neurons_page_shows_the_token_that_wakes_it_in_its_context(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    rows = table(path, "activations")
    neuron = rows[0]["site"]
    with opened(browser, path, place=f"#middle/all/{neuron}") as (page, seen):
        page.wait_for_selector(".woken")
        mine = [row for row in rows if row["site"] == neuron]
        marks = page.locator(".woken mark").all_text_contents()
        assert [mark.strip("⏎ ") for mark in marks] == [row["token"].strip() for row in mine]
        page.click(".woken button >> nth=0")
        assert page.url.endswith(f"#middle/contrast-{mine[0]['item']}/{neuron}")
        assert seen.problems == []


def test_share_and_direct_effect_stand_side_by_side(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    leaf = next(r for r in table(path, "leaves") if r["item"] == 1 and r["direct"] is not None)
    with opened(browser, path, place=f"#middle/contrast-1/{leaf['site']}") as (page, _):
        shown = page.locator(".beside dd").all_inner_texts()
        numbers = [float(text.split()[0].replace("−", "-")) for text in shown[:2]]
        assert numbers == pytest.approx([leaf["share"], leaf["direct"]], abs=1e-3)
    with opened(browser, path, place="#middle/contrast-1/L0.mlp.n0") as (page, _):
        assert page.locator(".beside dd").all_inner_texts()[1] == "not taken"


def test_what_was_not_taken_is_said_in_words(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    head = table(path, "attention")[0]["site"]
    with opened(browser, path, place=f"#middle/contrast-{SEEN}/{head}") as (page, _):
        page.wait_for_selector(".closeup")
        assert "not kept for this contrast" in box(page, "Attention").inner_text()
        assert "not taken for this contrast" in box(page, "Edges").inner_text()
        page.click(".closeup .links button >> nth=0")
        assert page.url.endswith(f"#middle/contrast-0/{head}")
        assert box(page, "Attention").locator("canvas").count() == 1
    near = {row["site"] for name in ("promoted", "edges") for row in table(path, "promoted")}
    far = next(f"L0.mlp.n{n}" for n in range(256) if f"L0.mlp.n{n}" not in near)
    with opened(browser, path, place=f"#middle/contrast-0/{far}") as (page, _):
        page.wait_for_selector(".closeup")
        assert page.locator(".closeup .plot-box canvas, .closeup table").count() == 0
        assert page.locator(".closeup .plot-box", has_text="not opened under this budget").count() == 3
    with opened(browser, report(Shape(items=3, proven=False)), place="#middle/contrast-0/L0.attn.h0") as (page, seen):
        page.wait_for_selector(".closeup")
        assert "not kept in this run" in box(page, "Attention").inner_text()
        assert "not taken in this run" in box(page, "Edges").inner_text()
        assert seen.problems == []


def test_boundary_shares_of_a_contrast_are_the_tables(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    with opened(browser, path, place="#middle/contrast-2/model") as (page, _):
        page.wait_for_selector(".side .plot-box")
        rows = saved(page, box(page, "by layer").locator(".save"))
        wanted = {(r["layer"], r["token"]): r["share"] for r in table(path, "rows") if r["item"] == 2}
        assert {(int(r[0]), int(r[1])): float(r[3]) for r in rows} == wanted
    with opened(browser, path, place=f"#middle/contrast-{SEEN}/model") as (page, _):
        page.wait_for_selector(".sum")
        assert page.locator(".side .plot-box").count() == 0


def test_a_site_is_found_by_the_beginning_of_its_name(browser: Browser, report: Reports) -> None:
    with opened(browser, report(SMALL), place="#middle/contrast-1/L0") as (page, seen):
        page.wait_for_selector(".sum")
        page.fill("#site", "l3.at")
        options = page.locator("#sites li").all_inner_texts()
        assert options[0].split()[0] == "L3.attn"
        assert len(options) == 1 + SMALL.heads
        page.keyboard.press("ArrowDown")
        chosen = page.locator("#sites li[aria-selected='true'] span").first.inner_text()
        assert chosen.startswith("L3.attn.h")
        page.keyboard.press("Enter")
        assert page.url.endswith(f"#middle/contrast-1/{chosen}")
        assert page.locator("#sites").is_hidden()
        page.fill("#site", "L9")
        page.keyboard.press("Enter")
        assert page.url.endswith(chosen)
        assert seen.problems == []


def test_the_file_behind_a_waterfall_has_every_part(browser: Browser, report: Reports) -> None:
    path = report(SMALL)
    shares = {r["site"]: r["share"] for r in table(path, "leaves") if r["item"] == 1}
    with opened(browser, path, place="#middle/contrast-1/L2.mlp") as (page, _):
        *parts, total = saved(page, page.locator(".level .save"))
        assert {row[0]: float(row[2]) for row in parts} == {s: x for s, x in shares.items() if s.startswith("L2.mlp.")}
        assert float(total[2]) == pytest.approx(sum(float(row[2]) for row in parts), rel=1e-9)
