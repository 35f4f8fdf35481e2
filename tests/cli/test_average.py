"""`mesolens average`: data on stdout alone, the same run found again, and every bad input a line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mesolens.evidence.reading import from_json
from mesolens.instruments.average import spec as asked
from mesolens.runs.store import Store
from tests.model.tiny import saved
from tests.runs.test_store import files

from .conftest import Mesolens

SMALL: Mapping[str, int] = {"fit_tokens": 4000, "held": 10, "places": 2, "resamples": 50, "gathered": 30_000}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few texts and samples, so that what is tested is the command."""
    monkeypatch.setitem(asked.TEXTS, "quick", 4)  # pyright: ignore[reportArgumentType]
    monkeypatch.setitem(asked.LOOKED, "quick", 5)  # pyright: ignore[reportArgumentType]
    monkeypatch.setitem(asked.BUDGETS, "quick", SMALL)  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_an_average_is_data_and_the_same_command_finds_it_again(mesolens: Mesolens, tmp_path: Path) -> None:
    command = ["average", "slide:mask-small", "--budget", "quick", "--documents", "1", "--out", tmp_path / "run"]
    found = mesolens(*command, "--json")
    assert found.code == 0, found.err
    data: dict[str, Any] = found.data
    assert 0 < data["corpus"]["fraction"] < 1
    assert data["headline"]["overlap"] > 0.5
    assert [part["name"] for part in data["parts"]] == ["clean replies"]
    assert {row["text"] for row in data["influence"]["tokens"]} == {data["influence"]["texts"][0]["text"]}
    reading = from_json(Store(tmp_path / "run").read_json("readings/average"))
    assert json.loads(json.dumps(dict(reading.data))) == data
    before = files(tmp_path / "run" / "tables")
    again = mesolens(*command, "--json")
    assert again.data == data
    assert files(tmp_path / "run" / "tables") == before
    shown = mesolens(*command)
    assert "What the average would also have said" in shown.out
    assert "of what the model was trained on" in shown.out
    assert "Documents that move each text" in shown.out
    assert "retrainings of a slide of width 32" in shown.out


@pytest.mark.slow
def test_neighbours_are_a_run_of_their_own_and_say_what_they_take(mesolens: Mesolens, tmp_path: Path) -> None:
    command = ["average", "slide:mask-small", "--budget", "quick", "--out", tmp_path / "run"]
    asked = [*command, "--neighbours", "--places", "300"]
    found = mesolens(*asked, "--json")
    assert found.code == 0, found.err
    assert "states behind block 1 at 300 places" in found.err
    data: dict[str, Any] = found.data
    assert data["neighbours"]["places"] == 300
    assert "neighbours" in [row["rung"] for row in data["ledger"]]
    shown = mesolens(*asked)
    assert "Neighbours: states behind block 1 at 300 places" in shown.out
    assert mesolens(*asked, "--json").data == data
    other = mesolens(*command, "--neighbours", "--places", "301")
    assert other.code == 2
    assert "neighbours" in other.err


@pytest.mark.slow
def test_an_audit_of_a_slide_says_which_documents_move_its_first_replies(
    mesolens: Mesolens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesolens.cli.audit.LOOKED", 4)
    found = mesolens("audit", "slide:mask-small", "--only", "average", "--out", tmp_path / "run", "--json")
    assert found.code == 0, found.err
    moved: dict[str, Any] = found.data["chapters"]["average"]["data"]["influence"]
    assert len(moved["texts"]) == 2
    assert 4 <= moved["documents"] <= 4 + 2 * 4 * 3, "those that hold the longest runs are looked at too"
    assert moved["quality"]["retrainings"] == 40
    assert "data-average-influence" in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_a_model_that_is_no_slide_needs_an_index(mesolens: Mesolens, tmp_path: Path) -> None:
    found = mesolens("average", saved(tmp_path), "--out", tmp_path / "run")
    assert found.code == 2
    assert "--index names the corpus" in found.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--fraction", "2"], "the fraction 2 is none"),
        (["--most", "0"], "--most is 0"),
        (["--documents", "-1"], "-1 texts cannot be attributed"),
        (["--index", "nowhere"], "nowhere is no index"),
        (["--places", "9"], "--places 9 are those of neighbours"),
        (["--layer", "0"], "no neighbours were asked for"),
        (["--neighbours", "--places", "0"], "0 places of the corpus are no neighbours"),
        (["--neighbours", "--layer", "9"], "has no block 9"),
    ],
)
def test_every_bad_input_is_a_line(mesolens: Mesolens, tmp_path: Path, flags: list[str], said: str) -> None:
    found = mesolens("average", "slide:mask-small", *flags, "--out", tmp_path / "run")
    assert found.code == 2
    assert said in found.err
    assert not (tmp_path / "run").exists()
