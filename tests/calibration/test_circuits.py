"""Scoring circuits: found leaves count, and every way of being wrong turns a row."""

from dataclasses import replace

import pytest

from mesolens.calibration import circuits
from mesolens.calibration.circuits import Found, causal_auroc, found, missed
from mesolens.evidence.row import Row
from mesolens.runs.settings import Settings
from mesolens.slides.circuits import build


def planted(name: str) -> Found:
    """What a faultless path integral would say of a circuit."""
    truth = build(name)[2]
    return Found(truth, dict(truth.nodes), "gated", "closed")


def held(founds: list[Found]) -> dict[str, bool | None]:
    return {row.quantity.split(",")[0]: row.holds for row in circuits._of_circuit(founds)}


@pytest.mark.parametrize("name", ["or", "chain"])
def test_the_middle_finds_what_is_planted(name: str) -> None:
    seen = found(name, 3, "gated")
    assert causal_auroc(seen, seen.truth.causal) == 1.0
    assert missed(seen) == 0
    assert seen.off < 1e-3
    assert not seen.silently_wrong
    assert False not in held([seen]).values()


def test_the_referee_is_held_against_shapley_values() -> None:
    seen = found("and", 1, "owen")
    assert seen.engine == "owen"
    assert seen.off < 1e-3
    assert replace(seen, engine="gated").off > 0.1, "the two truths of this circuit differ"


def test_a_backup_that_is_not_seen_is_missed() -> None:
    whole = planted("or")
    blind = replace(whole, shares=whole.shares | dict.fromkeys(whole.truth.backup, 0.0))
    rows = held([whole, blind])
    assert rows["causal leaves missed"] is False
    assert rows["AUROC of backup leaves"] is False
    assert rows["worst leaf off its closed form of the path"] is False
    assert blind.silently_wrong
    assert held([whole, whole])["AUROC of backup leaves"] is True


def test_norms_taken_for_effects_lose() -> None:
    whole = planted("distractor")
    loud = replace(whole, shares=dict.fromkeys(whole.shares, 0.01) | dict.fromkeys(whole.truth.distractor, 100.0))
    assert causal_auroc(loud, whole.truth.causal) < 0.5
    assert held([loud])["AUROC of causal leaves"] is False


def test_a_refusal_misses_everything_but_is_not_wrong() -> None:
    whole = planted("cliff")
    refused = replace(whole, shares={}, verdict="refused")
    assert missed(refused) == len(whole.truth.causal)
    assert not refused.silently_wrong
    assert held([refused])["AUROC of causal leaves"] is False, "nothing found is no better than chance"


@pytest.mark.slow
def test_every_row_on_circuits_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(circuits.ROTATIONS, "quick", 1)
    ticks: list[int] = []
    rows: list[Row] = circuits.rows(Settings(budget="quick"), ticks.append)
    assert sum(ticks) == circuits.steps("quick")
    assert [row for row in rows if row.holds is False] == []
    assert sum(row.holds is True for row in rows) > 30
