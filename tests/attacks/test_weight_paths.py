"""Claim: nothing outside a model's folder is read, whatever an index names and wherever a link leads."""

import json
import shutil
from pathlib import Path

import pytest

from mesolens.errors import Unsafe
from mesolens.model.load import load
from tests.model import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.saved(tmp_path / "model")
    shutil.copy(tmp_path / "model" / "model.safetensors", tmp_path / "secret.safetensors")
    return tmp_path / "model"


def point(folder: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"lm_head.weight": name}}))


@pytest.mark.parametrize("name", ["../secret.safetensors", "sub/../../secret.safetensors", "..\\secret.safetensors"])
def test_an_index_cannot_climb_out(folder: Path, name: str) -> None:
    point(folder, name)
    with pytest.raises(Unsafe, match="plain names"):
        load(folder)


def test_an_index_cannot_name_a_place(folder: Path) -> None:
    point(folder, str(folder.parent / "secret.safetensors"))
    with pytest.raises(Unsafe, match="plain names"):
        load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_link_cannot_lead_out(folder: Path, name: str) -> None:
    (folder / name).rename(folder.parent / "elsewhere")
    (folder / name).symlink_to(folder.parent / "elsewhere")
    with pytest.raises(Unsafe, match="link out of its folder"):
        load(folder)


def test_a_shard_that_is_a_link_cannot_lead_out(folder: Path) -> None:
    point(folder, "shard.safetensors")
    (folder / "shard.safetensors").symlink_to("../secret.safetensors")
    with pytest.raises(Unsafe, match="link out of its folder"):
        load(folder)
