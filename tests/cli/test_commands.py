"""The commands on the default slide: data on stdout alone, people's text on stderr, and the same run found again."""

import json
from pathlib import Path

import pytest

from mesolens.cli.chapters import check
from mesolens.errors import CheckFailed
from mesolens.evidence.reading import Number, Reading, from_json
from mesolens.runs.store import Store
from tests.runs.test_store import files

from .conftest import Mesolens


def test_audit_prints_the_report_and_says_what_is_missing(mesolens: Mesolens, contrasts: Path) -> None:
    found = mesolens("audit", "--contrasts", contrasts, "--only", "middle")
    assert found.code == 0, found.err
    report = Path(found.out.strip())
    assert report.name == "report.html"
    assert report.is_file()
    *_, last = found.err.splitlines()
    assert last == "not in this version: average, study, forecast"
    assert str(report) in found.err
    before = files(report.parent / "tables")
    again = mesolens("audit", "--contrasts", contrasts, "--only", "middle", "--json")
    assert Path(again.data["report"]) == report, "the same command finds the same run"
    assert files(report.parent / "tables") == before
    assert from_json(again.data["chapters"]["middle"]) == from_json(Store(report.parent).read_json("readings/middle"))
    assert "or more, at most" not in again.err, "nothing is left to estimate"
    record = json.loads((report.parent / "run.json").read_text())
    assert record["settings"]["json"] == {"value": True, "from": "flag"}
    assert mesolens(
        "audit", "--contrasts", contrasts, "--only", "middle", "--seed", "7", "--out", report.parent
    ).refused(2, "holds another run (it differs in seed)")


def test_middle_prints_the_tree_of_the_contract(mesolens: Mesolens, contrasts: Path, tmp_path: Path) -> None:
    found = mesolens("middle", "slide:mask", "--contrasts", contrasts, "--json", "--out", tmp_path / "run")
    assert found.code == 0, found.err
    tree = found.data
    assert tree.keys() >= {"delta", "completeness", "conservation", "steps", "engine", "verdict", "nodes"}
    assert tree["nodes"][0]["site"] == "model"
    assert all(node.keys() >= {"site", "parent", "share", "low", "high", "direct"} for node in tree["nodes"])
    assert tree["completeness"] <= 0.01
    people = mesolens("middle", "slide:mask", "--contrasts", contrasts, "--out", tmp_path / "run")
    assert people.code == 0
    assert "L0.attn" in people.out
    assert "leaves, in nats" in people.out


def test_middle_against_another_model(mesolens: Mesolens, contrasts: Path, tmp_path: Path) -> None:
    found = mesolens("middle", "slide:mask", "--against", "slide:mask-base", "--contrasts", contrasts, "--json")
    assert found.code in (0, 1), found.err
    (run,) = (tmp_path / "mesolens-runs").iterdir()
    record = json.loads((run / "run.json").read_text())
    assert record["depends"]["against"] == record["against"]["weights_hash"] != record["depends"]["model"]


def test_anatomy_as_table_and_as_data(mesolens: Mesolens, tmp_path: Path) -> None:
    table = mesolens("anatomy", "slide:mask")
    assert (table.code, table.err) == (0, "")
    assert "4 heads" in table.out
    found = mesolens("anatomy", "slide:mask", "--json")
    assert [w["name"] for b in found.data["anatomy"]["blocks"] for w in b["writers"]] == ["attn", "mlp"] * 2
    assert list(tmp_path.iterdir()) == [], "looking leaves nothing behind"


def test_slides_are_listed_and_shown(mesolens: Mesolens) -> None:
    rows = {row["name"]: row for row in mesolens("slides", "list", "--json").data}
    assert rows["mask"]["shipped"] is True
    assert "slide:mask" in mesolens("slides", "list").out
    truth = mesolens("slides", "show", "mask", "--json").data
    assert truth["name"] == "mask"
    assert mesolens("slides", "show", "slide:mask").out.splitlines()[0].startswith("folder: ")
    assert mesolens("slides", "grow", "mask").out.strip() == truth["folder"], "what is on the shelf is not grown again"


@pytest.mark.slow
def test_the_default_slide_is_what_its_truth_says(mesolens: Mesolens) -> None:
    found = mesolens("slides", "verify", "mask", "--json")
    assert found.code == 0, found.err
    assert all(row["holds"] for row in found.data)


def test_view_writes_a_missing_report_anew(mesolens: Mesolens, contrasts: Path) -> None:
    report = Path(mesolens("audit", "--contrasts", contrasts, "--only", "middle").out.strip())
    report.unlink()
    assert mesolens("view", report.parent, "--json").data == {"report": str(report)}
    assert report.is_file()


def test_a_figure_beyond_its_bar_is_a_failed_check() -> None:
    good = Reading("middle", "m", "closed", "s", (Number("a", 1.0, bar="≤ 2", holds=True), Number("b", 1.0)))
    bad = Reading("face", "m", "refused", "s", (Number("c", 3.0, bar="≤ 2", holds=False),))
    check({"middle": good})
    with pytest.raises(CheckFailed, match="face: c is 3, its bar ≤ 2"):
        check({"middle": good, "face": bad})
