"""The face in a browser: one selection in every figure and in the address, figures that say what the reading says,
and every reply with the voice that spoke it, by pointer and by keyboard."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mesolens.report.html import write_report
from mesolens.report.notebook import cell
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.attacks.test_report_injection import INVISIBLE, check_file
from tests.report.browsing import opened
from tests.report.figures import box, everything, saved
from tests.report.notebooks import shown
from tests.report.synthetic import Shape, make_run
from tests.report.synthetic_face import FaceShape, make_face, make_twins
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser

SMALL = FaceShape()
EVIL = FaceShape(hostile=True, items=4)
MIDDLE = Shape(layers=2, heads=2, neurons=8, items=6)
Faces = Callable[[FaceShape], Path]


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Faces:
    """Gives the report of a synthetic face of some shape; its run folder is around it."""
    written: dict[FaceShape, Path] = {}

    def get(shape: FaceShape) -> Path:
        if shape not in written:
            written[shape] = write_report(make_face(tmp_path_factory.mktemp("face"), shape))
        return written[shape]

    return get


def data_of(report: Path) -> dict[str, Any]:
    """The face as the reading has it."""
    return cast(dict[str, Any], readings(Store(report.parent))["face"].data)


def rows_of(report: Path, angle: str) -> list[dict[str, Any]]:
    """What the table says that the model replied to an angle."""
    return [row for row in Store(report.parent).load("face-replies").to_pylist() if row["angle"] == angle]


def names(page: Page) -> list[str]:
    """The angles that the table lists, in its order."""
    page.wait_for_selector(".angles tbody tr")
    return page.eval_on_selector_all(".angles tbody .label", "all => all.map(e => e.textContent)")


def chosen(page: Page) -> list[str]:
    """What every part that names the selected angle says: the card, the table's row, the reply browser."""
    everything(page)
    return [
        page.inner_text(".angle-card .name"),
        page.inner_text(".angles tr.selected .label"),
        page.evaluate("document.querySelector('#reply-angle').selectedOptions[0].textContent"),
    ]


