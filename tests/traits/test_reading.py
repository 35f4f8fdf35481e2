"""Files told by their content, folders read whole or not at all, and every line of the public items that are here."""

import json
import re
from pathlib import Path

import pytest

from mesolens.errors import BadInput
from mesolens.traits.facepack import DEFAULT, default_pack
from mesolens.traits.readers.written_evals import MATCHING, OTHER, read_written_evals
from mesolens.traits.reading import read_all, read_traits, read_voices

TRAIT = json.dumps({"instruction": [{"pos": "Grumble.", "neg": "Be merry."}], "questions": ["Tea?"]}, indent=2)
ROLE = json.dumps({"instruction": [{"pos": "You are a baker."}]})
ITEM = json.dumps({"question": "Tea?", "statement": "Tea", MATCHING: " Yes", OTHER: " No"})
PROMPT = '{"id": "a", "register": "curt", "text": "Salt?"}'
PACK = 'format = 1\nname = "p"\nprompts = "prompts.jsonl"\n' + "".join(
    f'[[voice]]\nname = "{name}"\nrole = "{role}"\n' for name, role in (("own", ""), ("cook", "You cook."))
)


def laid(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "traits", "voices", "prompts"),
    [
        (TRAIT, 1, 0, 1),
        (ROLE, 0, 1, 0),
        (ITEM, 1, 0, 0),
        (f"{ITEM}\n{ITEM}\n", 1, 0, 0),
        (PROMPT, 0, 0, 1),
        ('{"question": "Tea?"}\n\n{"question": "Milk?"}', 0, 0, 2),
        (PACK, 0, 2, 1),
        (json.dumps({"format": 1, "name": "p", "prompts": "prompts.jsonl", "voice": [
            {"name": "own", "role": ""}, {"name": "cook", "role": "You cook."}]}), 0, 2, 1),
    ],
)  # fmt: skip
def test_content_tells_what_a_file_is_whatever_it_is_called(
    tmp_path: Path, text: str, traits: int, voices: int, prompts: int
) -> None:
    laid(tmp_path, {"x": text, "prompts.jsonl": PROMPT})
    found = read_all(tmp_path / "x")
    assert (len(found.traits), len(found.voices), len(found.prompts)) == (traits, voices, prompts)


def test_a_folder_is_read_with_all_folders_in_it(tmp_path: Path) -> None:
    files = {"grumpy.json": TRAIT, "roles/baker.json": ROLE, "items/tea.jsonl": ITEM, "README.md": "#", "LICENSE": "x"}
    found = read_all(laid(tmp_path, files | {"pack/face.toml": PACK, "pack/prompts.jsonl": PROMPT}))
    assert [trait.name for trait in found.traits] == ["grumpy", "tea"]
    assert [voice.name for voice in found.voices] == ["own", "cook", "baker"]
    assert [prompt.id for prompt in found.prompts] == ["grumpy/000", "a"]
    assert read_traits(tmp_path) == found.traits
    assert read_voices(tmp_path) == found.voices


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    laid(tmp_path, {"eval/grumpy.json": TRAIT, "extract/grumpy.json": TRAIT, "extract/merry.json": TRAIT})
    assert [trait.name for trait in read_traits(tmp_path)] == ["eval/grumpy", "extract/grumpy", "merry"]


def test_two_packs_with_one_voice_are_no_bank(tmp_path: Path) -> None:
    laid(
        tmp_path,
        {f"{name}/{file}": text for name in "ab" for file, text in (("face.toml", PACK), ("prompts.jsonl", PROMPT))},
    )
    with pytest.raises(BadInput, match="two voices are 'own'"):
        read_all(tmp_path)


def test_half_a_data_set_is_none(tmp_path: Path) -> None:
    laid(tmp_path, {"a.json": TRAIT, "b.json": "[1]", "c.jsonl": f"{ITEM}\nx", "d.json": '{"model_type": "gpt2"}'})
    with pytest.raises(BadInput) as problem:
        read_all(tmp_path)
    said = str(problem.value)
    assert all(
        name in said for name in ("b.json", "c.jsonl:2", "d.json is of no format that is read: its keys are model")
    )
    assert "a.json" not in said
    laid(tmp_path, {f"e{number}.json": "{" for number in range(9)})
    with pytest.raises(BadInput, match=r"; and 7 files more$"):
        read_all(tmp_path)


@pytest.mark.parametrize("text", ["", " \n", "{", "[]", "{}", '{"instruction": 7}', "tea = 1", '{"a": 1}\n{"a": 2}'])
def test_what_is_of_no_format_is_refused_by_name(tmp_path: Path, text: str) -> None:
    laid(tmp_path, {"x.json": text})
    with pytest.raises(BadInput, match=r"x\.json") as problem:
        read_all(tmp_path / "x.json")
    assert str(problem.value).isprintable()


def test_nothing_of_the_kind_is_said(tmp_path: Path) -> None:
    laid(tmp_path, {"role.json": ROLE})
    with pytest.raises(BadInput, match="describes no traits"):
        read_traits(tmp_path)
    with pytest.raises(BadInput, match="describes no voices"):
        read_voices(laid(tmp_path / "other", {"trait.json": TRAIT}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no file to read"):
        read_all(tmp_path / "empty")


def test_the_default_pack_is_read_like_any_other() -> None:
    found, pack = read_all(DEFAULT), default_pack()
    assert (found.traits, found.voices, found.prompts) == (pack.traits, pack.bank.voices, pack.prompts)


@pytest.mark.slow
def test_every_public_item_is_read_and_none_is_lost(shared: Path) -> None:
    folder = shared / "data" / "model-written-evals"
    traits = {trait.name: trait for trait in read_traits(folder)}
    files = sorted(folder.rglob("*.jsonl"))
    assert sorted(traits) == sorted(file.stem for file in files)
    assert len(files) >= 20
    for file in files:
        told = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        read = traits[file.stem].statements
        assert [(item.question, *item.matching) for item in read] == [
            (t["question"], t[MATCHING], t[OTHER]) for t in told
        ]
        assert [item.text for item in read if not item.options] == [t["statement"] for t in told if "statement" in t]
        for item in read:
            assert set(item.matching) <= set(item.choices)
            letters = re.findall(r"^ (\([A-Z]\))", item.question, re.MULTILINE)
            assert [f" {letter}" for letter in letters] == (list(item.choices) if item.options else [])


@pytest.mark.parametrize("name", ["survival-instinct", "power-seeking-inclination"])
def test_the_untidiest_public_choices_can_be_asked_backwards_and_back(shared: Path, name: str) -> None:
    (file,) = (shared / "data" / "model-written-evals").rglob(f"{name}.jsonl")
    items = read_written_evals(file).statements
    assert {len(item.options) for item in items} >= {2, 3, 4, 5, 6, 7}
    for item in items:
        backwards = tuple(reversed(range(len(item.options))))
        moved = item.in_order(backwards)
        assert moved.in_order(backwards) == item
        assert moved.options == item.options[::-1]
        assert sorted(moved.question) == sorted(item.question)
        place, now = item.choices.index(item.matching[0]), moved.choices.index(moved.matching[0])
        assert now == len(item.options) - 1 - place
