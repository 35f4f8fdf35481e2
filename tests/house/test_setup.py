"""Setting up: nothing when nothing changed, all anew after an interruption, and one line when there is no Python.

A Python of our own making stands in for the real one: it writes down what it is asked for, and fails when told to.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = """#!/bin/bash
echo "$@" >> "$LOG"
if [ "$1 $2" = "-m venv" ]; then
  if [ "$3" = --clear ]; then rm -rf .venv; fi
  mkdir -p .venv/bin
  cp "$0" .venv/bin/python
  touch .venv/bin/pip
  chmod +x .venv/bin/pip
fi
if [ "$2" = pip ] && [ -e fail ]; then kill -9 $PPID; fi
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A folder with the set-up in it, and a Python that only writes down what it is asked for."""

    folder: Path

    def setup(self, profile: str) -> list[str]:
        """Run the set-up; gives what it asked of Python: `venv`, `venv --clear`, `torch`, or what was installed."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        environment = os.environ | {"PYTHON": str(self.folder / "python"), "LOG": str(log)}
        subprocess.run(
            ["bash", ".ci/setup", profile], cwd=self.folder, env=environment, capture_output=True, check=False
        )
        return (
            [_short(line) for line in log.read_text("utf-8").splitlines() if line[:2] == "-m"] if log.exists() else []
        )

    def fails(self, yes: bool) -> None:
        """Let the next installation be killed, or not."""
        (self.folder / "fail").touch() if yes else (self.folder / "fail").unlink()


def _short(call: str) -> str:
    if call.startswith("-m venv"):
        return "venv --clear" if "--clear" in call else "venv"
    return "torch" if "torch==" in call else call.split()[-1]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    for name in (".ci", "pyproject.toml", "constraints.txt"):
        (shutil.copytree if name == ".ci" else shutil.copy)(ROOT / name, tmp_path / name)
    (tmp_path / "python").write_text(PYTHON, "utf-8")
    (tmp_path / "python").chmod(0o755)
    return Copy(tmp_path)


def test_the_first_time_torch_comes_first(copy: Copy) -> None:
    assert copy.setup("audit") == ["venv", "torch", "."]


def test_nothing_happens_when_nothing_changed(copy: Copy) -> None:
    copy.setup("audit")
    assert copy.setup("audit") == []


def test_the_tests_need_more_and_the_audit_no_more(copy: Copy) -> None:
    copy.setup("audit")
    assert copy.setup("test") == ["torch", ".[dev,docs]"]
    assert copy.setup("audit") == []


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_updates(copy: Copy, name: str) -> None:
    copy.setup("test")
    with (copy.folder / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert copy.setup("audit") == ["torch", "."]


def test_what_was_killed_half_way_is_laid_anew(copy: Copy) -> None:
    copy.fails(True)
    assert copy.setup("test") == ["venv", "torch"]
    copy.fails(False)
    assert copy.setup("test") == ["venv --clear", "torch", ".[dev,docs]"]
    assert copy.setup("test") == []


def test_an_update_killed_half_way_is_laid_anew(copy: Copy) -> None:
    copy.setup("audit")
    copy.fails(True)
    copy.setup("test")
    copy.fails(False)
    assert copy.setup("audit") == ["venv --clear", "torch", "."]


def test_without_python_one_line_says_what_to_do(copy: Copy) -> None:
    (copy.folder / "bin").mkdir()
    for tool in ("bash", "cat", "cksum", "dirname", "tr"):
        (copy.folder / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    environment = {"PATH": str(copy.folder / "bin"), "PYTHON": "no-such-python"}
    command = ["bash", ".ci/setup", "audit"]
    done = subprocess.run(command, cwd=copy.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in done.stderr
    assert not (copy.folder / ".venv").exists()
