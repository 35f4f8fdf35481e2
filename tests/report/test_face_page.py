"""The face in a browser: one selection in every figure and in the address, and figures that say what is read."""

import re
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.report.browsing import opened
from tests.report.face_page import SMALL, Faces, chosen, data_of, names
from tests.report.figures import box, everything, saved

pytestmark = pytest.mark.browser


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
