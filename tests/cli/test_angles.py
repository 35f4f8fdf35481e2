"""`mesolens angles`: what is listed, shown and applied, and that no model is needed for any of it."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mesolens.angles.angle import FAMILIES
from mesolens.angles.catalog import ALL
from mesolens.angles.composition import parse, turned
from mesolens.model.question import Question

from .conftest import Mesolens

TEXT = "I think tea is good. What do you say?"
OWN = """
[[angle]]
name = "harbour"
family = "context"
about = "A harbour is mentioned."
survives = true
kind = "before"
text = "I am writing from a harbour."
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file with an angle of somebody's own."""
    (tmp_path / "own.toml").write_text(OWN)
    return tmp_path / "own.toml"


def typed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))


def test_all_angles_are_listed_with_all_about_them(mesolens: Mesolens) -> None:
    rows: list[dict[str, Any]] = mesolens("angles", "list", "--json").data
    assert rows == [
        {name: getattr(angle, name) for name in ("name", "family", "survives", "undoing", "dial", "about")}
        for angle in ALL
    ]
    table = mesolens("angles", "list").out
    assert all(f" {angle.name} " in table for angle in ALL)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_listed_alone(mesolens: Mesolens, family: str) -> None:
    rows = mesolens("angles", "list", "--family", family, "--json").data
    assert [row["name"] for row in rows] == [angle.name for angle in ALL if angle.family == family]


def test_an_angle_is_shown_at_three_strengths_if_it_has_a_dial(mesolens: Mesolens) -> None:
    shown = mesolens("angles", "show", "leet", "--json").data
    assert [example["angles"] for example in shown["examples"]] == ["leet:0.3", "leet:0.6", "leet"]
    assert [example["angles"] for example in mesolens("angles", "show", "json", "--json").data["examples"]] == ["json"]
    people = mesolens("angles", "show", "leet").out.splitlines()
    assert people[:2] == ["name      leet", "family    surface"]
    assert people[-1] == shown["examples"][2]["question"]["text"] == "1 7h1nk 734 15 600d. Wh47 d0 y0u 54y?"


def test_texts_are_turned_as_python_turns_them(mesolens: Mesolens) -> None:
    found = mesolens("angles", "apply", "typos:0.5|story", TEXT, TEXT, "--seed", 7, "--core", "tea is good", "--json")
    wanted = [turned(Question(TEXT, "tea is good"), parse("typos:0.5|story"), 7, str(item)) for item in range(2)]
    assert [row["question"]["text"] for row in found.data] == [question.text for question in wanted]
    assert found.data[0].keys() == {"angles", "survives", "undoing", "families", "question"}


def test_people_see_the_message_alone_or_each_part_behind_its_role(mesolens: Mesolens) -> None:
    assert mesolens("angles", "apply", "code-block", "Hi").out == "```text\nHi\n```\n"
    found = mesolens("angles", "apply", "pirate|prefill-sure|raw", "Hi", "--system", "Be brief.").out
    assert found == "form: raw\nsystem: You are a pirate. Be brief.\nuser: Hi\nassistant: Sure,\n"


def test_lines_of_stdin_are_messages(mesolens: Mesolens, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, b"one\n\ntwo \xc3\xa9\n")
    assert mesolens("angles", "apply", "upper").out == "ONE\nTWO É\n"


def test_what_a_stranger_wrote_cannot_touch_the_terminal(mesolens: Mesolens) -> None:
    found = mesolens("angles", "apply", "starred", "a\x1b[2J\u202eb").out
    assert found == "*** a\\x1b[2J\\u202eb ***\n"


def test_angles_of_ones_own_stand_beside_the_others(mesolens: Mesolens, own: Path) -> None:
    assert mesolens("angles", "list", "--angles", own, "--json").data[-1]["name"] == "harbour"
    assert mesolens("angles", "show", "harbour", "--angles", own).out.endswith(f"I am writing from a harbour. {TEXT}\n")
    assert (
        mesolens("angles", "apply", "harbour|upper", "Hi", "--angles", own).out == "I AM WRITING FROM A HARBOUR. HI\n"
    )


def test_what_cannot_be_used_is_one_line(
    mesolens: Mesolens, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mesolens("angles", "apply", "leat", "Hi").refused(2, "'leat' is no angle", "leet")
    assert mesolens("angles", "apply", "leet:7", "Hi").refused(2, "from 0 to 1")
    assert mesolens("angles", "apply", "leet", "Hi", "--core", "tea").refused(2, "'tea' does not stand in 'Hi'")
    assert mesolens("angles", "show", "leet|json").refused(2, "'leet|json' is no angle")
    assert mesolens("angles", "list", "--family", "mood").refused(2, "'mood' is no family", "surface")
    assert mesolens("angles", "list", "--angles", tmp_path / "none.toml").refused(2, "cannot read angles")
    assert mesolens("angles", "list", "--angles", own, "--angles", own).refused(2, "harbour is declared twice")
    assert mesolens("angles", "apply", "leet", "Hi", "--seed", "x").refused(2, "--seed")
    for content, said in ((b"\xff", "not UTF-8"), (b"\n", "no message")):
        typed(monkeypatch, content)
        assert mesolens("angles", "apply", "leet").refused(2, said)
    assert list(tmp_path.iterdir()) == [own]


@pytest.mark.parametrize("words", [["list"], ["show", "leet"], ["apply", "typos|story|raw", "Hi"]])
def test_no_torch_is_imported(words: list[str]) -> None:
    script = (
        f"import sys; sys.argv = ['mesolens', 'angles', *{words}]; import mesolens.cli.start as s\n"
        "try: s.main()\nexcept SystemExit: pass\n"
        "print(*(name for name in ('torch', 'transformers', 'numpy') if name in sys.modules), 'end')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "end"


def test_json_is_one_document(mesolens: Mesolens) -> None:
    found = mesolens("angles", "apply", "emoji", "Hi there", "--json")
    assert json.loads(found.out)
    assert found.out.isascii()
