"""`mesolens organs`: data on stdout alone, the same run found again, and every bad input a line."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

import mesolens.api as ml
from mesolens.evidence.reading import from_json
from mesolens.instruments.middle import organs
from mesolens.model.resolve import resolve
from mesolens.runs.store import Store
from mesolens.traits import packs

from .conftest import Mesolens


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Nine contrasts of two traits, in the words of the slide's own pack."""
    fitted = packs.fit(packs.pack_of(resolve("slide:mask-small").folder), ml.load("slide:mask-small"))
    picked = [text for name in ("warmth/order-against-order", "formality/order-against-order", "voice/own-against-role")
              for text in [each for each in fitted.texts if each.template == name][:4]]  # fmt: skip
    file = tmp_path / "few.jsonl"
    rows = [{"clean": text.clean, "reference": text.reference, "target": text.target, "foil": text.foil,
             "template": text.template, "id": text.id} for text in picked]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.mark.slow
def test_organs_are_data_and_the_same_command_finds_them_again(
    mesolens: Mesolens, tmp_path: Path, few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["organs", "slide:mask-small", "--contrasts", few, "--budget", "quick", "--angles", "quoted",
               "--unseen", "shouting-end", "--broken", "upper", "--out", tmp_path / "run"]  # fmt: skip
    found = mesolens(*command, "--json")
    assert found.code == 0, found.err
    data: dict[str, Any] = found.data
    assert data["traits"] == ["warmth", "formality", "voice"]
    assert [(row["name"], row["use"]) for row in data["angles"]] == [
        ("identity", "found"), ("quoted", "found"), ("upper", "broken"), ("shouting-end", "held")
    ]  # fmt: skip
    assert data["contrasts"] == {"found": 9, "held": 3}
    assert data["conservation"] <= 1e-6
    assert data["completeness"] <= 0.01
    assert sum(row["leaves"] for row in data["organs"]) + data["remainder"]["leaves"] == 181
    assert set(data["proof"]) == {"reference", "mean"}
    reading = from_json(Store(tmp_path / "run").read_json("readings/organs"))
    assert json.loads(json.dumps(dict(reading.data))) == data
    assert (tmp_path / "run" / "report.html").is_file()

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("what is kept is measured again")

    monkeypatch.setattr(organs, "measure", asked_again)
    people = mesolens(*command)
    assert people.code == 0, people.err
    assert people.out.startswith(f"slide:mask-small: {reading.verdict}\n")
    assert "What it rests on" in people.out


@pytest.mark.slow
def test_a_twin_is_looked_at_in_the_same_run_and_its_organs_are_matched(
    mesolens: Mesolens, tmp_path: Path, few: Path
) -> None:
    command = ["organs", "slide:mask-twin-a", "--contrasts", few, "--budget", "quick", "--angles", "quoted",
               "--unseen", "shouting-end", "--twin", "slide:mask-twin-b", "--out", tmp_path / "run"]  # fmt: skip
    found = mesolens(*command, "--json")
    assert found.code == 0, found.err
    twins: dict[str, Any] = found.data["twins"]
    theirs = from_json(Store(tmp_path / "run").read_json("readings/organs-twin"))
    assert (theirs.instrument, theirs.subject) == ("organs-twin", "slide:mask-twin-b")
    assert twins["models"] == ["slide:mask-twin-a", "slide:mask-twin-b"]
    sizes = {"one": len(found.data["organs"]), "other": len(cast("list[object]", theirs.data["organs"]))}
    assert len(twins["matched"]) == min(sizes.values())
    for side, count in sizes.items():
        shared = [row[side] for row in twins["matched"] if row["shared"]]
        assert sorted([*shared, *twins["alone"][side]]) == list(range(count))
    assert all(row["shared"] == (row["likeness"] > row["floor"]) for row in twins["matched"])
    assert "Matched organs" in (tmp_path / "run" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--angles", "quotd"), ("'quotd' is no angle", "did you mean quoted")),
        (("--unseen", "quotd"), ("'quotd' is no angle",)),
        (("--broken", "upper|leet:7"), ("the strength of leet is '7'",)),
        (("--angles", "quoted,upper", "--unseen", "upper"), ("upper: an angle that organs are found by",)),
        (("--angles", "identity", "--unseen", "identity"), ("identity: an angle that organs are found by",)),
        (("--budget", "lavish"), ("--budget is 'lavish'", "quick, standard, deep")),
        (("--contrasts", "/no/such/file"), ("/no/such/file",)),
        (("--against", "slide:mask-small"), ("same weights", "nothing differs")),
        (("--against", "/no/such/model"), ("/no/such/model",)),
        (("--twin", "/no/such/model"), ("/no/such/model",)),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(
    mesolens: Mesolens, tmp_path: Path, few: Path, arguments: tuple[str, ...], said: tuple[str, ...]
) -> None:
    before = set(tmp_path.rglob("*"))
    command = ("organs", "slide:mask-small", "--contrasts", few, "--out", tmp_path / "run")
    assert mesolens(*command, *arguments).refused(2, *said)
    assert set(tmp_path.rglob("*")) == before


def test_too_few_contrasts_are_refused_by_their_number(mesolens: Mesolens, tmp_path: Path, few: Path) -> None:
    file = tmp_path / "fewer.jsonl"
    file.write_text("".join(few.read_text().splitlines(keepends=True)[:4]))
    command = ("organs", "slide:mask-small", "--contrasts", file, "--out", tmp_path / "run")
    assert mesolens(*command).refused(2, "organs need 6 contrasts or more to be found by, and there are 3")
    assert not (tmp_path / "run").exists()


def test_a_contrast_without_a_reference_is_refused_by_name(mesolens: Mesolens, tmp_path: Path, few: Path) -> None:
    rows = [json.loads(line) for line in few.read_text().splitlines()]
    del rows[0]["reference"]
    file = tmp_path / "lacking.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert mesolens("organs", "slide:mask-small", "--contrasts", file).refused(
        2, rows[0]["id"], "has no reference prompt", "--against"
    )
