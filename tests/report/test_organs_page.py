"""The organs in a browser: every level of the zoom adds up as it is read, every verdict says first what it is, and
every view has an address and is reached by keys."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mesolens.report.html import write_report
from tests.attacks.test_report_injection import INVISIBLE
from tests.report.browsing import opened
from tests.report.figures import box, everything, saved
from tests.report.organs_reading import ANGLES, TRAITS, OrganShape, made, reading, with_middle, write_organs
from tests.report.synthetic import Shape
from tests.report.synthetic_face import FaceShape, make_face
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser

SMALL = OrganShape()
EVIL = OrganShape(hostile=True, traits=4)
MIDDLE = Shape(layers=3, heads=2, neurons=24, items=6)
UNSURE = {
    "unstable": "Not reliable",
    "diffuse": "No organs",
    "not determined": "Not determined",
    "of a later version": "Not reliable",
}
Runs = Callable[[OrganShape, Shape | None], Path]


@pytest.fixture(scope="module")
def organs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Gives the report of synthetic organs of some shape, alone or beside a middle."""
    written: dict[tuple[OrganShape, Shape | None], Path] = {}

    def get(shape: OrganShape, middle: Shape | None = None) -> Path:
        if (shape, middle) not in written:
            run = tmp_path_factory.mktemp("organs")
            made_of = write_organs(run, shape) if middle is None else with_middle(run, shape, middle)
            written[shape, middle] = write_report(made_of)
        return written[shape, middle]

    return get


def number(text: str) -> float:
    """A figure as the page writes it."""
    return float(text.strip("\u2007 +").replace("−", "-"))


def bars(page: Page) -> list[tuple[str, float, float, float]]:
    """The waterfall of the organs as its table says it: label, where the bar begins and ends, share."""
    rows = page.eval_on_selector_all(
        "#organs .waterfall tbody tr",
        """rows => rows.map(row => [row.querySelector('.label').textContent,
            row.querySelector('td.plot').textContent, row.querySelector('td.num').textContent])""",
    )
    return [(label, *(number(part) for part in plot.split(" to ")), number(share)) for label, plot, share in rows]


def check_sum(page: Page) -> tuple[float, float]:
    """The two sums that the page prints under the bars: of the bars, and of the parent."""
    text = page.inner_text("#organs .sum").replace("−", "-")
    found = re.search(r"Σ of bars\s+([-+]?[\d.]+), .*?([-+]?[\d.]+) nats, difference", text)
    assert found, text
    return float(found[1]), float(found[2])


def go(page: Page, place: str, name: str) -> None:
    """Follow a link to a place of the chapter, which ends its trail on `name`."""
    page.evaluate("place => { location.hash = place; }", f"#organs/{place}")
    page.wait_for_function(
        "name => document.querySelector('#organs .trail [aria-current]')?.textContent === name", arg=name
    )


def arrive(page: Page, path: list[str]) -> None:
    """The trail says `path` as soon as the chapter has turned to where a click or a key has led."""
    page.wait_for_function(
        "path => [...document.querySelectorAll('#organs .trail li')].map(e => e.textContent).join() === path.join()",
        arg=path,
    )


def trail(page: Page) -> list[str]:
    return page.eval_on_selector_all("#organs .trail li", "all => all.map(e => e.textContent)")


def leaf_of(organ: int, stem: str = "L1.mlp.n") -> str:
    """A neuron of an organ."""
    found = zip(SMALL.sites, made(SMALL).organ_L, strict=True)
    return next(site for site, k in found if k == organ and site.startswith(stem))


def exact(trait: int, organ: int, prefix: str = "") -> float:
    """The share of an organ's leaves under a place, straight from the numbers of the table."""
    numbers = made(SMALL)
    chosen = [
        k == organ and f"{site}.".startswith(prefix) for site, k in zip(SMALL.sites, numbers.organ_L, strict=True)
    ]
    return float(numbers.shares_TL[trait].astype(float)[np.array(chosen)].sum())


def test_it_asks_for_nothing_and_stands_behind_the_middle(browser: Browser, organs: Runs) -> None:
    path = organs(SMALL, MIDDLE)
    with opened(browser, path) as (page, seen):
        everything(page)
        assert seen.requests == [f"file://{path}"]
        assert seen.problems == []
        names = page.eval_on_selector_all(".chapters li", "all => all.map(e => e.innerText.split('\\n').slice(0, 2))")
        assert names[1:3] == [["middle", "read"], ["organs", "read"]]
        assert page.eval_on_selector_all(".chapter", "all => all.map(e => e.id)") == ["middle", "organs"]


