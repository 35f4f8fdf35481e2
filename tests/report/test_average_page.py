"""The average in a browser: every sum that is shown is the data's own, every token is reached by pointer and by keys,
and what is not determined is called so before anything else."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page

from mesolens.report.html import write_report
from tests.report.average_reading import RUNGS, AverageShape, reading, write_average
from tests.report.browsing import opened
from tests.report.figures import box, check_inert, everything, number, once, percent, saved, unfolded
from tests.report.synthetic_face import FaceShape, make_face
from tests.report.test_page import AXE, violations

pytestmark = pytest.mark.browser

SMALL = AverageShape()
EVIL = AverageShape(hostile=True)
BARE = AverageShape(verdict="not determined", joined=False, fraction=None, measured=False)
Runs = Callable[[AverageShape], Path]


@pytest.fixture(scope="module")
def averages(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Gives the report of a synthetic average of some shape."""
    return once(tmp_path_factory, write_average)


def texts(shape: AverageShape) -> list[dict[str, Any]]:
    """The texts as the reading has them."""
    return cast(list[dict[str, Any]], reading(shape).data["texts"])


def bars(page: Page, place: str) -> list[tuple[str, float, float, float]]:
    """A ledger as its table says it: rung, where the bar begins and ends, bits."""
    rows = page.eval_on_selector_all(
        f"{place} .waterfall tbody tr",
        """rows => rows.map(row => [row.querySelector('.label').textContent,
            row.querySelector('td.plot').textContent, row.querySelector('td.num').textContent])""",
    )
    return [(label, *(number(part) for part in plot.split(" to ")), number(bits)) for label, plot, bits in rows]


def check_sum(page: Page, place: str) -> tuple[float, float]:
    """The two sums that the page prints under the bars: of the parts, and of the whole."""
    text = page.inner_text(f"{place} .sum").replace("−", "-")
    found = re.search(r"Σ of bars\s+([-+]?[\d.]+), .*?([-+]?[\d.]+) (?:bits|nats), difference", text)
    assert found, text
    return float(found[1]), float(found[2])


PANEL = ".average-panel"
PRINTED = 0.0051
"""Half of the last decimal that a bar is printed with where one of them has ten bits; the sums have nine decimals."""


def holds(page: Page, text: dict[str, Any], t: int) -> None:
    """The panel shows token `t` of a text: its bars run to its log2 p, and the printed sum is the data's."""
    token = text["tokens"][t]
    assert f"token {t}" in page.inner_text(f"{PANEL} h4")
    *parts, (_, start, end, total) = bars(page, PANEL)
    assert [label for label, *_ in parts] == list(RUNGS)
    assert [bits for *_, bits in parts] == pytest.approx(token["ledger"], abs=PRINTED)
    assert start == 0
    assert end == total == pytest.approx(token["p"], abs=PRINTED)
    assert all(before[2] == pytest.approx(after[1]) for before, after in pairwise(parts))
    of_bars, of_token = check_sum(page, PANEL)
    assert of_bars == pytest.approx(sum(token["ledger"]), abs=1e-9)
    assert of_token == pytest.approx(token["p"], abs=1e-9)
    assert page.locator(f"{PANEL} .sum.holds").count() == 1
    assert percent(token["share"]) in page.inner_text(f"{PANEL} dl")


def test_it_asks_for_nothing_and_says_the_headline(browser: Browser, averages: Runs) -> None:
    path = averages(SMALL)
    with opened(browser, path) as (page, seen):
        everything(page)
        assert seen.requests == [f"file://{path}"]
        assert seen.problems == []
        head = cast(dict[str, Any], reading(SMALL).data["headline"])
        values = page.eval_on_selector_all("#average .checks .value", "all => all.map(e => e.textContent)")
        low, high = (percent(end) for end in head["bracket"])
        assert values == [f"{low} … {high}", "58 %", "85 %", "3.1 %"]
        assert "95 %: 55 % … 61 %" in page.inner_text("#average .checks")
        assert "holds 3.1 % of the model’s training text" in page.inner_text("#average > .note")
        assert "not explained by averages of this corpus" in page.inner_text("#average > .note")


