"""Pack files: what is written is read back, every refusal names its place, and a model's own pack comes first."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from mesolens.errors import BadInput, Unsafe
from mesolens.evidence.shards import Json
from mesolens.traits.facepack import default_pack, pack_from, pack_of, read_pack, schema, write_pack
from tests.traits.drawn import packs

PACK = """
format = 1
name = "harbour"
[[voice]]
name = "own"
role = ""
[[voice]]
name = "pirate"
role = "You are a pirate."
[[trait]]
name = "warmth"
poles = ["cold", "warm"]
orders = [["Be cold."], ["Be warm."]]
statements = [
  { text = "I like people.", answer = "Yes" },
  { text = "Tea?", question = "Tea?", matching = [" Yes", " No"] },
]
[[prompt]]
id = "a"
register = "curt"
text = "Tea?"
[[angle]]
name = "bell"
kind = "before"
text = "A bell rings. "
"""


@given(packs())
@settings(max_examples=60)
def test_a_pack_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, table: dict[str, Json]) -> None:
    folder = tmp_path_factory.mktemp("packs")
    pack = pack_from(table, folder, "drawn")
    assert read_pack(write_pack(pack, folder / "toml")) == pack
    (folder / "pack.txt").write_text(json.dumps(table), "utf-8")
    assert read_pack(folder / "pack.txt") == pack


@given(packs())
@settings(max_examples=30)
def test_a_pack_says_what_its_table_says(table: dict[str, Json]) -> None:
    pack = pack_from(table, Path(), "drawn")
    rows = {key: cast(list[dict[str, Json]], table[key]) for key in ("voice", "trait", "prompt", "angle")}
    assert [{"name": voice.name, "role": voice.role} for voice in pack.bank.voices] == rows["voice"]
    assert [dict(angle) for angle in pack.angles] == rows["angle"]
    assert [prompt.question.text for prompt in pack.prompts] == [row["text"] for row in rows["prompt"]]
    for trait, row in zip(pack.traits, rows["trait"], strict=True):
        assert [trait.name, *trait.poles] == [row["name"], *cast(list[str], row["poles"])]
        assert [list(pole) for pole in trait.orders] == row.get("orders", [[], []])
        items = cast(list[dict[str, Json]], row.get("statements", []))
        assert [item.text for item in trait.statements] == [item["text"] for item in items]
        for item, told in zip(trait.statements, items, strict=True):
            assert list(item.matching) == told.get("matching", [f" {told.get('answer')}", item.matching[1]])


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def changed(old: str, new: str) -> Callable[[], str]:
    """The pack with one thing changed, which must be in it."""
    assert old in PACK
    return lambda: PACK.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed("format = 1", "format = 2"), "face.toml: format: 1 was expected"),
        (changed("format = 1\n", ""), "the file: 'format' is a required property"),
        (changed('name = "harbour"', "name = 7"), "name: 7 is not of type 'string'"),
        (changed('role = "You are a pirate."', ""), "voice[1]: 'role' is a required property"),
        (changed('role = "You are a pirate."', 'role = ""'), "face.toml: two voices' roles are ''"),
        (changed('name = "pirate"', 'name = "pi\\u001brate"'), "voice[1]: 'pi\\x1brate' cannot name a voice"),
        (changed('poles = ["cold", "warm"]', 'poles = ["cold"]'), "trait[0].poles: ['cold'] is too short"),
        (changed('[["Be cold."], ["Be warm."]]', '[["Be cold."], []]'), "trait[0]: trait warmth has orders for one"),
        (changed('answer = "Yes"', 'answer = "yes"'), "trait[0].statements[0].answer: 'yes' is not one of"),
        (changed(', answer = "Yes"', ""), "trait[0].statements[0]: give either `answer`"),
        (changed('answer = "Yes"', 'answer = "Yes", question = "?"'), "trait[0].statements[0]: give either `answer`"),
        (changed(', matching = [" Yes", " No"]', ""), "trait[0].statements[1]: no `matching`"),
        (changed('question = "Tea?", ', ""), "trait[0].statements[1]: no `question`"),
        (changed('[" Yes", " No"]', '[" No", " No"]'), "trait[0].statements[1]: the answers ' No' and ' No'"),
        (changed('text = "Tea?"\n', 'text = "Tea?"\ncore = "milk"\n'), "prompt[0]: the core 'milk' does not stand"),
        (changed('text = "Tea?"\n', 'text = "Tea?"\nsytem = "x"\n'), "prompt[0]: Additional properties"),
        (changed('name = "harbour"', 'name = "harbour"\nprompts = "x.jsonl"'), "both [[prompt]] and `prompts`"),
        (changed('kind = "before"', "kind = 1979-05-27"), "angle[0].kind: "),
        (changed('name = "bell"', 'name = "bell"\ndeep = { a = 1 }'), "angle[0].deep: {'a': 1} is not valid"),
        (changed("[[angle]]", '[[angle]]\nname = "bell"\n[[angle]]'), "face.toml: two angles are 'bell'"),
        (changed('register = "curt"', 'register = "curt'), "face.toml: not TOML"),
        (lambda: "a = " + "[" * 5000, "face.toml: not TOML"),
        (lambda: "{", "face.toml: not JSON"),
        (lambda: "", "the file: 'format' is a required property"),
    ],
)
def test_a_refusal_names_the_place_and_the_value(tmp_path: Path, text: Callable[[], str], said: str) -> None:
    (tmp_path / "face.toml").write_text(text(), "utf-8")
    with pytest.raises(BadInput) as problem:
        read_pack(tmp_path)
    assert said in str(problem.value)
    assert str(problem.value).startswith("face.toml: ")
    assert str(problem.value).isprintable()


def test_a_pack_without_prompts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "face.toml").write_text(PACK[: PACK.index("[[prompt]]")], "utf-8")
    with pytest.raises(BadInput, match="pack harbour has no prompts"):
        read_pack(tmp_path)


def beside(tmp_path: Path, name: str) -> Path:
    """A pack whose prompts are named so."""
    folder = tmp_path / "pack"
    folder.mkdir(exist_ok=True)
    text = changed('name = "harbour"', f'name = "harbour"\nprompts = {json.dumps(name)}')()
    (folder / "face.toml").write_text(
        text.replace('[[prompt]]\nid = "a"\nregister = "curt"\ntext = "Tea?"\n', ""), "utf-8"
    )
    return folder


def test_prompts_may_lie_beside_the_pack_and_nowhere_else(tmp_path: Path) -> None:
    line = '{"id": "b", "register": "curt", "text": "Milk?"}\n'
    folder = beside(tmp_path, "mine.jsonl")
    (folder / "mine.jsonl").write_text(line, "utf-8")
    assert [prompt.id for prompt in read_pack(folder).prompts] == ["b"]
    assert read_pack(folder / "face.toml") == read_pack(folder)
    (tmp_path / "secret.jsonl").write_text(line, "utf-8")
    for name in ("../secret.jsonl", str(tmp_path / "secret.jsonl"), "..", ""):
        with pytest.raises((Unsafe, BadInput)) as problem:
            read_pack(beside(tmp_path, name))
        assert problem.type is (Unsafe if name else BadInput)
    (folder / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    with pytest.raises(Unsafe, match="link out of its folder"):
        read_pack(beside(tmp_path, "link.jsonl"))
    with pytest.raises(BadInput, match=r"has no file none\.jsonl"):
        read_pack(beside(tmp_path, "none.jsonl"))


def test_the_pack_in_a_models_folder_comes_before_the_default(tmp_path: Path) -> None:
    assert pack_of(None) == pack_of(tmp_path) == default_pack()
    (tmp_path / "face.toml").write_text(PACK, "utf-8")
    assert pack_of(tmp_path).name == "harbour"
    (tmp_path / "face.toml").write_text("", "utf-8")
    with pytest.raises(BadInput):
        pack_of(tmp_path)


def test_a_models_pack_is_no_link_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "elsewhere.toml").write_text(PACK, "utf-8")
    (tmp_path / "model" / "face.toml").symlink_to(tmp_path / "elsewhere.toml")
    with pytest.raises(Unsafe, match="link out of its folder"):
        pack_of(tmp_path / "model")


def test_a_folder_or_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no face\.toml or face\.json"):
        read_pack(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        read_pack(tmp_path / "none.toml")
