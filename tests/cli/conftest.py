"""One way to run the command line in tests: in this process, with what it wrote and the code it would exit with."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mesolens.cli.main import run


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed as JSON."""
        return json.loads(self.out)

    def refused(self, code: int, *said: str) -> bool:
        """Whether it ended with `code`, nothing on stdout, and one line on stderr that says all of `said`."""
        lines = self.err.splitlines()
        assert self.code == code, self.err
        assert self.out == ""
        assert len(lines) == 1, self.err
        assert lines[0].startswith("mesolens: ")
        assert lines[0].isprintable()
        for part in said:
            assert part in lines[0]
        return True


Mesolens = Callable[..., Ended]


@pytest.fixture
def mesolens(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mesolens:
    """`mesolens(*arguments)` in an empty working folder, with no setting from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)

    def call(*arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call


@pytest.fixture
def contrasts(tmp_path: Path) -> Path:
    """Three contrasts in plain words, in two templates."""
    items = [
        {"clean": "The cat is", "reference": "The cats are", "target": " a", "foil": " the", "template": "number"},
        {"clean": "A dog was", "reference": "Two dogs were", "target": " good", "foil": " not", "template": "number"},
        {"clean": "I like this", "reference": "I hate this", "target": " yes", "foil": " no", "template": "mood"},
    ]
    file = tmp_path / "contrasts.jsonl"
    file.write_text("".join(json.dumps(item) + "\n" for item in items))
    return file
