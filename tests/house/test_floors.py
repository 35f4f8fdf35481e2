"""The floors hold, and the check that says so can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def floors(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--config", str(root / "pyproject.toml"), "--no-cache"]
    environment = {"PYTHONPATH": str(root / "src"), "PATH": ""}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_no_import_goes_up() -> None:
    found = floors(ROOT)
    assert found.returncode == 0, found.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("evidence/shards.py", "import mesolens.runs.store", "The floors of the house"),
        ("errors.py", "import mesolens.evidence.shards", "The floors of the house"),
        ("traits/contrasts.py", "import mesolens.slides.recipe", "The floors of the house"),
        ("evidence/reading.py", "import torch", "Evidence knows no torch"),
    ],
)
def test_a_planted_import_is_seen(tmp_path: Path, room: str, line: str, contract: str) -> None:
    house = copied(tmp_path)
    module = house / room
    module.write_text(f"{module.read_text('utf-8')}\n{line}\n", "utf-8")
    found = floors(tmp_path)
    assert found.returncode == 1, found.stdout
    assert f"{contract} BROKEN" in found.stdout


@pytest.mark.slow
def test_a_second_instrument_may_not_lean_on_the_first(tmp_path: Path) -> None:
    neighbour = copied(tmp_path) / "instruments" / "neighbour.py"
    neighbour.write_text('"""A neighbour."""\n\nimport mesolens.instruments.middle.plan\n', "utf-8")
    found = floors(tmp_path)
    assert found.returncode == 1, found.stdout
    assert "No instrument imports another BROKEN" in found.stdout


def copied(tmp_path: Path) -> Path:
    """The house's Python files in a folder where they may be broken."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    house = tmp_path / "src" / "mesolens"
    shutil.copytree(ROOT / "src" / "mesolens", house, ignore=shutil.ignore_patterns("shelf", "__pycache__", "page"))
    return house
