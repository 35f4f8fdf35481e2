"""What is true before any command runs: help is light, every command explains itself, usage is checked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import cli_start
from mesolens import __version__
from mesolens.cli.main import COMMANDS

from .conftest import Mesolens


def test_help_imports_nothing_heavy() -> None:
    assert cli_start.heavy_imports() == []


def test_every_command_and_subcommand_explains_itself(mesolens: Mesolens) -> None:
    top = mesolens("--help")
    assert top.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +{re.escape(COMMANDS[name][1])}$", top.out, re.MULTILINE)
        own = mesolens(name, "--help")
        assert own.code == 0
        assert f"\n\n  {COMMANDS[name][1]}\n" in own.out, "both helps say the same"
    for name in ("list", "show", "grow", "verify"):
        assert mesolens("slides", name, "--help").code == 0


@pytest.mark.parametrize("name", [["audit"], ["anatomy"], ["middle"], ["view"], ["slides", "list"], ["slides", "grow"]])
def test_every_command_has_the_common_options(mesolens: Mesolens, name: list[str]) -> None:
    told = mesolens(*name, "--help").out
    for option in ("--json", "--out", "--seed", "--device", "--dtype", "--threads"):
        assert option in told


def test_the_version_is_the_package_s(mesolens: Mesolens) -> None:
    assert mesolens("--version").out.split()[-1] == __version__


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["audit", "--nonsense"], ["anatomy"], ["slides"], [], ["completion", "tcsh"]]
)
def test_usage_errors_end_with_2(mesolens: Mesolens, arguments: list[str]) -> None:
    found = mesolens(*arguments)
    assert found.code == 2
    assert found.out == ""
    assert "Usage: mesolens" in found.err
    assert "Traceback" not in found.err


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts_name_the_program(mesolens: Mesolens, shell: str) -> None:
    assert "_MESOLENS_COMPLETE" in mesolens("completion", shell).out


def test_completion_answers(mesolens: Mesolens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MESOLENS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "mesolens a")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert mesolens().out.split() == ["plain,anatomy", "plain,audit"]


def test_settings_are_checked_before_any_model_is_looked_for(mesolens: Mesolens, tmp_path: Path) -> None:
    assert mesolens("anatomy", "/nowhere", "--seed", "x").refused(2, "--seed is 'x'", "a whole number")
    assert mesolens("audit", "/nowhere", "--budget", "vast").refused(2, "--budget is 'vast'", "quick, standard, deep")
    (tmp_path / "mesolens.toml").write_text("sead = 1")
    assert mesolens("anatomy", "/nowhere").refused(2, "'sead', which is no setting: did you mean seed?")


def test_the_reader_of_a_pipe_may_leave() -> None:
    program = "from mesolens.cli.main import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", program, "completion", "zsh"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.close()
    _, said = child.communicate()
    assert (child.returncode, said) == (0, b"")
