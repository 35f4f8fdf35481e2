"""A run folder belongs to one run: what it depends on names it, and another one is refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.runs import record
from mesolens.runs.settings import Settings
from mesolens.runs.store import Store

from .card import card


def depends(weights: str = "00ff", against: str | None = None, seed: int = 0) -> dict[str, Json]:
    return record.depends(card(weights), Settings(seed=seed)) | {"against": against or ""}


def test_the_same_command_finds_the_same_folder_and_another_model_another() -> None:
    name = record.folder_of("slide:mask", depends(), Settings())
    assert re.fullmatch(r"mesolens-runs/slide-mask-[0-9a-f]{8}", str(name))
    assert record.folder_of("slide:mask", depends(), Settings()) == name
    for other in (depends("0100"), depends(against="00aa"), depends(seed=1)):
        assert record.folder_of("slide:mask", other, Settings()) != name
    assert record.folder_of("slide:mask", depends(), Settings(out=Path("/here"))) == Path("/here")


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        (depends(), depends("0100"), "model"),
        (depends(), depends(seed=1), "seed"),
        (depends(against="00aa"), depends(against="00bb"), "against"),
        (depends(against="00aa"), depends(), "against"),
        (depends(), depends(against="00aa"), "against"),
    ],
)
def test_another_run_is_refused_by_what_differs(
    tmp_path: Path, first: dict[str, Json], second: dict[str, Json], named: str
) -> None:
    store = Store(tmp_path / "run")
    record.begin(store, card(), Settings(), first)
    before = (store.run / "run.json").read_bytes()
    with pytest.raises(BadInput, match=rf"holds another run \(it differs in {named}\)"):
        record.begin(store, card(), Settings(), second)
    assert (store.run / "run.json").read_bytes() == before


def test_more_of_the_same_run_is_added(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    record.begin(store, card(), Settings(), depends(), chapters={"middle": "done"})
    record.begin(store, card(), Settings(), depends() | {"corpus": "1234"}, chapters={"average": "done"})
    found = store.read_json("run")
    assert isinstance(found, dict)
    assert found["chapters"] == {"middle": "done", "average": "done"}
    assert found["depends"] == depends() | {"corpus": "1234"}
    assert found["settings"]["seed"] == {"value": 0, "from": "call"}  # type: ignore[index]


@given(st.text())
def test_a_slug_is_one_harmless_file_name(name: str) -> None:
    found = record.slug(name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", found)
    assert ".." not in Path(found).parts
