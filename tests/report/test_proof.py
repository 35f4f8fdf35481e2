"""The check panel says of every verification what its figures say, and never invents one that was not computed."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.report.middle_chapter import chapter
from mesolens.report.proof import checks, proof_of, series
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.synthetic import Shape, make_run
from tests.report.synthetic_proof import proof

PARTS = ("parity", "curves", "nulls", "matrix", "stability", "shuffled")
UNIT = st.floats(0, 1)


def whole() -> dict[str, Any]:
    shares = np.random.default_rng(0).normal(size=(4, 20))
    return cast(dict[str, Any], proof([f"L0.mlp.n{n}" for n in range(20)], shares, np.random.default_rng(1)))


def found(changed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The checks by the part that they come from."""
    return dict(zip(PARTS, cast(list[dict[str, Any]], checks(changed)), strict=True))


@given(st.sets(st.sampled_from(PARTS)), st.sets(st.sampled_from(PARTS)))
def test_a_part_that_is_missing_or_refused_says_so_and_has_no_figure(gone: set[str], refused: set[str]) -> None:
    changed = whole() | {name: {"refused": f"no {name} here"} for name in refused} | dict.fromkeys(gone)
    drawn = cast(dict[str, Any] | None, series(changed))
    for name, check in found(changed).items():
        absent = name in gone or name in refused
        assert bool(check["why"]) == absent
        assert bool(check["text"]) != absent
        assert check["holds"] is None or not absent
        assert ((drawn or {}).get(name) is None) == absent
        if name in refused - gone:
            assert check["why"] == f"no {name} here"


@given(UNIT, UNIT)
def test_the_bars_are_held_against_the_figures(p: float, called: float) -> None:
    changed = whole()
    changed["nulls"]["p"], changed["shuffled"]["called"] = p, called
    by_name = found(changed)
    assert by_name["nulls"]["holds"] == (p <= 0.05)
    assert by_name["shuffled"]["holds"] == (called <= 0.05)


def test_curves_hold_only_where_the_largest_matter_sooner_than_a_random_order() -> None:
    changed = whole()
    assert found(changed)["curves"]["holds"] is True
    part = changed["curves"]
    for name in ("keep", "remove"):
        part[f"random_{name}_area"] = part[f"{name}_area"] + 0.01
        assert found(changed)["curves"]["holds"] is False
        part[f"random_{name}_area"] = 0.1
    assert found(changed)["curves"]["holds"] is True
    part["random_keep_area"] = None
    assert found(changed)["curves"]["holds"] is None


@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3), min_size=3, max_size=3))
def test_the_matrix_says_the_least_of_the_own_and_the_most_of_another(rows: list[list[float]]) -> None:
    changed = whole()
    changed["matrix"]["effects"] = rows
    sizes = np.abs(np.array(rows))
    least, most = float(np.diag(sizes).min()), float((sizes - 2 * np.eye(3)).max())
    check = found(changed)["matrix"]
    assert check["holds"] is None
    said = f"own trait {100 * least:.3g} % or more, another at most {100 * most:.3g} %"
    assert check["text"] == said.replace("-", "−")


def test_what_has_no_bar_is_reported_without_one() -> None:
    by_name = found(whole())
    assert [name for name, check in by_name.items() if check["holds"] is None] == ["parity", "matrix", "stability"]
    assert "Pearson 0.971" in by_name["parity"]["text"]
    assert "0.61 … 0.88" in by_name["stability"]["text"]


BROKEN: list[tuple[str, Any]] = [
    ("curves", {"sizes": [0, 1], "keep": [0.0], "remove": [1.0, 0.0]}),
    ("matrix", {"traits": ["a", "b"], "sizes": [1, 1], "effects": [[1.0], [0.0]]}),
    ("nulls", {"set": "L0", "nulls": []}),
    ("parity", {"points": [3]}),
    ("stability", "stable"),
]


@pytest.mark.parametrize(("name", "part"), BROKEN)
def test_a_damaged_part_is_refused_by_its_name(name: str, part: Any) -> None:
    with pytest.raises(BadInput, match=f"proof.{name}"):
        series(whole() | {name: part})
    with pytest.raises(BadInput, match="proof"):
        proof_of(Reading("middle", "x", "closed", "s", data={"proof": [part]}))


def test_an_older_run_has_no_verification_and_still_opens(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", Shape(layers=1, heads=2, neurons=4, items=3, proven=False))
    made = chapter(readings(Store(run))["middle"], Store(run).tables("middle"))
    assert all(check["why"] for check in cast(list[dict[str, Any]], made.main["verified"]))
    assert not {name for name in made.blocks if "near" in name or "proof" in name or "closeups" in name}