def test_the_ledger_adds_up_to_mean_log2_p_over_the_texts(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(SMALL)) as (page, _):
        place = ".plot-box:has(h4:text-is('Bits ledger'))"
        everything(page)
        values = [token["p"] for text in texts(SMALL) for token in text["tokens"]]
        mean = sum(values) / len(values)
        rows = page.locator(place).locator(".waterfall tbody tr").all_inner_texts()
        assert len(rows) == len(RUNGS) + 1
        text = page.locator(place).locator(".sum").inner_text().replace("−", "-")
        sums = re.findall(r"[-+]\d+\.\d{9}", text)
        assert [float(found) for found in sums] == pytest.approx([mean, mean], abs=1e-9)
        file = saved(page, page.locator(place))
        assert [row[0] for row in file[1:]] == [*RUNGS, "mean log2 p"]
        assert sum(float(row[1]) for row in file[1:-1]) == pytest.approx(mean, abs=1e-12)


def test_hovering_shows_every_tokens_ledger_and_leaving_goes_back(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(SMALL), place="#average/text-2") as (page, _):
        everything(page)
        text = texts(SMALL)[1]
        assert page.locator(".average-text .tok").count() == len(text["tokens"])
        holds(page, text, 0)
        for t in (7, 43, 20):
            page.hover(f".average-text [data-position='{t}']")
            holds(page, text, t)
            assert page.locator(".average-text .tok.lit").get_attribute("data-position") == str(t)
        page.hover("#average h2")
        holds(page, text, 0)
        page.click(".average-text [data-position='9']")
        page.hover("#average h2")
        holds(page, text, 9)


def test_the_tint_says_the_share(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(SMALL), place="#average/text-1") as (page, _):
        everything(page)
        rows = page.eval_on_selector_all(
            ".average-text .tok",
            "all => all.map(e => [e.classList.contains('plus'), Number(e.style.getPropertyValue('--strength'))])",
        )
        colours = page.eval_on_selector_all(
            ".average-text .tok", "all => all.map(e => getComputedStyle(e).backgroundColor)"
        )
        for (plus, strength), token in zip(rows, texts(SMALL)[0]["tokens"], strict=True):
            assert plus is (token["share"] >= 0.5)
            assert strength == pytest.approx(abs(2 * token["share"] - 1), abs=6e-4)
        assert len(set(colours)) > 10


def test_keys_move_over_tokens_and_lines(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(SMALL), place="#average/text-1") as (page, _):
        everything(page)
        text, last = texts(SMALL)[0], SMALL.tokens - 1
        page.focus("#average-text")
        for _ in range(3):
            page.keyboard.press("Tab")
        at = "document.activeElement.dataset.position"
        assert page.evaluate(at) == "0"
        for key, t in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last), ("Home", 0)):
            page.keyboard.press(key)
            assert page.evaluate(at) == str(t)
            holds(page, text, t)
        tops = page.eval_on_selector_all(".average-text .tok", "all => all.map(e => e.getClientRects()[0].top)")
        page.keyboard.press("ArrowDown")
        below = int(page.evaluate(at))
        assert tops[below] == min(top for top in tops if top > tops[0] + 5)
        page.keyboard.press("ArrowUp")
        assert tops[int(page.evaluate(at))] == tops[0]
        assert page.locator(".average-text .tok[tabindex='0']").count() == 1


def test_texts_are_picked_by_stratum_and_have_addresses(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(SMALL)) as (page, _):
        everything(page)
        groups = page.eval_on_selector_all(
            "#average-text optgroup", "all => all.map(e => [e.label, e.children.length])"
        )
        assert groups == [["clean replies", 2], ["broken replies", 2], ["held-out text", 2]]
        page.select_option("#average-text", "4")
        page.wait_for_function("location.hash === '#average/text-5'")
        assert "reply-4" in page.inner_text(".average-text figcaption")
        page.click("[aria-label='next text']")
        page.wait_for_function("document.querySelector('.average-text figcaption').textContent.startsWith('reply-2')")
        page.go_back()
        page.wait_for_function("document.querySelector('.average-text figcaption').textContent.startsWith('reply-4')")
        file = saved(page, box(page, "Text coloured by average share").locator("> .under"))
        tokens = texts(SMALL)[4]["tokens"]
        assert [float(cell) for cell in file[1][2:]] == [
            *(tokens[0][name] for name in ("share", "p", "a", "support")),
            *tokens[0]["ledger"],
        ]
        assert len(file) == 1 + len(tokens)