def test_every_level_of_every_way_down_adds_up_as_it_is_read(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(SMALL, None), place="#organs/") as (page, _):
        ways = [("", "personality"), ("warmth", "warmth"), ("honesty", "honesty")]
        for trait in TRAITS[: SMALL.traits]:
            ways += [(f"{trait}/organ-{k + 1}", f"organ {k + 1}") for k in range(SMALL.organs)]
            ways += [(f"{trait}/remainder", "remainder"), (f"{trait}/organ-1/L1.mlp", "L1.mlp")]
            ways += [(f"{trait}/organ-2/prompt-1", "kind-rain-0")]
        for place, name in ways:
            go(page, place, name)
            *parts, (label, start, end, total) = bars(page)
            assert label == name
            assert parts[0][1] == start == 0
            assert all(before[2] == after[1] for before, after in pairwise(parts)), place
            assert end == total
            assert sum(part[3] for part in parts) == pytest.approx(total, abs=6e-4 * len(parts))
            assert page.locator("#organs .sum.holds").count() == 1, place
            of_bars, of_parent = check_sum(page)
            assert of_bars == pytest.approx(of_parent, abs=2e-6), place


def test_each_childs_own_level_ends_on_what_its_parent_says_of_it(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(SMALL, None), place="#organs/") as (page, _):
        for trait, name in enumerate(TRAITS[: SMALL.traits]):
            go(page, "", "personality")
            of_trait = {row[0]: row[3] for row in bars(page)}[name]
            go(page, name, name)
            assert bars(page)[-1][3] == pytest.approx(of_trait, abs=6e-4)
            rows = {row[0]: row[3] for row in bars(page)[:-1]}
            assert list(rows) == ["organ 1", "organ 2", "organ 3", "remainder"]
            for k in range(SMALL.organs):
                assert rows[f"organ {k + 1}"] == pytest.approx(exact(trait, k), abs=6e-4)
            go(page, f"{name}/organ-2", "organ 2")
            assert check_sum(page)[1] == pytest.approx(exact(trait, 1), abs=1e-6)
            writers = {row[0]: row[3] for row in bars(page)[:-1]}
            for writer, share in writers.items():
                assert share == pytest.approx(exact(trait, 1, f"{writer}."), abs=6e-4)
            go(page, f"{name}/organ-2/L1.mlp", "L1.mlp")
            assert check_sum(page)[0] == pytest.approx(exact(trait, 1, "L1.mlp."), abs=1e-8)


def test_a_parent_that_contradicts_its_children_is_said_not_to_add_up(
    browser: Browser, tmp_path: Path, organs: Runs
) -> None:
    text = organs(SMALL, None).read_text("utf-8")
    share = re.search(r'"map":\[\{"trait":0,"angle":0,"shares":\[(-?[\d.]+)', text)
    assert share
    broken = tmp_path / "report.html"
    broken.write_text(text.replace(share[0], share[0].replace(share[1], str(float(share[1]) + 0.01))), "utf-8")
    with opened(browser, broken, place="#organs/warmth/organ-1") as (page, _):
        page.wait_for_selector("#organs .sum.fails")
        assert "does not add up" in page.inner_text("#organs .sum")
    with opened(browser, broken, place="#organs/formality/organ-1") as (page, _):
        page.wait_for_selector("#organs .sum.holds")


def test_keys_lead_from_the_personality_to_a_leaf_and_back(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(SMALL, None), place="#organs/") as (page, seen):
        page.focus("#organs .waterfall tbody button[tabindex='0']")
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Enter", "ArrowRight", "Enter", "Enter"):
            page.keyboard.press(key)
        assert re.search(r"#organs/formality/organ-1/L\d\.[a-z]+\.[hn]\d+$", page.url)
        assert len(trail(page)) == 5
        assert page.inner_text("#organs .leaf-panel b").startswith(trail(page)[-1])
        for _ in range(4):
            page.keyboard.press("Backspace")
        assert page.url.endswith("#organs/")
        assert page.evaluate("document.activeElement.textContent") == "formality"
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        page.go_back()
        arrive(page, ["personality", "formality"])
        assert seen.problems == []


def test_a_leaf_leads_to_its_tokens_in_the_middle(browser: Browser, organs: Runs) -> None:
    leaf = leaf_of(0)
    with opened(browser, organs(SMALL, MIDDLE), place=f"#organs/warmth/organ-1/{leaf}") as (page, seen):
        shown = page.inner_text("#organs .leaf-panel")
        assert f"Open {leaf} in the middle" in shown
        page.click(f"#organs .leaf-panel a:text-is('Open {leaf} in the middle')")
        page.wait_for_function(
            "leaf => document.querySelector('#middle .trail [aria-current]').textContent === leaf", arg=leaf
        )
        assert page.url.endswith(f"#middle/all/{leaf}")
        page.go_back()
        assert trail(page)[-1] == leaf
        assert seen.problems == []
    with opened(browser, organs(SMALL, None), place=f"#organs/warmth/organ-1/{leaf}") as (page, _):
        assert "no chapter middle" in page.inner_text("#organs .leaf-panel")
        assert page.locator("#organs .leaf-panel a").count() == 0


