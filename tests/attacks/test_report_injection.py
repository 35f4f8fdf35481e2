"""Attack: every text that a stranger can put into a run tries to run as code, to load something, or to hide itself.

Claim: text in a report is only ever text. It cannot leave its data block, run, restyle the page, reach the network, or
use invisible characters; and the page's policy would stop it if it could.
"""

import csv
import io
import re
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Browser

from mesolens.cli.face import _overview as overview
from mesolens.evidence.reading import from_json
from mesolens.evidence.shards import Json, Shard
from mesolens.instruments.face import read
from mesolens.instruments.face.calibration import OTHER, OWN
from mesolens.instruments.face.spec import Item, Poles, Speaker
from mesolens.model.question import Question
from mesolens.report.html import write_report
from mesolens.report.text import summary
from mesolens.runs.store import Store
from tests.instruments.face_tables import first_tables, reader, spec
from tests.report.browsing import chromium, opened
from tests.report.synthetic import HOSTILE, Shape, make_run
from tests.report.synthetic_proof import SEEN

PLACES = ("", "#middle/contrast-0/embed", "#middle/contrast-4/L1.attn.h1", "#middle/template-0/L0.attn.h0",
          "#middle/all/<img src=x onerror=window.hacked=7>", "#<script>window.hacked=8</script>")  # fmt: skip
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Path]:
    """The report of a run in which every text is hostile."""

    def get(refused: bool) -> Path:
        run = tmp_path_factory.mktemp("attack")
        return write_report(make_run(run, Shape(hostile=True, refused=refused, items=len(HOSTILE))))

    return get


@pytest.mark.browser
@pytest.mark.parametrize("refused", [False, True])
def test_hostile_text_stays_text(browser: Browser, attack: Callable[[bool], Path], refused: bool) -> None:
    path = attack(refused)
    for place in PLACES:
        with opened(browser, path, place=place) as (page, seen):
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            page.wait_for_timeout(100)
            assert page.evaluate("window.hacked") is None
            assert page.locator("#page script, #page style, #page img, #page svg, #page iframe").count() == 0
            assert page.evaluate("getComputedStyle(document.body).display") == "block"
            assert [url for url in seen.requests if not url.startswith("file://")] == []
            assert len(seen.requests) == 1
            assert seen.problems == []
            assert seen.dialogs == []
            assert INVISIBLE.findall(page.inner_text("body") + page.title()) == []
            assert page.inner_text("h1").startswith(HOSTILE[2])


@pytest.mark.browser
def test_hostile_tokens_stay_text_in_close_ups_and_in_files(
    browser: Browser, attack: Callable[[bool], Path], tmp_path: Path
) -> None:
    path = attack(False)
    store = Store(path.parent)
    tokens = [row["token"] for row in store.load("middle-promoted").to_pylist()]
    assert set(HOSTILE) & set(tokens)
    heads = [s for s in store.load("middle-promoted").column("site").unique().to_pylist() if ".h" in s]
    neuron = store.load("middle-activations").column("site")[0].as_py()
    files = {f"contrast-1/{heads[0]}": ".bench .save", "all/model": ".proof .save", f"all/{neuron}": ".closeup .save"}
    for place, saves in files.items():
        with opened(browser, path, place=f"#middle/{place}") as (page, seen):
            page.wait_for_selector(saves)
            page.fill("#site", "<img src=x onerror=window.hacked=7>")
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            page.locator(".plot-box canvas").first.hover()
            for number, save in enumerate(page.locator(saves).all()):
                with page.expect_download() as found:
                    save.click()
                found.value.save_as(tmp_path / f"{number}.csv")
                assert re.fullmatch(r"[A-Za-z0-9.-]+\.csv", found.value.suggested_filename)
                check_file((tmp_path / f"{number}.csv").read_bytes().decode("utf-8"))
            assert page.evaluate("window.hacked") is None
            assert page.locator("#page script, #page style, #page img, #page svg, #page iframe").count() == 0
            assert seen.problems == []
            assert INVISIBLE.findall(page.inner_text("body")) == []


def check_file(text: str) -> None:
    """A file of the page holds nothing invisible, and no cell that a spreadsheet would run."""
    assert INVISIBLE.findall(text.replace("\r\n", "\n")) == []
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert all(re.fullmatch(r"-?[\d.]+(e[-+]\d+)?", cell) for cell in cells if cell[:1] in set("=+-@\t\r") - {""})


@pytest.mark.browser
def test_the_policy_stops_what_would_get_through(browser: Browser, attack: Callable[[bool], Path]) -> None:
    with opened(browser, attack(False)) as (page, seen):
        page.evaluate(
            """() => {
                const holder = document.createElement('div');
                holder.innerHTML = '<img src="https://example.com/x.png" onerror="window.hacked=9">';
                document.body.append(holder);
                const script = document.createElement('script');
                script.textContent = 'window.hacked = 10';
                document.body.append(script);
                const frame = document.createElement('iframe');
                frame.src = 'https://example.com/';
                document.body.append(frame);
                fetch('https://example.com/').catch(() => undefined);
                // later, because the debugger that runs this function may itself evaluate
                setTimeout(() => { (0, eval)('window.hacked = 11'); });
            }"""
        )
        page.wait_for_timeout(200)
        assert page.evaluate("window.hacked") is None
        for directive in ("img-src", "script-src", "frame-src", "connect-src"):
            assert any(directive in problem for problem in seen.problems), directive