def test_it_asks_for_nothing_and_draws_only_what_is_near(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    with opened(browser, path) as (page, seen):
        page.wait_for_selector(".angles tbody tr")
        drawn = page.locator(".plot-box").count()
        everything(page)
        assert page.locator(".plot-box").count() > drawn + 6
        assert seen.requests == [f"file://{path}"]
        assert seen.problems == []
        states = page.eval_on_selector_all(".chapters li", "all => all.map(e => e.innerText.split('\\n')[1])")
        assert states[:2] == ["read", "not asked for"]


def test_the_table_has_every_angle_with_its_shares(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    angles = {angle["angle"]: angle for angle in data_of(path)["angles"]}
    with opened(browser, path) as (page, _):
        assert sorted(names(page)) == sorted(angles)
        cells = page.eval_on_selector_all(
            ".angles tbody tr",
            "rows => rows.map(r => [...r.querySelectorAll('.label, td.num:not(.wide)')].map(e => e.textContent))",
        )
        for name, *shares in cells:
            assert shares == [f"{100 * angles[name][share]['value']:.0f}" for share in ("own", "other", "nobody")]
        rows = saved(page, page.locator(".angle-table"))
        columns = rows[0]
        for row in rows[1:]:
            found = dict(zip(columns, row, strict=True))
            asked = angles[found["angle"]]
            assert float(found["own, high"]) == asked["own"]["high"]
            assert float(found["adjusted p"]) == asked["adjusted"]
            assert float(found["distance, z"]) == asked["commonness"]["distance"]["z"]
            assert found["base"] == ""


def test_the_table_is_sorted_and_narrowed(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    angles = {angle["angle"]: angle for angle in data_of(path)["angles"]}
    with opened(browser, path) as (page, _):
        own = [angles[name]["own"]["value"] for name in names(page)]
        assert own == sorted(own)
        page.click(".angles button:text('no one')")
        lost = [angles[name]["nobody"]["value"] for name in names(page)]
        assert lost == sorted(lost, reverse=True)
        assert page.get_attribute(".angles th:has-text('no one')", "aria-sort") == "descending"
        page.click(".angles button:text('no one')")
        assert [angles[name]["nobody"]["value"] for name in names(page)] == lost[::-1]
        page.click("text=only called")
        assert set(names(page)) == {name for name, angle in angles.items() if angle["called"]}
        page.select_option("#angle-family", label="frame")
        assert set(names(page)) == {n for n, a in angles.items() if a["called"] and a["family"] == "frame"}
        page.click("text=only called")
        page.select_option("#angle-family", label="all families")
        page.fill("#angle-query", "TEMPLATE")
        assert set(names(page)) == {n for n, a in angles.items() if "template" in n + a["family"]}
        page.fill("#angle-query", "no such angle")
        page.wait_for_function("document.querySelectorAll('.angles tbody tr').length === 0")
        assert page.inner_text(".angle-table [role=status]").startswith(f"0 of {SMALL.angles}")


def test_one_selection_in_the_table_the_figures_and_the_address(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    angles = [angle for angle in data_of(path)["angles"] if not angle["control"]]
    worst = min(angles, key=lambda angle: angle["own"]["value"])["angle"]
    with opened(browser, path) as (page, seen):
        assert chosen(page) == [worst] * 3
        assert "#" not in page.url
        page.click(".angles tr:has(.label:text-is('archaic'))")
        assert chosen(page) == ["archaic"] * 3
        assert page.url.endswith("#face/archaic")
        page.click(".angles tr:has(.label:text-is('json'))")
        page.go_back()
        assert chosen(page) == ["archaic"] * 3
        page.select_option("#reply-angle", label="story")
        assert chosen(page) == ["story"] * 3
        assert seen.problems == []


def test_the_keyboard_moves_over_the_table_and_selects(browser: Browser, faces: Faces) -> None:
    with opened(browser, faces(SMALL)) as (page, _):
        order = names(page)
        page.focus(".angles tbody button[tabindex='0']")
        for key in ("End", "ArrowUp", "PageUp", "Home", "ArrowDown", "ArrowDown"):
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == order[2]
        assert page.locator(".angles tbody button[tabindex='0']").count() == 1
        page.keyboard.press("Enter")
        assert page.url.endswith(f"#face/{quote(order[2], safe='')}")


def place_in_triangle(width: float, own: float, nobody: float) -> dict[str, float]:
    """Where three shares are drawn: an equilateral triangle, own at the top and no one on the right."""
    side = min(430.0, width - 68)
    return {"x": width / 2 + side * (nobody + own / 2 - 0.5), "y": 24 + side * 3**0.5 / 2 * (1 - own)}


def test_marks_of_the_triangle_stand_where_the_shares_say(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    apart = [a for a in data_of(path)["angles"] if a["called"]][:5]
    with opened(browser, path) as (page, _):
        figure = box(page, "Who answers")
        canvas, line = figure.locator("canvas"), figure.locator(".over")
        for angle in apart:
            size = canvas.bounding_box()
            assert size is not None
            at = place_in_triangle(size["width"], angle["own"]["value"], angle["nobody"]["value"])
            canvas.hover(position=cast(Any, at))
            assert re.match(rf"{re.escape(angle['angle'])}: own [\d.]+ %, another ", line.inner_text())
            canvas.click(position=cast(Any, at))
            assert chosen(page) == [angle["angle"]] * 3


def test_an_address_that_python_writes_opens_its_angle_and_reply(browser: Browser, faces: Faces) -> None:
    shape = replace(SMALL, angles=120, items=2)
    path = faces(shape)
    known = [angle["angle"] for angle in data_of(path)["angles"]]
    for name in [*[n for n in known if "|" in n][:2], "archaic", "json:0.3"]:
        with opened(browser, path, place=f"#face/{quote(name, safe='')}/{quote('everyday-01', safe='')}") as (
            page,
            seen,
        ):
            page.wait_for_selector(".verdict-line")
            page.wait_for_function("document.querySelector('.reply-room').getBoundingClientRect().top < innerHeight")
            assert chosen(page) == [name] * 3
            assert page.inner_text(".reply-tools [role=status]").startswith("2 of 2")
            assert seen.problems == []


@pytest.mark.parametrize("place", ["#face/nobody", "#face/%3Cimg%3E", "#face/archaic/x/y", "#face/a|b", "#face/%ff"])
def test_an_unknown_address_changes_nothing(browser: Browser, faces: Faces, place: str) -> None:
    with opened(browser, faces(SMALL)) as (page, _):
        before = chosen(page)
    with opened(browser, faces(SMALL), place=place) as (page, seen):
        assert chosen(page) == before
        assert seen.problems == []


def test_the_card_says_everything_of_the_selected_angle(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    angle = next(a for a in data_of(path)["angles"] if a["called"] and a["missing"])
    with opened(browser, path, place=f"#face/{quote(angle['angle'], safe='')}") as (page, _):
        everything(page)
        text = page.inner_text(".angle-card")
        assert angle["about"] in text
        assert "1 of them missing" in text
        assert f"{100 * angle['own']['low']:.0f} … {100 * angle['own']['high']:.0f}" in text
        leading = max(angle["voices"], key=lambda name: angle["voices"][name])
        assert leading == page.locator(".three-bars th.tok").first.inner_text()


def test_breakage_is_shown_against_the_number_that_is_picked(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    data = data_of(path)
    with opened(browser, path) as (page, _):
        figure = box(page, "Breakage against commonness")
        for measure, auc in (("bits", "0.56"), ("coverage", "0.61"), ("distance", "0.84")):
            figure.locator(f"button:text-is('{measure}')").click()
            assert f"AUC {auc} (95 %: " in figure.locator("figcaption").inner_text()
            rows = saved(page, figure)
            for angle, row in zip(data["angles"], rows[1:], strict=True):
                assert float(row[2]) == angle["commonness"][measure]["z"]
                assert float(row[3]) == pytest.approx(1 - angle["own"]["value"], abs=1e-15)
        assert figure.locator("button:text-is('base')").is_disabled()


def test_the_uncanny_quadrant_counts_what_the_reading_flags(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    angles = data_of(path)["angles"]
    flagged = [angle for angle in angles if angle["uncanny"]]
    broken = sum(angle["called"] for angle in flagged)
    with opened(browser, path) as (page, _):
        figure = box(page, "The uncanny quadrant")
        said = figure.locator("figcaption").inner_text()
        assert f"{len(flagged)} angles have a text" in said
        assert f"{broken} of them are called" in said
        rows = saved(page, figure)
        assert [row[0] for row in rows[1:] if row[3] == "yes"] == [angle["angle"] for angle in flagged]


def test_the_heat_map_has_every_cell_and_names_what_was_refused(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    data = data_of(path)
    called = sum(cell["called"] for cell in data["cells"])
    with opened(browser, path) as (page, _):
        figure = box(page, "Traits by angle")
        said = figure.locator("figcaption").inner_text()
        assert f"{called} of {len(data['cells'])} cells are called" in said
        for row in data["reliability"]:
            assert (f"{row['trait']} (" in said) == row["refused"]
        rows = saved(page, figure)[1:]
        assert [(r[0], r[1], float(r[2]), r[6] == "yes") for r in rows] == [
            (cell["trait"], cell["angle"], cell["shift"], cell["called"]) for cell in data["cells"]
        ]


def test_doses_search_tail_and_twins_are_drawn_where_the_run_has_them(browser: Browser, faces: Faces) -> None:
    path = faces(SMALL)
    data = data_of(path)
    with opened(browser, path) as (page, seen):
        doses = saved(page, box(page, "Dose"))[1:]
        assert len(doses) == sum(len(dose["strengths"]) for dose in data["doses"])
        search = saved(page, box(page, "Search for the worst natural angle"))[1:]
        trace = [[float(row[1]), float(row[2])] for row in search if row[0] == "halving"]
        assert trace == data["search"]["trace"]
        assert data["tail"]["sentence"] in box(page, "How much worse it may get").locator("figcaption").inner_text()
        twins = saved(page, box(page, "Where twins part"))[1:]
        assert {row[0]: float(row[1]) for row in twins} == {
            row["angle"]: row["divergence"]["value"] for row in data["twins"]["angles"]
        }
        page.click(f".names button:text-is('{data['twins']['split'][0]}')")
        assert chosen(page)[0] == data["twins"]["split"][0]
        assert seen.problems == []


def test_what_a_run_lacks_is_said_and_not_drawn(browser: Browser, faces: Faces) -> None:
    with opened(browser, faces(replace(SMALL, angles=5, extras=False))) as (page, seen):
        everything(page)
        assert "not in this run: dose curves, search, tail forecast, twins" in page.inner_text(".note")
        assert "base: no --base model was given" in page.inner_text(".note")
        titles = page.eval_on_selector_all("h4", "all => all.map(e => e.textContent)")
        assert not {"Dose", "Search for the worst natural angle", "Where twins part"} & set(titles)
        assert seen.problems == []


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
        page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
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
        page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
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
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            page.wait_for_timeout(200)
            page.add_script_tag(path=AXE)
            assert violations(page) == []