def test_a_prompt_that_wakes_an_organ_is_tinted_by_its_tokens(browser: Browser, organs: Runs) -> None:
    with opened(browser, organs(SMALL, None), place="#organs/warmth/organ-1") as (page, _):
        assert page.locator("#organs .side .prose").count() == 3
        assert page.locator("#organs .side .tok.plus, #organs .side .tok.minus").count() == 48
        page.click("#organs .side button:text-is('Token by token') >> nth=0")
        assert page.url.endswith("#organs/warmth/organ-1/prompt-1")
        page.hover("#organs .waterfall tbody tr:nth-child(8)")
        assert page.inner_text("#organs .tok.lit").strip() == "think"
        assert page.locator("#organs .side .prose").count() == 1


LOST = ("#organs/pride", "#organs/warmth/organ-9", "#organs/warmth/organ-4", "#organs/warmth/organ-1/L9.mlp",
        "#organs/x/y", "#organs/warmth/organ-1/prompt-3", "#organs/warmth/organ-0", "#organs/<img>", "#organs/%",
        "#organs-map/nothing")  # fmt: skip


@pytest.mark.parametrize("place", LOST)
def test_an_unknown_address_shows_the_personality(browser: Browser, organs: Runs, place: str) -> None:
    with opened(browser, organs(SMALL, None), place=place) as (page, seen):
        assert trail(page) == ["personality"]
        assert seen.problems == []


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


@pytest.mark.parametrize("verdict", ["organs", "unstable", "refused"])
def test_hostile_text_stays_text(browser: Browser, organs: Runs, verdict: str) -> None:
    path = organs(replace(EVIL, verdict=verdict), None)
    evil = quote(made(EVIL).traits[1], safe="")
    for place in ("", f"#organs/{evil}/organ-1", f"#organs/{evil}/organ-1/prompt-1", "#organs/<script>1</script>"):
        with opened(browser, path, place=place) as (page, seen):
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            everything(page)
            for k in range(len(ANGLES) if verdict != "refused" else 0):
                page.select_option("#organs-angle", str(k))
            assert page.evaluate("window.hacked") is None
            assert page.locator("#page script, #page style, #page img, #page svg, #page iframe").count() == 0
            assert page.evaluate("getComputedStyle(document.body).display") == "block"
            assert len(seen.requests) == 1
            assert (seen.problems, seen.dialogs) == ([], [])
            assert INVISIBLE.findall(page.inner_text("body") + page.title()) == []
            if "organ-1" in place and verdict == "organs":
                assert len(trail(page)) == (4 if "prompt" in place else 3)


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


@pytest.mark.parametrize("width", [380, 900, 1400])
def test_nothing_runs_over_the_edge(browser: Browser, organs: Runs, width: int) -> None:
    for shape in (SMALL, EVIL):
        trait = quote(made(shape).traits[1], safe="")
        for place in (f"#organs/{trait}/organ-1", f"#organs/{trait}/organ-2/prompt-1"):
            with opened(browser, organs(shape, None), place=place, size=(width, 800)) as (page, _):
                everything(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, place


def test_fifty_thousand_leaves_are_opened_without_a_wait(browser: Browser, organs: Runs) -> None:
    shape = OrganShape(layers=12, neurons=4200, heads=8, traits=6, organs=8)
    with opened(browser, organs(shape, None), place="#organs/") as (page, seen):
        page.wait_for_selector("#organs .sum.holds")
        for key in ("Enter", "Enter", "Enter"):
            page.focus("#organs .waterfall tbody button[tabindex='0']")
            took = page.evaluate(
                """key => new Promise(done => {
                    const began = performance.now();
                    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
                    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
                })""",
                key,
            )
            assert took < 1000
            assert page.locator("#organs .sum.holds").count() == 1
        assert seen.problems == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("verdict", ["organs", "unstable", "refused"])
def test_axe_finds_nothing(browser: Browser, organs: Runs, scheme: str, verdict: str) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in ui/")
    path = organs(replace(SMALL, verdict=verdict), MIDDLE if verdict == "organs" else None)
    places = ["#organs/", "#organs/warmth", "#organs/warmth/organ-3", f"#organs/warmth/organ-1/{leaf_of(0)}",
              "#organs/warmth/organ-1/prompt-1"]  # fmt: skip
    for place in places if verdict == "organs" else places[:1]:
        with opened(browser, path, place=place, scheme=scheme, bypass_csp=True) as (page, _):
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            everything(page)
            page.add_script_tag(path=AXE)
            assert violations(page) == []