def test_a_data_block_cannot_be_left(attack: Callable[[bool], Path]) -> None:
    text = attack(False).read_text("utf-8")
    blocks = re.findall(r'<script type="application/json" id="[a-z0-9-]+">(.*?)</script>\n', text)
    assert len(blocks) == 4 + len(HOSTILE) + SEEN
    assert all(block.isascii() and not set(block) & set("<>&") for block in blocks)
    assert text.count("<script") == len(blocks) + 1
    assert "onerror=window.hacked" not in text.replace("".join(blocks), "").split("<noscript>")[0]


def test_the_terminal_gets_five_harmless_lines(tmp_path: Path) -> None:
    lines = summary(make_run(tmp_path / "run", Shape(hostile=True, items=2))).split("\n")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a real reading of a face whose every text is a stranger's: prompts, registers, voices, traits,
    angles of one's own, the model's name, and what it said."""
    run = tmp_path_factory.mktemp("face")
    evil = [each.replace("\x00", "") for each in HOSTILE]
    row: dict[str, Json] = {"family": "context", "survives": True, "kind": "before"}
    declared = tuple(row | {"name": f"own-{k}", "about": each, "text": each} for k, each in enumerate(evil))
    asked = replace(
        spec([str(angle["name"]) for angle in declared]),
        voices=tuple(Speaker(f"{each}{k}", each) for k, each in enumerate(evil[:3])),
        traits=(Poles(evil[1], (evil[2], evil[3])),),
        items=tuple(Item(f"{each}{k}", f"{each}{k}", Question(each or "?")) for k, each in enumerate(evil)),
        declared=declared,
    )
    tables = first_tables(asked, lambda item, angle, _: OTHER if angle == "own-0" else OWN, lambda item, angle: (1.0,))
    said = tables["face-replies"].to_pylist()
    for place, each in enumerate(said):
        text = evil[place % len(evil)]
        each |= {"reply": text, "tokens": [text] * each["length"], "rotated": text + each["rotated"], "system": text}
    tables["face-replies"] = pa.Table.from_pylist(said, schema=tables["face-replies"].schema)
    card = replace(reader(), name="".join(evil[:6]))
    store = Store(run)
    store.write_json("run", {"format": 1, "subject": card.name, "model": {"name": card.name, "architecture": evil[0]}})
    shard = Shard("face", {"attack": True}, 1)
    store.write_plan("face", [shard])
    with store.claim(shard, wait=True) as claim:
        assert claim is not None
        claim.commit(tables)
    reading = read(tables, asked, card)
    assert reading.verdict == "breaks"
    store.write_json("readings/face", reading.to_json())
    return write_report(run)


@pytest.mark.browser
def test_a_face_of_hostile_text_stays_text(browser: Browser, face: Path) -> None:
    for place in ("", "#face", "#face/own-0", "#face/own-3/<img src=x onerror=window.hacked=7>"):
        with opened(browser, face, place=place) as (page, seen):
            page.eval_on_selector_all("details", "all => all.forEach(e => { e.open = true; })")
            page.wait_for_timeout(100)
            assert page.evaluate("window.hacked") is None
            assert page.locator("#page script, #page style, #page img, #page iframe").count() == 0
            assert page.evaluate("getComputedStyle(document.body).display") == "block"
            assert len(seen.requests) == 1
            assert seen.problems == []
            assert seen.dialogs == []
            assert INVISIBLE.findall(page.inner_text("body") + page.title()) == []
            assert "own-0" in page.inner_text("body")


def test_a_faces_data_blocks_cannot_be_left(face: Path) -> None:
    text = face.read_text("utf-8")
    blocks = re.findall(r'<script type="application/json" id="[a-z0-9-]+">(.*?)</script>\n', text)
    assert len(blocks) > 1
    assert all(block.isascii() and not set(block) & set("<>&") for block in blocks)
    assert text.count("<script") == len(blocks) + 1
    outside = text
    for block in blocks:
        outside = outside.replace(block, "")
    assert "<img" not in outside
    assert "<svg" not in outside
    assert "window.hacked" not in outside.split("<noscript>")[0]
    assert "window.hacked" in "".join(blocks), "the texts are there, as data"


def test_the_terminal_gets_a_faces_harmless_lines(face: Path) -> None:
    lines = summary(face.parent).split("\n")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


def test_the_terminal_gets_a_faces_table_without_a_strangers_codes(
    face: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overview(from_json(Store(face.parent).read_json("readings/face")))
    out = capsys.readouterr().out
    assert "own-0" in out
    assert all(line.isprintable() for line in out.splitlines())
    assert INVISIBLE.findall(out) == []
