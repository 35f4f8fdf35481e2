"""The face's replies in a browser, by pointer and by keyboard, and the whole chapter under what is large, hostile,
missing or printed."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Browser

from mesolens.report.html import write_report
from mesolens.report.notebook import cell
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.attacks.test_report_injection import INVISIBLE, check_file
from tests.report.browsing import opened
from tests.report.face_page import EVIL, MIDDLE, SMALL, Faces, data_of, names, rows_of
from tests.report.figures import box, everything, saved, unfolded
from tests.report.notebooks import shown
from tests.report.synthetic import make_run
from tests.report.synthetic_face import FaceShape, make_face, make_twins
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser


def test_a_reply_is_shown_with_its_prompts_its_tokens_and_its_voices(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    row = rows_of(path, "archaic")[2]
    with opened(browser, path, place=f"#face/archaic/{row['item']}") as (page, _):
        page.wait_for_selector(".verdict-line")
        prose = page.eval_on_selector_all(".reply-body .prose", "all => all.map(e => e.textContent)")
        assert prose == [row["prompt"], row["rotated"], row["reply"]]
        assert f"seed {row['seed']}" in page.inner_text(".verdict-line")
        rows = saved(page, box(page, "Voice over time"))
        voices = data_of(path)["voices"]
        posterior = np.array(row["voices"])
        assert [r[1] for r in rows[1:]] == [f"'{t}" if t[0] in "=+-@" else t for t in row["tokens"]]
        for k, name in enumerate(rows[0][2:], 2):
            if name in voices:
                drawn = [float(r[k]) for r in rows[1:]]
                assert drawn == pytest.approx(posterior[:, voices.index(name)], abs=1e-4)
        leaders = page.eval_on_selector_all(".tok.voiced", "all => all.map(e => /: (\\S+) /.exec(e.title)[1])")
        assert leaders == [voices[k] for k in posterior.argmax(1)]


def test_replies_are_leafed_through_by_keys_and_keep_their_item_from_angle_to_angle(
    browser: Browser, faces: Faces
) -> None:
    path = faces(SMALL)
    items = [row["item"] for row in rows_of(path, "archaic")]
    with opened(browser, path, place="#face/archaic/everyday-00") as (page, _):
        page.wait_for_selector(".verdict-line")
        page.focus("button[aria-label='next reply']")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowLeft")
        assert page.url.endswith(f"#face/archaic/{items[2]}")
        page.click("button[aria-label='next reply']")
        assert page.url.endswith(f"#face/archaic/{items[3]}")
        page.select_option("#reply-angle", label="story")
        assert page.inner_text(".reply-tools [role=status]").startswith("4 of 8")
        page.click("button[aria-label='previous reply']")
        assert page.url.endswith(f"#face/story/{items[2]}")
        page.go_back()
        assert page.url.endswith(f"#face/archaic/{items[3]}")


def test_a_reply_leads_to_its_contrast_in_the_middle_where_the_page_has_it(browser: Browser, tmp_path: Path) -> None:
    run = make_face(make_run(tmp_path / "run", MIDDLE), SMALL)
    text = write_report(run).read_text("utf-8")
    first = next(row["id"] for row in Store(run).load("middle-items").to_pylist() if row["item"] == 3)
    (run / "report.html").write_text(text.replace(f'"id":"{first}"', '"id":"face/archaic/everyday-02"'), "utf-8")
    with opened(browser, run / "report.html", place="#face/archaic/everyday-01") as (page, seen):
        page.wait_for_selector(".verdict-line")
        assert page.inner_text(".reply-body .command") == "mesolens face slide:mask --out runs/face --open 'ANGLE/ITEM'"
        page.click("button[aria-label='next reply']")
        assert page.locator(".reply-body .command").count() == 0
        page.click("text=Open this angle in the middle")
        assert page.url.endswith("#middle/contrast-3/model")
        assert page.evaluate("document.querySelector('#contrast').value") == "contrast-3"
        page.wait_for_function("Math.abs(document.querySelector('#middle').getBoundingClientRect().top) < innerHeight")
        page.go_back()
        page.wait_for_function("document.querySelector('#face').getBoundingClientRect().bottom > 80")
        assert page.evaluate("document.querySelector('#reply-item').selectedOptions[0].textContent").startswith(
            "everyday-02"
        )
        assert seen.problems == []


@pytest.mark.slow
def test_five_hundred_angles_are_listed_and_what_does_not_fit_is_said(browser: Browser, faces: Faces) -> None:
    shape = FaceShape(angles=500, items=24, voices=10, traits=4)
    with opened(browser, faces(shape)) as (page, seen):
        assert len(names(page)) == 500
        everything(page)
        said = page.inner_text(".note")
        left = re.search(r"([\d,]+) replies to (\d+) angles are not on this page", said)
        assert left, said
        assert int(left[1].replace(",", "")) == 24 * int(left[2])
        away = page.locator("#reply-angle option", has_text="(in the run folder)").first.get_attribute("value")
        page.select_option("#reply-angle", value=away)
        assert f"leaves {left[1]} replies to {left[2]} angles there" in page.inner_text(".reply-body")
        assert seen.problems == []


@pytest.mark.parametrize(
    "shape",
    [
        FaceShape(angles=0, extras=False),
        FaceShape(angles=0),
        replace(SMALL, nulls=True),
        FaceShape(angles=1, items=1, voices=1, traits=1),
    ],
)
def test_nothing_and_null_are_no_fault(browser: Browser, faces: Faces, shape: FaceShape) -> None:
    with opened(browser, faces(shape)) as (page, seen):
        page.wait_for_selector(".face-room > :not(.waiting)")
        everything(page)
        unfolded(page)
        text = page.inner_text("#face")
        assert not re.search(r"NaN|undefined|null|Infinity", text)
        assert (page.locator(".angles tbody tr").count() or 0) == shape.angles
        assert seen.problems == []


@pytest.mark.parametrize("width", [400, 760, 1200, 1400])
def test_nothing_runs_over_the_edge(browser: Browser, faces: Faces, width: int) -> None:
    for shape in (SMALL, replace(SMALL, hostile=True)):
        with opened(browser, faces(shape), size=(width, 800)) as (page, _):
            everything(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_text_stays_text_in_every_figure(browser: Browser, faces: Faces) -> None:
    with opened(browser, faces(EVIL)) as (page, seen):
        everything(page)
        unfolded(page)
        for index in range(0, 12, 3):
            page.locator(".angles tbody tr").nth(index).click()
            page.click("button[aria-label='next reply']")
            assert INVISIBLE.findall(page.inner_text("body") + page.title()) == []
            hints = page.eval_on_selector_all(
                "[title], [aria-label]", "all => all.map(e => e.title + e.ariaLabel).join(' ')"
            )
            assert INVISIBLE.findall(hints) == []
        assert page.evaluate("window.hacked") is None
        assert page.locator("#page script, #page style, #page img, #page svg, #page iframe").count() == 0
        assert (seen.problems, seen.dialogs, len(seen.requests)) == ([], [], 1)


@pytest.mark.parametrize("part", range(2))
def test_hostile_text_stays_text_in_every_file(browser: Browser, faces: Faces, tmp_path: Path, part: int) -> None:
    with opened(browser, faces(EVIL)) as (page, _):
        everything(page)
        saves = page.locator(".save").all()
        assert 8 < len(saves) <= 16
        for save in saves[8 * part : 8 * (part + 1)]:  # a browser asks before it saves more than ten from one page
            with page.expect_download() as found:
                save.click()
            found.value.save_as(tmp_path / "x.csv")
            assert re.fullmatch(r"[A-Za-z0-9.-]+\.csv", found.value.suggested_filename)
            check_file((tmp_path / "x.csv").read_bytes().decode("utf-8"))


def test_twins_alone_are_drawn(browser: Browser, tmp_path: Path) -> None:
    path = write_report(make_twins(tmp_path / "run", SMALL))
    with opened(browser, path) as (page, seen):
        everything(page)
        assert len(saved(page, box(page, "Where twins part"))) == 1 + SMALL.angles
        assert page.locator("#face, .angles").count() == 0
        assert seen.problems == []


def test_a_notebooks_cell_draws_the_face(browser: Browser, tmp_path: Path) -> None:
    run = make_face(tmp_path / "run", replace(SMALL, items=12, angles=120))
    text = cell(readings(Store(run))["face"], Store(run).tables("face"))
    assert len(text) < 3_000_000
    with shown(browser, tmp_path, text) as (page, frame, seen):
        frame.wait_for_selector(".angles tbody tr")
        frame.locator(".angles tbody tr").nth(3).click()
        name = frame.inner_text(".angles tr.selected .label")
        assert frame.evaluate("location.href") == f"about:srcdoc#face/{quote(name, safe='')}"
        assert page.get_attribute("iframe", "title") == "Mesolens: face"
        assert frame.locator("button.save:visible").count() == 0
        assert (seen.problems, seen.requests) == ([], [page.url])


def test_paper_gets_every_figure(browser: Browser, faces: Faces) -> None:
    with opened(browser, faces(SMALL)) as (page, seen):
        page.wait_for_selector(".angles tbody tr")
        page.pdf()
        page.wait_for_function("document.querySelectorAll('.later:empty').length === 0")
        assert page.locator(".plot-box").count() > 9
        assert seen.problems == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, faces: Faces, scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in ui/")
    for shape in (SMALL, replace(SMALL, nulls=True), FaceShape(angles=0, extras=False)):
        with opened(browser, faces(shape), scheme=scheme, bypass_csp=True) as (page, _):
            page.wait_for_selector(".face-room > :not(.waiting)")
            everything(page)
            unfolded(page)
            page.wait_for_timeout(200)
            page.add_script_tag(path=AXE)
            assert violations(page) == []
