"""The command: rows as data, a table for people, and exit code 1 when a row does not hold."""

from dataclasses import replace

import pytest

from mesolens.calibration import catalog
from mesolens.evidence.row import Row
from mesolens.runs.settings import Settings

from .conftest import Mesolens

GOOD = Row("middle", "a circuit", "AUROC", 1.0, bar="≥ 0.95", holds=True, peer="nobody", peer_value=0.5)
BAD = replace(GOOD, subject="another", value=0.5, holds=False)
KEYS = {"name", "subject", "quantity", "value", "low", "high", "bar", "holds", "peer", "peer_value"}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Rows that the only part of the only instrument gives."""
    rows = [GOOD]
    part = replace(catalog.INSTRUMENTS["middle"][0], rows=lambda _settings, _tick: rows)
    monkeypatch.setattr(catalog, "INSTRUMENTS", {"middle": (part,)})
    return rows


def test_rows_are_data_or_a_table(mesolens: Mesolens, parts: list[Row]) -> None:
    found = mesolens("calibrate", "middle", "--json")
    assert found.code == 0, found.err
    assert [row.keys() for row in found.data] == [KEYS]
    assert found.data[0]["value"] == 1.0
    assert "CPU seconds under the budget standard: circuits" in found.err
    people = mesolens("calibrate")
    assert "≥ 0.95" in people.out
    assert "nobody" in people.out


def test_a_row_that_does_not_hold_is_a_failed_check(mesolens: Mesolens, parts: list[Row]) -> None:
    parts.append(BAD)
    found = mesolens("calibrate", "--json")
    assert found.code == 1
    assert [row["holds"] for row in found.data] == [True, False]
    assert "1 of 2 rows do not hold, first another: AUROC is 0.5, its bar ≥ 0.95" in found.err


def test_names_that_are_not_there_are_refused(mesolens: Mesolens) -> None:
    assert mesolens("calibrate", "muddle").refused(2, "no instrument called 'muddle' is calibrated", "middle")
    assert mesolens("calibrate", "--only", "circus").refused(2, "'circus'", "circuits, implants, intervals, nothing")
    assert mesolens("calibrate", "--budget", "lavish").refused(2, "lavish", "quick")


def test_a_part_can_be_asked_for_alone(mesolens: Mesolens) -> None:
    found = mesolens("calibrate", "middle", "--only", "nothing", "--json", "--budget", "quick")
    assert found.code == 0, found.err
    assert {row["subject"] for row in found.data} == {"mask against itself", "prompts against themselves"}
    assert Settings().budget == "standard"
