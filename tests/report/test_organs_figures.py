"""The organs' figures in a browser: the map, the files, the card, and what covers them where nothing is sure."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mesolens.report.html import write_report
from tests.report.browsing import opened
from tests.report.figures import box, everything, number, saved
from tests.report.organs_page import SMALL, Runs, arrive
from tests.report.organs_reading import ANGLES, OrganShape, made, reading, write_organs
from tests.report.synthetic_face import FaceShape, make_face

pytestmark = pytest.mark.browser

UNSURE = {
    "unstable": "Not reliable",
    "diffuse": "No organs",
    "not determined": "Not determined",
    "of a later version": "Not reliable",
}


def cells(page: Page) -> list[list[str]]:
    """The personality map as it stands."""
    return page.eval_on_selector_all(
        "[aria-label='Personality map'] tbody tr",
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))",
    )


def test_the_map_is_redrawn_by_the_angle_and_names_the_broken_one(browser: Browser, organs: Runs) -> None:
    data: Any = made(SMALL).sums()
    asked: Any = reading(SMALL).data["map"]
    with opened(browser, organs(SMALL, None)) as (page, seen):
        place = box(page, "Personality map")
        identity = cells(page)
        for trait in range(SMALL.traits):
            values = [number(text.split(": ")[-1]) for text in identity[trait]]
            assert values[:4] == pytest.approx(list(data[trait]), abs=6e-4)
            assert values[4] == pytest.approx(sum(values[:4]), abs=3e-3)
            marked = [text.startswith("interval excludes zero") for text in identity[trait][:4]]
            ends = zip(asked[trait]["low"], asked[trait]["high"], strict=True)
            assert marked == [low > 0 or high < 0 for low, high in ends]
        assert place.locator(".angle-note").count() == 0
        page.select_option("#organs-angle", label="base64 (broken)")
        assert "Broken angle" in place.locator(".angle-note").first.inner_text()
        assert page.url.endswith("#organs-map/base64")
        broken = cells(page)
        page.click("button:text-is('change against identity')")
        for before, after, moved in zip(identity, broken, cells(page), strict=True):
            for k in range(4):
                change = number(after[k].split(": ")[-1]) - number(before[k].split(": ")[-1])
                assert number(moved[k].split(": ")[-1]) == pytest.approx(change, abs=2e-3)
        page.click("[aria-label='previous angle']")
        assert "Held back" in place.locator(".angle-note").first.inner_text()
        page.go_back()
        assert page.input_value("#organs-angle") == "4"
        page.click("button:text-is('shares')")
        place.locator("td a").first.click()
        arrive(page, ["personality", "warmth", "organ 1"])
        assert seen.problems == []


def test_the_files_hold_what_the_figures_show(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(SMALL, None), place="#organs/warmth/organ-2/L1.mlp") as (page, _):
        rows = saved(page, page.locator("#organs .level"))
        shares = {row[0]: float(row[2]) for row in rows[1:]}
        numbers = made(SMALL)
        assert {site: numbers.shares_TL[0][SMALL.sites.index(site)] for site in shares if ".n" in site} == {
            site: share for site, share in shares.items() if ".n" in site
        }
        map_rows = saved(page, box(page, "Personality map"))
        assert len(map_rows) == 1 + SMALL.traits * len(ANGLES) * (SMALL.organs + 1)
        silent = saved(page, box(page, "Which organs fall silent"))
        assert len(silent) == 1 + SMALL.organs * SMALL.traits * (len(ANGLES) - 1)
        assert {row[1] for row in silent[1:] if row[-1] == "yes"} == {"base64"}
        assert len(saved(page, box(page, "Removed: held at its reference"))) == 1 + 4 * SMALL.organs * SMALL.traits
        assert len(saved(page, box(page, "Against other groupings of the same sizes"))) == 7
        assert len(saved(page, box(page, "Own and other traits"))) == 1 + SMALL.organs * SMALL.traits
        assert [row[-1] for row in saved(page, box(page, "How many organs"))].count("yes") == 1
        assert len(saved(page, box(page, "Organs of the twin"))) == 1 + SMALL.organs + 1


def test_the_card_follows_the_organ_and_labels_what_is_unstable(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(SMALL, None), place="#organs/warmth/organ-3") as (page, _):
        everything(page)
        card = page.locator(".organ-card")
        assert card.locator(".name").inner_text() == "organ 3"
        assert card.locator(".badge.unsure").inner_text() == "unstable"
        assert "0.62 (95 %: 0.55 … 0.71), unstable" in card.inner_text()
        page.click("#organs .trail button >> nth=1")
        page.click("#organs .side button:text-is('organ 2')")
        assert card.locator(".name").inner_text() == "organ 2"
        assert card.locator(".badge").all_inner_texts() == ["shared"]
        serves = card.locator("table", has_text="What it serves").locator("tbody tr").all_inner_texts()
        assert len(serves) == SMALL.traits
        assert page.locator("[aria-label='All organs'] .badge.unsure").count() == 1


@pytest.mark.parametrize("verdict", UNSURE)
def test_what_is_not_sure_is_said_first_and_covered(browser: Browser, organs: Runs, verdict: str) -> None:
    with opened(browser, organs(replace(SMALL, verdict=verdict), None), place="#organs/warmth") as (page, seen):
        everything(page)
        assert page.inner_text("#organs .verdict") == verdict
        first = page.evaluate("document.querySelector('#organs > header').nextElementSibling.textContent")
        assert first.startswith(UNSURE[verdict])
        page.wait_for_selector("#organs .covered")
        assert not page.locator("#organs .covered").evaluate("e => e.open")
        assert page.locator("#organs .waterfall:visible, #organs .organ-card:visible").count() == 0
        assert "organ 1" not in page.inner_text("#organs")
        assert "Not reliable" in page.inner_text("#organs .covered > summary")
        assert page.locator("h4:text-is('How many organs'):visible").count() == 1
        page.click("#organs .covered > summary")
        page.wait_for_selector("#organs .waterfall:visible")
        assert "may be called an organ" in page.inner_text("#organs .covered > .warning")
        assert seen.problems == []


def test_without_any_group_there_is_nothing_to_uncover(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(OrganShape(verdict="diffuse", organs=0), None)) as (page, seen):
        page.wait_for_selector("h4:text-is('How many organs')")
        assert page.locator("#organs .covered").count() == 0
        assert seen.problems == []


def test_a_refusal_shows_its_reason_and_no_share(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(replace(SMALL, verdict="refused"), None), place="#organs/warmth") as (page, seen):
        assert "misses the measured change by 43 %" in page.inner_text("#organs .refusal")
        assert page.locator("#organs .waterfall, #organs .covered, #organs .plot-box, #organs .organ-card").count() == 0
        assert page.locator("#data-organs, #data-organs-leaves").count() == 0
        assert page.locator("#organs .refusal tbody tr").count() == SMALL.traits
        assert seen.problems == []


def test_the_face_and_the_organs_lead_to_each_other(browser: Browser, tmp_path: Path) -> None:
    shape = FaceShape(angles=12, items=3, voices=4, traits=2)
    run = write_organs(make_face(tmp_path / "run", shape), SMALL)
    report = write_report(run)
    with opened(browser, report) as (page, seen):
        page.wait_for_selector(".angles tbody tr")
        everything(page)
        page.click(".angles tbody tr:has(.label:text-is('json'))")
        page.click("text=Organs under this angle")
        page.wait_for_selector("[aria-label='Personality map']")
        assert page.url.endswith("#organs-map/json")
        assert page.evaluate("document.querySelector('#organs-angle').selectedOptions[0].textContent") == "json"
        page.click(".angles tbody tr:has(.label:text-is('upper'))")
        assert page.locator("text=Organs under this angle").count() == 0
        page.click("text=Who answers from this angle")
        assert page.inner_text(".angle-card:not(.organ-card) .name") == "json"
        assert seen.problems == []
