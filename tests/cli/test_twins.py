"""`mesolens twins`: two models or more in one run, and nobody beside himself."""

from pathlib import Path

import pytest

from mesolens.evidence.reading import from_json
from mesolens.instruments.face.twins import Twins
from mesolens.runs.store import Store
from tests.runs.test_store import files

from .conftest import Mesolens
from .face_folder import options


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    """What a small look is asked with."""
    return options(tmp_path)


@pytest.mark.slow
def test_twins_are_data_and_the_same_command_finds_them_again(
    mesolens: Mesolens, tmp_path: Path, small: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["twins", "slide:mask-twin-a", "slide:mask-small", *small, "--out", tmp_path / "run"]
    command = [part for part in command if part != "--corpus" and not str(part).endswith("text.txt")]
    found = mesolens(*command, "--json")
    assert found.code == 0, found.err
    assert found.data["models"] == ["slide:mask-twin-a", "slide:mask-small"]
    assert [row["angle"] for row in found.data["angles"]] == ["identity", "bell", "hour-midnight"]
    reading = from_json(Store(tmp_path / "run").read_json("readings/twins"))
    assert reading.verdict in ("one face", "split", "strangers")
    assert dict(reading.data) == found.data
    kept = {part: files(tmp_path / "run" / part) for part in ("tables", "shards", "readings", "plans")}

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("what is kept is measured again")

    monkeypatch.setattr(Twins, "measure", asked_again)
    people = mesolens(*command)
    assert people.code == 0, people.err
    assert {part: files(tmp_path / "run" / part) for part in kept} == kept
    assert people.out.startswith(f"slide:mask-twin-a and slide:mask-small: {reading.verdict}\n")
    assert "The most divergent of 3 angles" in people.out


def test_nobody_is_compared_with_nobody_or_with_himself(mesolens: Mesolens, tmp_path: Path) -> None:
    assert mesolens("twins", "slide:mask").refused(2, "slide:mask has nobody to be compared with", "two models or more")
    same = mesolens("twins", "slide:mask-small", "slide:mask-small", "--angles", "bell", "--out", tmp_path / "run")
    assert same.refused(2, "two of slide:mask-small, slide:mask-small have the same weights")
    audit = mesolens("audit", "slide:mask-small", "--only", "face", "--budget", "quick", "--twin", "slide:mask-small")
    assert audit.refused(2, "two of slide:mask-small, slide:mask-small have the same weights")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("slide:mask", "slide:nobody"), "'nobody'"),
        (("slide:mask", "slide:mask-small", "--angles", "belll"), "did you mean bell"),
        (("slide:mask", "slide:mask-small", "--temperature", "-1"), "--temperature is -1"),
        (("slide:mask", "slide:mask-small", "--most", "0"), "--most is 0"),
        (("slide:mask", "slide:mask-small", "--budget", "lavish"), "'lavish'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(
    mesolens: Mesolens, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert mesolens("twins", *arguments).refused(2, said)
    assert list(tmp_path.iterdir()) == []