def test_a_run_is_marked_in_the_text_and_in_its_documents(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(SMALL), place="#average/text-1") as (page, _):
        everything(page)
        spans = texts(SMALL)[0]["spans"]
        marked = "all => all.map(e => Number(e.dataset.position))"
        for k, span in enumerate(spans):
            page.hover(f".runs > li >> nth={k}")
            run = list(range(span["start"], span["end"]))
            assert page.eval_on_selector_all(".average-text .tok.in-run", marked) == run
            words = "".join(texts(SMALL)[0]["tokens"][t]["token"] for t in run).strip()
            line = page.locator(".runs > li").nth(k)
            assert line.locator("mark").all_inner_texts() == [words, words]
            assert "34× in the corpus" in line.inner_text()
        page.hover("#average h2")
        assert page.locator(".average-text .tok.in-run").count() == 0
        rows = saved(page, page.locator(".average-runs"))[1:]
        assert [[int(cell) for cell in row[1:5]] for row in rows] == [
            [span["start"], span["end"], 34, document["number"]] for span in spans for document in span["documents"]
        ]
        page.focus(".run >> nth=1")
        page.keyboard.press("Enter")
        page.focus("#average-text")
        assert page.locator(".average-text .tok.in-run").count() == spans[1]["end"] - spans[1]["start"]
        assert page.locator(".run >> nth=1").get_attribute("aria-pressed") == "true"


MOVED = ".moved-panel"


def moves(page: Page, row: dict[str, Any]) -> None:
    """The panel shows what moves a text or a token: its documents and all others, which add up over all looked at."""
    *parts, (_, start, end, total) = bars(page, MOVED)
    listed = [each["weight"] for each in row["largest"]]
    assert [label for label, *_ in parts] == [
        *(f"document {each['number']:,}" for each in row["largest"]), "others for", "others against"
    ]  # fmt: skip
    assert [nats for *_, nats in parts[:-2]] == pytest.approx(listed, abs=6e-5)
    for (*_, nats), sign, whole in zip(parts[-2:], (1, -1), (row["for"], row["against"]), strict=True):
        assert nats == pytest.approx(whole - sum(w for w in listed if w * sign > 0), abs=6e-5)
    assert start == 0
    assert end == total == pytest.approx(row["for"] + row["against"], abs=6e-5)
    assert check_sum(page, MOVED)[0] == pytest.approx(row["for"] + row["against"], abs=1e-9)
    assert page.locator(f"{MOVED} .sum.holds").count() == 1
    words = page.locator(f"{MOVED} .words li").all_inner_texts()
    for line, each in zip(words, row["largest"], strict=True):
        side = "helps" if each["weight"] > 0 else "hurts"
        assert line.startswith(f"document {each['number']:,} ({each['source']}) {side}: ")


def test_documents_that_move_a_text_and_each_token_add_up(browser: Browser, averages: Runs) -> None:
    moved = cast(dict[str, Any], reading(SMALL).data["influence"])
    with opened(browser, averages(SMALL)) as (page, seen):
        everything(page)
        for k, text in enumerate(moved["texts"]):
            page.select_option("#average-moved", str(k))
            moves(page, text)
            assert page.inner_text(f"{MOVED} h4") == "Whole text"
            tokens = [row for row in moved["tokens"] if row["text"] == text["text"]]
            for t in (0, 17, 43):
                page.hover(f".moved-text [data-position='{t}']")
                moves(page, tokens[t])
            page.focus(".moved-text .tok[tabindex='0']")
            page.keyboard.press("ArrowRight")
            moves(page, tokens[1])
            page.click(".reply-tools >> text=Whole text")
            moves(page, text)
        quality = page.inner_text(".moved-text .quality")
        assert "LDS 0.635 (95 %: 0.557 … 0.684) for whole texts, 0.261 for single tokens" in quality
        file = saved(page, box(page, "Documents behind it"))
        assert len(file) == 1 + 5 * (1 + SMALL.tokens)
        assert [float(row[5]) for row in file[1:6]] == [each["weight"] for each in moved["texts"][1]["largest"]]
        assert seen.problems == []


def test_an_attribution_that_nobody_measured_says_so_and_none_is_not_drawn(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(replace(SMALL, measured=False))) as (page, _):
        everything(page)
        assert page.inner_text(".moved-text .quality").startswith("Quality not measured")
    with opened(browser, averages(replace(SMALL, attributed=False))) as (page, seen):
        everything(page)
        assert page.locator(".moved-text, #data-average-influence").count() == 0
        assert "Which documents move it" not in page.inner_text("#average")
        assert seen.problems == []


