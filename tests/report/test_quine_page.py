"""Quines in a browser: the programs stand there as text and as nothing else, and the picker finds every one of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser

from mesolens.report.html import write_report
from mesolens.runs.store import Store
from tests.attacks.test_report_injection import INVISIBLE
from tests.report.browsing import opened
from tests.report.figures import box, check_inert, everything, once, saved, unfolded
from tests.report.quine_reading import RUNGS, VERDICTS, QuineShape, reading, write_quine
from tests.report.synthetic import HOSTILE
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser

SMALL = QuineShape()
EVIL = QuineShape(hostile=True)
SKIPPED = QuineShape(skipped=True)
Runs = Callable[[QuineShape], Path]


@pytest.fixture(scope="module")
def quines(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Gives the report of a synthetic ladder of some shape."""
    return once(tmp_path_factory, write_quine)


def programs(shape: QuineShape) -> list[dict[str, Any]]:
    """The programs as the reading has them."""
    return cast(list[dict[str, Any]], reading(shape).data["programs"])


def test_it_asks_for_nothing_and_says_the_ladder(browser: Browser, quines: Runs) -> None:
    path = quines(SMALL)
    with opened(browser, path) as (page, seen):
        _, *rows = saved(page, box(page, "Honest programs by rung"))
        assert seen.requests[0] == f"file://{path}"
        assert seen.problems == []
        for row, rung in zip(rows, cast(list[dict[str, Any]], reading(SMALL).data["rungs"]), strict=True):
            share = rung["honest"] / rung["items"]
            counts = [rung["items"], rung["honest"], rung["novel"], share, rung["low"], rung["high"]]
            assert row[:2] == [rung["name"], rung["says"]]
            assert [float(figure) for figure in row[2:]] == counts
        assert "4 of 24 programs are honest, and 1 of these" in box(page, "Honest programs by rung").inner_text()
        assert "memory 256 MiB" in page.inner_text(".sandbox")


def test_every_program_is_reached_and_shown_as_it_is(browser: Browser, quines: Runs) -> None:
    found = programs(SMALL)
    with opened(browser, quines(SMALL), place="#quine/program-1") as (page, _):
        everything(page)
        for place, program in enumerate(found):
            if place:
                page.click("[aria-label='next program']")
            page.wait_for_selector(f"#quine [role=status]:text-is('{place + 1} of {len(found)}')")
            assert page.url.endswith(f"#quine/program-{place + 1}")
            shown = page.locator(".code").nth(1).evaluate("e => e.textContent")
            assert shown == (program["program"] or "∅")
            verdict = page.inner_text(".quine-verdict")
            assert program["verdict"] in verdict
            assert program["reason"] in verdict
            assert ("reply was cut" in verdict) is not program["ended"]
            marks = page.locator(".quine-checks .mark").all_inner_texts()
            assert marks == ["passed" if check["passed"] else "failed" for check in program["checks"]]
            near = program["novelty"]
            assert (f"{near['nearest']}, likeness {near['likeness']:.3g}" if near else "not read") in verdict


def test_the_picker_goes_by_rung_and_verdict_and_an_address_overrules_it(browser: Browser, quines: Runs) -> None:
    with opened(browser, quines(SMALL), place="#quine/program-1") as (page, _):
        everything(page)
        page.select_option("#quine-rung", label=f"{RUNGS[2]} (6)")
        page.select_option("#quine-verdict", label="cheats (4)")
        assert page.locator("#quine-program option").all_inner_texts() == ["length-1 – cheats"]
        assert page.inner_text(".quine-verdict .who") == "cheats"
        assert page.inner_text("#quine [role=status]") == "1 of 1"
        page.evaluate("location.hash = '#quine/program-24'")
        page.wait_for_selector("#quine [role=status]:text-is('24 of 24')")
        assert page.locator("#quine-program option").count() == 24
        assert page.inner_text(".quine-verdict .who") == VERDICTS[-1]


def test_a_program_runs_from_left_to_right_and_hides_nothing(browser: Browser, tmp_path: Path) -> None:
    run = write_quine(tmp_path / "run", SMALL)
    told = reading(SMALL).to_json()
    source = "if True:\n\tx = '\u05d0\u05d1' # \u202e\u2066 }\u200b\r\n</script><img src=x onerror=window.hacked=1>"
    cast(Any, told)["data"]["programs"][0]["program"] = source
    Store(run).write_json("readings/quine", told)
    with opened(browser, write_report(run), place="#quine/program-1") as (page, seen):
        everything(page)
        code = page.locator(".code").nth(1)
        escapes = ["\\u0009", "\\u202e", "\\u2066", "\\u200b", "\\u000d"]
        assert code.locator(".escape").all_inner_texts() == escapes
        shown = cast(str, code.evaluate("e => e.textContent"))
        for escape in escapes:
            shown = shown.replace(escape, chr(int(escape[2:], 16)))
        assert shown == source
        assert code.evaluate("e => getComputedStyle(e).unicodeBidi") == "bidi-override"
        assert code.evaluate("e => [...e.querySelectorAll('*')].every(x => x.className === 'escape')")
        assert page.evaluate("window.hacked") is None
        assert seen.problems == []


def test_without_a_sandbox_it_says_why(browser: Browser, quines: Runs) -> None:
    with opened(browser, quines(SKIPPED)) as (page, seen):
        everything(page)
        assert page.locator("#quine .verdict.open-ended").inner_text() == "skipped"
        assert "there is no bubblewrap on this machine" in page.inner_text("#quine .refusal")
        assert "so there is no program" in page.inner_text(".quine-room")
        assert page.locator("#quine .checks").count() == 0
        assert seen.problems == []
    with opened(browser, quines(replace(SMALL, verdict="of a later version"))) as (page, _):
        assert "Not reliable" in page.inner_text("#quine > .warning")


def test_hostile_text_stays_text(browser: Browser, quines: Runs) -> None:
    for shape in (replace(EVIL, each=len(HOSTILE)), replace(EVIL, skipped=True)):
        with opened(browser, quines(shape), place="#quine/program-2") as (page, seen):
            everything(page)
            for _ in range(0 if shape.skipped else len(HOSTILE)):
                page.click("[aria-label='next program']")
                assert INVISIBLE.findall(page.inner_text(".quine-body")) == []
            unfolded(page)
            check_inert(page, seen)


@pytest.mark.parametrize("width", [420, 900, 1300])
def test_nothing_runs_over_the_edge(browser: Browser, quines: Runs, width: int) -> None:
    for shape in (SMALL, EVIL, SKIPPED):
        with opened(browser, quines(shape), place="#quine/program-12", size=(width, 800)) as (page, _):
            everything(page)
            unfolded(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape", [SMALL, EVIL, SKIPPED])
def test_axe_finds_nothing(browser: Browser, quines: Runs, scheme: str, shape: QuineShape) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in ui/")
    with opened(browser, quines(shape), place="#quine/program-2", scheme=scheme, bypass_csp=True) as (page, _):
        everything(page)
        unfolded(page)
        page.add_script_tag(path=AXE)
        assert violations(page) == []
