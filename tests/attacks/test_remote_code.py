"""Claim: Python that comes with a model is not run, nor any fetched, without trust in its repository and commit."""

import runpy
from pathlib import Path

import pytest

from mesolens.errors import Unsafe
from mesolens.model.load import load
from mesolens.model.trust import TrustedCode
from tests.attacks.traps import add, code
from tests.model import tiny

MAP = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model", "AutoTokenizer": ["evil.Slow", "evil.Fast"]}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.saved(tmp_path / "model")
    (tmp_path / "model" / "evil.py").write_text(code(tmp_path / "trap"))
    return tmp_path / "model"


def test_the_trap_is_real(folder: Path) -> None:
    runpy.run_path(str(folder / "evil.py"))
    assert (folder.parent / "trap").exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("trust", [None, TrustedCode("org/name", COMMIT)])
def test_a_code_map_is_refused(folder: Path, file: str, trust: TrustedCode | None) -> None:
    add(folder / file, auto_map=MAP)
    with pytest.raises(Unsafe):
        load(folder, trust=trust)
    assert not (folder.parent / "trap").exists()


def test_a_code_map_deep_inside_is_refused(folder: Path) -> None:
    add(folder / "config.json", text_config={"deeper": [{"auto_map": MAP}]})
    with pytest.raises(Unsafe, match="auto_map"):
        load(folder)


def test_an_unknown_model_type_does_not_open_the_door(folder: Path) -> None:
    add(folder / "config.json", model_type="evil", auto_map=MAP)
    with pytest.raises(Unsafe):
        load(folder)
    assert not (folder.parent / "trap").exists()


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation", "experts_implementation"])
@pytest.mark.parametrize("value", ["evil/kernel", "evil/kernel:flash", {"": "evil/kernel@main"}])
def test_a_kernel_from_the_hub_is_refused(folder: Path, key: str, value: object) -> None:
    add(folder / "config.json", **{key: value})
    with pytest.raises(Unsafe, match="kernel"):
        load(folder)


def test_a_code_map_that_would_move_the_terminal_is_printed_harmlessly(folder: Path) -> None:
    add(folder / "config.json", auto_map={"AutoConfig": "\x1b]0;owned\x07\u202eevil.Config"})
    with pytest.raises(Unsafe) as caught:
        load(folder)
    assert str(caught.value).isprintable()
