"""How much of each turned prompt the training text has: the part of its runs of three tokens that occur there.

The text is read once, a document at a time, in the model's own tokens.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from mesolens.angles.commonness import NGrams, coverage
from mesolens.errors import BadInput
from mesolens.evidence.shards import Shard, Tables
from mesolens.hostile import printable
from mesolens.instruments.face.asking import Ids
from mesolens.instruments.face.plan import asked_of, work_of
from mesolens.instruments.face.states import seen
from mesolens.model.chat import encode_prompt
from mesolens.model.loaded import LoadedModel

LENGTH = 3
TEXTS = (".txt", ".md", ".jsonl")
"""Files that are read as training text: a document a file, or of JSON Lines a document a line (`text`)."""


def cover(model: LoadedModel, shard: Shard) -> Tables:
    """`face-coverage`: for each item and angle of the shard, and each clean prompt, the part that the text has.

    Raises:
        BadInput: the text cannot be read.
    """
    spec, work = asked_of(shard), work_of(shard)
    index = NGrams.from_sequences(sequences(model, Path(str(work["corpus"]))), LENGTH)
    rows = [
        {"item": each.item.id, "angle": each.angle, "coverage": coverage(each.prompt, index)}
        for each in (*seen(model, spec, (), ()), *seen(model, spec, list(work["angles"]), spec.items))
    ]
    return {"face-coverage": pa.Table.from_pylist(rows, schema=_SCHEMA)}


def sequences(model: LoadedModel, path: Path) -> Iterator[Ids]:
    """The documents of a text file, of JSON Lines, or of all such files in a folder, as token ids.

    Raises:
        BadInput: there is no such text, or a line is no document.
    """
    for file in files_of(path):
        for text in documents(file):
            if text:
                yield encode_prompt(model.tokenizer, text).ids


def files_of(path: Path) -> list[Path]:
    """The files of training text at a path: itself, or all in the folder.

    Raises:
        BadInput: there are none.
    """
    files = sorted(file for file in path.rglob("*") if file.suffix in TEXTS) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise BadInput(f"{printable(str(path))} is no text; give a file, or a folder of {', '.join(TEXTS)} files")
    return files


def documents(file: Path) -> Iterator[str]:
    """The documents of one file.

    Raises:
        BadInput: it cannot be read, is not UTF-8, or a line of JSON Lines has no `text`.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            if file.suffix != ".jsonl":
                yield lines.read()
                return
            for number, line in enumerate(lines, 1):
                yield _text(line, f"{printable(file.name)}:{number}")
    except OSError as problem:
        raise BadInput(f"cannot read training text from {printable(str(file))}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{printable(str(file))} is not UTF-8 text") from None


def _text(line: str, where: str) -> str:
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as problem:
        raise BadInput(f"{where}: not JSON: {problem}") from None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        raise BadInput(f"{where}: a document is an object with a `text`")
    return str(found["text"])


_SCHEMA = pa.schema([("item", pa.string()), ("angle", pa.string()), ("coverage", pa.float64())])