def test_every_figure_saves_what_it_draws(browser: Browser, averages: Runs) -> None:
    data = cast(dict[str, Any], reading(SMALL).data)
    with opened(browser, averages(SMALL)) as (page, _):
        shares = saved(page, box(page, "Share that an average would also have said"))
        assert [float(row[3]) for row in shares[1:]] == [0.58, *(part["overlap"] for part in data["parts"])]
        for title, name, columns in (
            ("Support length", "support", ("order", "replies", "held_out", "shuffled")),
            ("Breakage by support", "by_support", ("low", "high", "tokens", "overlap", "broken")),
            ("Twins apart by support", "by_support", ("low", "high", "tokens", "overlap", "divergence")),
            ("Coverage", "coverage", ("fraction", "overlap", "low", "high")),
        ):
            rows = [[float(cell) for cell in row] for row in saved(page, box(page, title))[1:]]
            assert rows == [[row[column] for column in columns] for row in data[name]], title
        far = saved(page, box(page, "Distance from the corpus"))
        assert [[row[0], float(row[1])] for row in far[1:]] == [
            [row["name"], row["p"]] for row in data["distance"]["texts"]
        ]


def test_not_determined_is_said_first_and_what_is_absent_says_why(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(BARE)) as (page, seen):
        everything(page)
        first = page.evaluate("document.querySelector('#average > header').nextElementSibling.textContent")
        assert first.startswith("Not determined")
        assert page.inner_text("#average .checks .value >> nth=0") == "not determined"
        assert page.locator("#average .check.fails").count() == 1
        assert "Nobody said which part" in page.inner_text("#average")
        assert "no reply under an angle that breaks the face" in box(page, "Breakage by support").inner_text()
        assert "no second model" in box(page, "Twins apart by support").inner_text()
        assert seen.problems == []


def test_a_refusal_shows_its_reason_and_no_share(browser: Browser, averages: Runs) -> None:
    with opened(browser, averages(replace(SMALL, verdict="refused"))) as (page, seen):
        assert "tokens of another tokenizer" in page.inner_text("#average .refusal")
        assert page.locator("#average .plot-box, #average .checks, #data-average, #data-average-texts").count() == 0
        assert seen.problems == []


def test_the_average_leads_to_the_face_of_the_same_report(browser: Browser, averages: Runs, tmp_path: Path) -> None:
    run = write_average(make_face(tmp_path / "run", FaceShape(angles=6, items=3, voices=4, traits=2)), SMALL)
    with opened(browser, write_report(run)) as (page, seen):
        everything(page)
        page.click("#average .links a")
        page.wait_for_function("document.querySelector('#face').getBoundingClientRect().bottom > 80")
        assert page.url.endswith("#face/")
        assert seen.problems == []
    with opened(browser, averages(SMALL)) as (page, _):
        everything(page)
        assert page.locator("#average .links").count() == 0


def test_hostile_text_stays_text(browser: Browser, averages: Runs) -> None:
    for verdict in ("measured", "not determined", "refused", "of a later version"):
        with opened(browser, averages(replace(EVIL, verdict=verdict)), place="#average/text-2") as (page, seen):
            everything(page)
            for key in ("ArrowRight", "ArrowDown", "End") if verdict != "refused" else ():
                page.focus(".average-text .tok[tabindex='0']")
                page.keyboard.press(key)
            unfolded(page)
            check_inert(page, seen)


@pytest.mark.parametrize("width", [420, 900, 1300])
def test_nothing_runs_over_the_edge(browser: Browser, averages: Runs, width: int) -> None:
    for shape in (SMALL, EVIL, BARE):
        with opened(browser, averages(shape), place="#average/text-2", size=(width, 800)) as (page, _):
            everything(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shape", [SMALL, BARE, EVIL, replace(SMALL, verdict="refused")])
def test_axe_finds_nothing(browser: Browser, averages: Runs, scheme: str, shape: AverageShape) -> None:
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in ui/")
    with opened(browser, averages(shape), place="#average/text-2", scheme=scheme, bypass_csp=True) as (page, _):
        everything(page)
        if shape.verdict != "refused":
            page.click(".run >> nth=0")
        unfolded(page)
        page.add_script_tag(path=AXE)
        assert violations(page) == []
