"""What `make` offers, and that its first command ends in a report."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*words: str) -> str:
    done = subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_help_lists_every_target() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    shown = make("help")
    assert [target for target in targets if f"make {target} " not in shown] == []


@pytest.mark.slow
def test_an_audit_ends_with_its_report_and_five_lines(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / ".stamps").is_dir():
        pytest.skip("these tests run in an environment that make did not set up")
    lines = make("audit", f"RUN={tmp_path / 'run'}").rstrip().splitlines()
    assert (tmp_path / "run" / "report.html").stat().st_size > 0
    assert str(tmp_path / "run" / "report.html") in "\n".join(lines[-6:])
