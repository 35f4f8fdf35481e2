"""The organs in a browser: every level of the zoom adds up as it is read, and every view has an address and is
reached by keys."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.report.browsing import opened
from tests.report.figures import check_inert, everything, unfolded
from tests.report.organs_page import EVIL, MIDDLE, SMALL, Runs, arrive, bars, check_sum, exact, go, leaf_of, trail
from tests.report.organs_reading import ANGLES, TRAITS, OrganShape, made
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("verdict", ["organs", "unstable", "refused"])
def test_hostile_text_stays_text(browser: Browser, organs: Runs, verdict: str) -> None:
    path = organs(replace(EVIL, verdict=verdict), None)
    evil = quote(made(EVIL).traits[1], safe="")
    for place in ("", f"#organs/{evil}/organ-1", f"#organs/{evil}/organ-1/prompt-1", "#organs/<script>1</script>"):
        with opened(browser, path, place=place) as (page, seen):
            unfolded(page)
            everything(page)
            for k in range(len(ANGLES) if verdict != "refused" else 0):
                page.select_option("#organs-angle", str(k))
            check_inert(page, seen)
            if "organ-1" in place and verdict == "organs":
                assert len(trail(page)) == (4 if "prompt" in place else 3)


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
            unfolded(page)
            everything(page)
            page.add_script_tag(path=AXE)
            assert violations(page) == []
