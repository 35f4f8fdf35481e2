"""Claim: names in a model's files reach the terminal without control or bidirectional characters, on one line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mesolens.errors import BadInput, MesolensError
from mesolens.model.load import load
from tests.attacks.traps import add
from tests.model import tiny

EVIL = "x\x1b[2J\x1b]8;;http://evil\x07\u202egnp\u2028\n\r\x00\u200b" + "long" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.saved(tmp_path / "model")


def harmless(text: str) -> bool:
    return text.isprintable() and len(text) < 1000


def test_a_tensor_that_is_not_used(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors") | {EVIL: torch.zeros(2)}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    notes = load(folder).notes
    assert notes
    assert all(harmless(note) for note in notes)


def test_a_tensor_whose_header_lies(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors") | {EVIL: torch.zeros(2)}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole.replace(b'"shape":[2]', b'"shape":[3]'))
    with pytest.raises(BadInput, match="needs 12 bytes") as caught:
        load(folder)
    assert harmless(str(caught.value))


@pytest.mark.parametrize("key", ["model_type", "architectures", "hidden_act", "dtype", "rope_parameters"])
def test_a_configuration_that_makes_transformers_speak(folder: Path, key: str) -> None:
    add(folder / "config.json", **{key: EVIL})
    try:
        notes = load(folder).notes
    except MesolensError as problem:
        notes = (str(problem),)
    assert all(harmless(note) for note in notes)


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load(tmp_path / EVIL[:20].replace("\0", ""))
    assert harmless(str(caught.value))
