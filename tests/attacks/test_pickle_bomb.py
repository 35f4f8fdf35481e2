"""Claim: no pickle is ever read, wherever in a model's folder it lies and whatever a configuration says of it."""

import pickle
import shutil
from pathlib import Path

import pytest

from mesolens.errors import MesolensError, Unsafe
from mesolens.model.load import load
from tests.attacks.traps import Bomb, add
from tests.model import tiny

NAMES = (
    "pytorch_model.bin",
    "pytorch_model-00001-of-00001.bin",
    "model.pt",
    "model.ckpt",
    "adapter_model.bin",
    "x.pkl",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.saved(tmp_path / "model")


def lay(folder: Path, trap: Path) -> None:
    for name in NAMES:
        (folder / name).write_bytes(pickle.dumps(Bomb(trap)))
    index = '{"metadata": {}, "weight_map": {"lm_head.weight": "pytorch_model-00001-of-00001.bin"}}'
    (folder / "pytorch_model.bin.index.json").write_text(index)


def test_the_bomb_is_real(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "trap")))
    assert (tmp_path / "trap").exists()


def test_alone_it_is_refused(folder: Path, tmp_path: Path) -> None:
    lay(folder, tmp_path / "trap")
    (folder / "model.safetensors").unlink()
    with pytest.raises(Unsafe):
        load(folder)
    assert not (tmp_path / "trap").exists()


def test_beside_safetensors_it_is_not_read(folder: Path, tmp_path: Path) -> None:
    lay(folder, tmp_path / "trap")
    load(folder)
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "tokenizer_config.json"])
def test_under_a_safe_name_it_is_not_read_as_a_pickle(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "trap")))
    with pytest.raises(MesolensError):
        load(folder)
    assert not (tmp_path / "trap").exists()


def test_a_configuration_cannot_choose_it(folder: Path, tmp_path: Path) -> None:
    lay(folder, tmp_path / "trap")
    add(folder / "config.json", transformers_weights="adapter_model.bin")
    with pytest.raises(Unsafe, match="transformers_weights"):
        load(folder)
    assert not (tmp_path / "trap").exists()


def test_an_index_cannot_choose_it(folder: Path, tmp_path: Path) -> None:
    lay(folder, tmp_path / "trap")
    (folder / "model.safetensors").unlink()
    shutil.copy(folder / "pytorch_model.bin.index.json", folder / "model.safetensors.index.json")
    with pytest.raises(MesolensError):
        load(folder)
    assert not (tmp_path / "trap").exists()
