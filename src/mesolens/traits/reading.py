"""Reading whatever describes traits, voices or prompts: a file or a whole folder, each told by what is in it.

===================================================  ================================================
what a file holds                                    what is read
===================================================  ================================================
TOML, or JSON with `voice` or `trait`                a face pack of ours: all three
JSON with `instruction`, each with `neg`             a trait of persona_vectors, and its prompts
JSON with `instruction`, none with `neg`             a role of assistant-axis as a voice, and its prompts
JSON Lines with `answer_matching_behavior`           a trait of model-written-evals
JSON Lines with `register`                           everyday prompts of ours
JSON Lines with `question` alone                     questions as prompts
===================================================  ================================================

A file's name only names what is read. In a folder the files called `*.json`, `*.jsonl` and `*.toml` are looked at, the
prompts that a pack names are read with it, and one file that cannot be read stops everything: half a data set is none.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.traits.checks import check_unique
from mesolens.traits.facepack import FacePack, pack_from, read_pack
from mesolens.traits.opening import Item, files_in, json_lines, json_object, read_text, shown
from mesolens.traits.prompts import Everyday, prompt_from
from mesolens.traits.readers.assistant_axis import questions_of, voice_of
from mesolens.traits.readers.persona_vectors import trait_of
from mesolens.traits.readers.written_evals import MATCHING, reported
from mesolens.traits.trait import Trait
from mesolens.traits.voices import Voice

NAMED = 5
"""Unreadable files that a message names; it counts the others."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one or more files describe, in the order of their paths.

    Raises:
        BadInput: two traits or two voices have one name.
    """

    traits: tuple[Trait, ...] = ()
    voices: tuple[Voice, ...] = ()
    prompts: tuple[Everyday, ...] = ()

    def __post_init__(self) -> None:
        check_unique("traits", [trait.name for trait in self.traits])
        check_unique("voices", [voice.name for voice in self.voices])


def read_traits(path: Path) -> tuple[Trait, ...]:
    """The traits in a file, or in all files of a folder and the folders in it; no two have one name.

    A trait without a name of its own is named after its file; where two files have one name, after their paths.

    Raises:
        BadInput: there are none, or files cannot be read; the message names them.
        Unsafe: a link leads out of the folder.
    """
    return read_all(path).traits or _nothing(path, "traits")


def read_voices(path: Path) -> tuple[Voice, ...]:
    """The voices in a file, or in all files of a folder and the folders in it; no two have one name.

    Raises:
        BadInput, Unsafe: as `read_traits`.
    """
    return read_all(path).voices or _nothing(path, "voices")


def _nothing(path: Path, what: str) -> tuple[()]:
    raise BadInput(f"{shown(path)} describes no {what}; the documentation page on traits lists what is read")


def read_all(path: Path) -> Found:
    """Everything that a file or a folder describes.

    Raises:
        BadInput, Unsafe: as `read_traits`.
    """
    if not path.is_dir():
        return _file(path, path.stem)
    files = files_in(path)
    stems = Counter(file.stem for file in files)
    found: list[Found] = []
    refused: list[str] = []
    for file in files:
        within = file.relative_to(path).with_suffix("").as_posix()
        try:
            found.append(_file(file, within if stems[file.stem] > 1 else file.stem))
        except BadInput as problem:
            refused.append(str(problem))
    if refused or not files:
        more = f"; and {len(refused) - NAMED} files more" if len(refused) > NAMED else ""
        raise BadInput("; ".join(refused[:NAMED]) + more if refused else f"{shown(path)} holds no file to read")
    return _together(found)


def _together(found: Iterable[Found]) -> Found:
    """All that was found; prompts that are read with a pack and again by themselves are kept once."""
    parts = list(found)
    return Found(
        tuple(trait for part in parts for trait in part.traits),
        tuple(voice for part in parts for voice in part.voices),
        tuple(dict.fromkeys(prompt for part in parts for prompt in part.prompts)),
    )


def _file(path: Path, name: str) -> Found:
    text, where = read_text(path), shown(path)
    if not text.lstrip().startswith("{"):
        return _pack(read_pack(path))
    first = text.strip().split("\n", 1)[0]
    try:
        item = json_object(first, where)
    except BadInput:
        return _object(json_object(text, where), path, name)
    return _object(item, path, name) if first == text.strip() else _lines(item, text, path, name)


def _object(item: Item, path: Path, name: str) -> Found:
    """What a file with one object describes."""
    where, entries = shown(path), item.get("instruction")
    if isinstance(entries, list):
        if any(isinstance(entry, dict) and "neg" in entry for entry in entries):
            trait, prompts = trait_of(item, name, where)
            return Found(traits=(trait,), prompts=prompts)
        voice, prompts = voice_of(item, name, where)
        return Found(voices=(voice,), prompts=prompts)
    if "voice" in item or "trait" in item:
        return _pack(pack_from(item, path.parent, where))
    return _lines(item, json.dumps(item), path, name)


def _lines(first: Item, text: str, path: Path, name: str) -> Found:
    """What a file with one object a line describes; the first line says of which kind they all are."""
    lines = json_lines(text, str(path))
    if MATCHING in first:
        return Found(traits=(reported(lines, name, shown(path)),))
    if "register" in first:
        return Found(prompts=tuple(prompt_from(item, where) for where, item in lines))
    if "question" in first:
        return Found(prompts=questions_of(lines, name))
    raise BadInput(f"{shown(path)} is of no format that is read: its keys are {_keys(first)}")


def _keys(item: Item) -> str:
    return printable(", ".join(item) or "none", 120)


def _pack(pack: FacePack) -> Found:
    return Found(pack.traits, pack.bank.voices, pack.prompts)
