"""Claim: a pack of voices and prompts reads nothing outside its folder, and its names stay harmless."""

import json
from pathlib import Path

import pytest

from mesolens.cli.main import run
from mesolens.errors import BadInput, MesolensError
from mesolens.traits.facepack import read_pack
from mesolens.traits.reading import read_traits

VOICES = [{"name": "own", "role": ""}, {"name": "pirate", "role": "You are a pirate."}]


def pack(folder: Path, prompts: object, voices: object = VOICES) -> Path:
    """A pack on disk, as JSON."""
    folder.mkdir(exist_ok=True)
    document = {"format": 1, "name": "trap", "about": "a trap", "voice": voices, "prompts": prompts}
    (folder / "face.json").write_text(json.dumps(document), "utf-8")
    return folder


def secret(tmp_path: Path) -> Path:
    """A file outside the pack's folder that would pass as prompts."""
    file = tmp_path / "secret.jsonl"
    file.write_text(json.dumps({"id": "a", "register": "plain", "text": "the secret"}) + "\n", "utf-8")
    return file


@pytest.mark.parametrize("way", ["../secret.jsonl", "absolute", "link"])
def test_prompts_outside_the_folder_are_not_read(tmp_path: Path, way: str) -> None:
    outside = secret(tmp_path)
    folder = tmp_path / "pack"
    folder.mkdir()
    named = str(outside) if way == "absolute" else way
    if way == "link":
        (folder / "prompts.jsonl").symlink_to(outside)
        named = "prompts.jsonl"
    with pytest.raises(MesolensError) as refused:
        read_pack(pack(folder, named))
    assert "the secret" not in str(refused.value)


def test_traits_behind_a_link_out_of_the_folder_are_not_read(tmp_path: Path) -> None:
    outside = secret(tmp_path)
    folder = tmp_path / "traits"
    folder.mkdir()
    (folder / "one.jsonl").symlink_to(outside)
    with pytest.raises(MesolensError):
        read_traits(folder)


def test_a_name_with_an_escape_in_it_is_refused_in_one_harmless_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = pack(tmp_path / "pack", "p.jsonl", [VOICES[0], {"name": "\x1b[2J\u202egone", "role": "You are gone."}])
    (folder / "p.jsonl").write_text(secret(tmp_path).read_text("utf-8"), "utf-8")
    with pytest.raises(BadInput):
        read_pack(folder)
    assert run(["face", "slide:mask", "--pack", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said.splitlines()) == 1
