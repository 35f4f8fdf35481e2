"""Face packs: the voices, traits, everyday prompts and angles with which a model's face is looked at, as one file.

A pack is a folder with `face.toml` (or `face.json`), or such a file alone::

    format = 1
    name = "harbour"
    prompts = "prompts.jsonl"       # a file beside this one, or [[prompt]] tables in it

    [[voice]]                       # two or more; the one with an empty role is the model's own character
    name = "own"
    role = ""

    [[trait]]                       # pole 1 is the trait itself
    name = "warmth"
    poles = ["cold", "warm"]
    orders = [["Be cold."], ["Be warm."]]
    statements = [{ text = "I like people.", answer = "Yes" }]

    [[angle]]                       # kept as it is: the angles read it

The file must agree with the JSON Schema that the package ships, and a refusal names the place and the value.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from jsonschema import Draft202012Validator

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.traits.checks import check_name, check_unique
from mesolens.traits.opening import Item, beside, json_object, read_text, shown
from mesolens.traits.prompts import Everyday, check_prompts, prompt_from, read_prompts, write_prompts
from mesolens.traits.tables import trait_from, trait_table, voice_from, voice_table
from mesolens.traits.toml import to_toml
from mesolens.traits.trait import Trait
from mesolens.traits.voices import Bank

FORMAT = 1
FILES = ("face.toml", "face.json")
PROMPTS = "prompts.jsonl"
DEFAULT = Path(__file__).parent / "packs" / "face"
Angle = Mapping[str, Json]
"""A declared angle as it stands in the pack: `name`, `family`, `about`, `survives`, `kind` and `text` or `texts`."""


@dataclass(frozen=True, slots=True)
class FacePack:
    """What a face is looked at with.

    Attributes:
        name, about: of the pack, for people.
        bank: who may be speaking.
        traits: what is asked about whoever speaks; may be empty.
        prompts: what is put to the model, seen from the front.
        angles: angles that come with the pack, as raw tables.

    Raises:
        BadInput: there is no prompt, or two traits, prompts or angles have one name.
    """

    name: str
    about: str
    bank: Bank
    traits: tuple[Trait, ...]
    prompts: tuple[Everyday, ...]
    angles: tuple[Angle, ...] = ()

    def __post_init__(self) -> None:
        check_name("pack", self.name)
        check_unique("traits", [trait.name for trait in self.traits])
        check_prompts(self.prompts)
        names = [str(angle.get("name", "")) for angle in self.angles]
        for name in names:
            check_name("angle", name)
        check_unique("angles", names)
        if not self.prompts:
            raise BadInput(f"pack {self.name} has no prompts; add [[prompt]] tables, or prompts = {PROMPTS!r}")


@cache
def schema() -> dict[str, Json]:
    """The JSON Schema of pack files, as shipped."""
    return cast(dict[str, Json], json.loads((Path(__file__).parent / "face.schema.json").read_text("utf-8")))


def read_pack(path: Path) -> FacePack:
    """The pack in a folder (its `face.toml`, else its `face.json`) or in a file, TOML or JSON by content.

    Raises:
        BadInput: there is none, it cannot be read, or a value in it is wrong; the message names place and value.
        Unsafe: its prompts are named outside its folder.
    """
    if not path.is_dir():
        return pack_from(read_table(path), path.parent, printable(path.name, 120))
    name = next((name for name in FILES if _lies(path / name)), None)
    if name is None:
        raise BadInput(f"{shown(path)} holds no {' or '.join(FILES)}")
    return pack_from(read_table(beside(path, name)), path, name)


def _lies(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def read_table(path: Path) -> Item:
    """What a TOML file, or a JSON file with an object, holds; told apart by content, as no TOML begins with `{`.

    Raises:
        BadInput: it is neither.
    """
    text = read_text(path)
    if text.lstrip().startswith("{"):
        return json_object(text, printable(path.name, 120))
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{printable(path.name, 120)}: not TOML: {printable(str(problem), 120)}") from None


def pack_from(table: Mapping[str, object], folder: Path, where: str) -> FacePack:
    """The pack that a pack file's table describes.

    Args:
        folder: where the file that `prompts` names must lie.
        where: the file's name, for messages.

    Raises:
        BadInput, Unsafe: as `read_pack`.
    """
    _hold(table, where)
    rows = {key: cast(list[Item], table.get(key, [])) for key in ("voice", "trait", "prompt", "angle")}
    place = {key: [f"{where}: {key}[{index}]" for index in range(len(found))] for key, found in rows.items()}
    voices = tuple(map(voice_from, rows["voice"], place["voice"]))
    traits = tuple(map(trait_from, rows["trait"], place["trait"]))
    prompts = tuple(map(prompt_from, rows["prompt"], place["prompt"]))
    named = table.get("prompts")
    if named is not None and prompts:
        raise BadInput(f"{where}: both [[prompt]] and `prompts`; give one")
    if named is not None:
        prompts = read_prompts(beside(folder, cast(str, named)))
    angles = tuple(cast(list[Angle], rows["angle"]))
    try:
        name, about = cast(str, table["name"]), cast(str, table.get("about", ""))
        return FacePack(name, about, Bank(voices), traits, prompts, angles)
    except BadInput as problem:
        raise BadInput(f"{where}: {problem}") from None


def _hold(table: Mapping[str, object], where: str) -> None:
    """Hold a table against the schema, and say of the first thing that is wrong where it stands."""
    problems = sorted(Draft202012Validator(schema()).iter_errors(cast(Json, table)), key=lambda each: each.json_path)
    if problems:
        place = problems[0].json_path.removeprefix("$").removeprefix(".") or "the file"
        raise BadInput(f"{where}: {printable(place, 80)}: {printable(problems[0].message, 160)}")


def write_pack(pack: FacePack, folder: Path) -> Path:
    """Write a pack as `face.toml` and `prompts.jsonl`, which `read_pack` reads back as it was; gives the folder.

    Raises:
        BadInput: a prompt or an angle holds what the format cannot say.
    """
    table: dict[str, Json] = {
        "format": FORMAT,
        "name": pack.name,
        "about": pack.about,
        "prompts": PROMPTS,
        "voice": [voice_table(voice) for voice in pack.bank.voices],
    }
    table |= {"trait": [trait_table(trait) for trait in pack.traits]} if pack.traits else {}
    table |= {"angle": [dict(angle) for angle in pack.angles]} if pack.angles else {}
    _hold(table, pack.name)
    text = to_toml(table)
    folder.mkdir(parents=True, exist_ok=True)
    write_prompts(pack.prompts, folder / PROMPTS)
    (folder / FILES[0]).write_text(text, "utf-8")
    return folder


def default_pack() -> FacePack:
    """The pack for any model: sixteen characters beside the model's own, twelve traits, everyday prompts."""
    return read_pack(DEFAULT)


def pack_of(folder: Path | None) -> FacePack:
    """The pack that lies in a model's folder as `face.toml` or `face.json`, else the default pack."""
    if folder is not None and any(_lies(folder / name) for name in FILES):
        return read_pack(folder)
    return default_pack()
