"""Every bad input of the contract: one line, the right exit code, nothing on stdout, nothing left behind."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mesolens.cli import chapters
from mesolens.model.resolve import resolve

from .conftest import Mesolens

SLIDE = resolve("slide:mask").folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the default slide, to be damaged."""
    return Path(shutil.copytree(SLIDE, tmp_path / "model"))


def left(folder: Path, before: set[Path]) -> set[Path]:
    return set(folder.rglob("*")) - before


def pickled(model: Path) -> None:
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def truncated(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def mismatched(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    weights = load_file(model / "model.safetensors")
    for name, tensor in weights.items():
        if tensor.shape[0] == config["vocab_size"]:
            weights[name] = tensor[:500].clone()
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    (model / "config.json").write_text(json.dumps(config | {"vocab_size": 500}))


def poisoned(model: Path) -> None:
    weights = load_file(model / "model.safetensors")
    next(iter(weights.values())).view(-1)[7] = torch.nan
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("command", ["anatomy", "audit", "middle"])
def test_a_missing_folder(mesolens: Mesolens, tmp_path: Path, command: str) -> None:
    assert mesolens(command, "/no/such/folder").refused(2, "'/no/such/folder'", "slide:NAME")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "code", "said"),
    [
        (pickled, 4, ("pickle", "safetensors")),
        (truncated, 2, ("model.safetensors",)),
        (mismatched, 2, ("500", "1,023")),
        (poisoned, 2, ("NaN",)),
    ],
)
def test_a_model_that_cannot_be_used(
    mesolens: Mesolens, model: Path, damage: Callable[[Path], None], code: int, said: tuple[str, ...]
) -> None:
    damage(model)
    before = set(model.parent.rglob("*"))
    assert mesolens("audit", model, "--out", "run").refused(code, *said)
    assert left(model.parent, before) == set()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "holds no contrasts"),
        ("{", "not JSON"),
        ('{"clean": "a", "reference": "b"}', "no `target`"),
        ('{"clean": "a", "reference": "b", "target": ""}', "nothing"),
        ('{"clean": "a", "reference": "b", "target_ids": [99999]}', "99999"),
        ('{"clean": "a", "target": " b"}', "reference"),
        ('{"clean": "a", "reference": "b", "target": "\\u202e\\u001b[2J", "foil": 1}', "`foil`"),
    ],
)
def test_contrasts_that_cannot_be_used(mesolens: Mesolens, tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / "contrasts.jsonl"
    file.write_text(written)
    assert mesolens("middle", "slide:mask", "--contrasts", file, "--out", tmp_path / "run").refused(2, said)
    assert list(tmp_path.iterdir()) == [file]


def test_out_of_disk(mesolens: Mesolens, tmp_path: Path, contrasts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync, calls = os.fsync, 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 12:  # the run's record and plan are written, the first tables are not
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    found = mesolens("middle", "slide:mask", "--contrasts", contrasts, "--out", tmp_path / "run")
    assert (found.code, found.out) == (3, "")
    assert "no space left" in found.err.splitlines()[-1]
    monkeypatch.undo()
    assert set(tmp_path.iterdir()) == {contrasts}


def test_values_that_name_nothing(mesolens: Mesolens, contrasts: Path, tmp_path: Path) -> None:
    assert mesolens("audit", "--only", "fate").refused(2, "'fate'", "face, middle")
    assert mesolens("audit", "--only", "study").refused(2, "'study'", "not in this version")
    assert mesolens("audit", "--only", "middle", "--base", "slide:mask").refused(2, "same weights")
    assert mesolens("middle", "slide:mask", "--engine", "newton").refused(2, "there are gated, owen")
    assert mesolens("middle", "slide:mask", "--engine", "x\x1b").refused(2, "there are gated, owen")
    assert mesolens("middle", "slide:mask", "--width", "7").refused(2, "--width is 7")
    assert mesolens("slides", "show", "nobody").refused(2, "'nobody'")
    assert mesolens("slides", "grow", "nobody").refused(2, "'nobody'")
    assert mesolens("middle", "slide:mask", "--against", "slide:mask").refused(2, "same weights")
    assert mesolens("view", tmp_path / "nowhere").refused(2, "not a run folder")
    assert mesolens("audit", "--out", contrasts).refused(2, "is a file")
    assert set(tmp_path.iterdir()) == {contrasts}


def test_a_failure_that_nobody_expected(mesolens: Mesolens, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> list[str]:
        raise ZeroDivisionError("by \x1b[31mzero")

    monkeypatch.setattr(chapters, "wanted", broken)
    assert mesolens("audit").refused(1, "ZeroDivisionError: by \\x1b[31mzero", "--traceback")
    traced = mesolens("audit", "--traceback")
    assert traced.code == 1
    assert "Traceback" in traced.err
    assert traced.out == ""


def test_an_interrupt_is_3(mesolens: Mesolens, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(chapters, "wanted", stopped)
    assert mesolens("audit").refused(3, "stopped")
