"""`mesolens quine`: a model that writes none, and files that are honest or not."""

from pathlib import Path

import pytest

from mesolens.evidence.reading import from_json
from mesolens.instruments.quine.sandbox import Missing, sandbox
from mesolens.runs.store import Store
from tests.instruments.quines import javascript_quine, python_quine

from .conftest import Mesolens


@pytest.fixture(autouse=True)
def jailed() -> None:
    room = sandbox()
    if isinstance(room, Missing) or not room.javascript:
        pytest.skip(room.why if isinstance(room, Missing) else "needs quickjs")


def written(folder: Path, **files: str) -> list[Path]:
    """Programs in files, whose names have the ending behind two underscores."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return [folder / name.replace("__", ".") for name in files]


def test_honest_files_are_done(mesolens: Mesolens, tmp_path: Path) -> None:
    files = written(tmp_path, a__py=python_quine(), b__js=javascript_quine())
    found = mesolens("quine", "check", *files)
    assert found.code == 0, found.err
    assert found.out.count(" honest ") == 2
    found = mesolens("quine", "check", *files, "--json")
    assert [row["verdict"] for row in found.data] == ["honest", "honest"]
    assert [row["novelty"]["nearest"] for row in found.data] == ["percent", "replace"]
    assert [check["name"] for check in found.data[0]["checks"]] == [
        "byte equality",
        "bytecode child",
        "canary edits",
        "constraint",
    ]


def test_one_that_cheats_is_a_failed_check(mesolens: Mesolens, tmp_path: Path) -> None:
    files = written(tmp_path, a__py=python_quine(), b__py="print(open(__file__).read(), end='')\n")
    found = mesolens("quine", "check", *files, "--json")
    assert found.code == 1
    assert [row["verdict"] for row in found.data] == ["honest", "cheats"]
    assert len(found.err.splitlines()) == 1
    assert "b.py: cheats" in found.err


def test_a_program_s_words_stay_harmless(mesolens: Mesolens, tmp_path: Path) -> None:
    (file,) = written(tmp_path, a__py="import sys\nsys.exit('\\x1b[2J\\u202egone')\n")
    found = mesolens("quine", "check", file)
    assert found.code == 1
    assert "\x1b" not in found.out + found.err
    assert "\u202e" not in found.out + found.err
    assert "gone" in found.err


def test_files_that_cannot_be_judged_are_refused(mesolens: Mesolens, tmp_path: Path) -> None:
    (text,) = written(tmp_path, a__txt=python_quine())
    assert mesolens("quine", "check", text).refused(2, "a.txt", "--language")
    assert mesolens("quine", "check", text, "--language", "python").code == 0
    assert mesolens("quine", "check", text, "--language", "basic").refused(2, "basic")
    assert mesolens("quine", "check", tmp_path / "none.py").refused(2, "none.py", "no file")
    assert mesolens("quine", "check", tmp_path, "--language", "python").refused(2, "no file")


def test_what_is_not_there_is_refused(mesolens: Mesolens) -> None:
    assert mesolens("quine", "slide:mask", "--rungs", "ladder").refused(2, "'ladder' is no rung", "relay")
    assert mesolens("quine", "slide:mask", "--languages", "basic").refused(2, "'basic' is no language")


@pytest.mark.slow
def test_a_slide_writes_none_and_the_run_says_so(mesolens: Mesolens, tmp_path: Path) -> None:
    command = ["quine", "slide:mask", "--budget", "quick", "--most", "32", "--out", tmp_path / "run"]
    found = mesolens(*command, "--json")
    assert found.code == 0, found.err
    reading = from_json(Store(tmp_path / "run").read_json("readings/quine"))
    assert reading.verdict in ("writes none", "not determined")
    assert dict(reading.data) == found.data
    assert sum(rung["honest"] for rung in found.data["rungs"]) == 0
    assert (tmp_path / "run" / "report.html").is_file()
    again = mesolens(*command, "--json")
    assert again.data == found.data  # nothing is measured again: the times of verdicts are the same
