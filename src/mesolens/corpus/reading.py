"""Documents from files, one at a time: a corpus is never in memory whole.

- text (any other ending): a file is a document, or is cut into several (:mod:`mesolens.corpus.cutting`)
- `.jsonl`, `.ndjson`: a line is a document, in its field `text` or another; `.json`: a list of such, or of texts
- `.parquet`: a row is a document, in the same column
- `.arrow`, as `datasets` saves them: likewise; a folder that `save_to_disk` wrote is such files

A folder is all such files in it and below, in the order of their paths.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

from mesolens.corpus.cutting import pieces
from mesolens.errors import BadInput
from mesolens.hostile import printable

LINES, LISTS, TABLES, ARROWS = (".jsonl", ".ndjson"), (".json",), (".parquet",), (".arrow",)
_OF_DATASETS = {"state.json", "dataset_info.json", "dataset_dict.json"}
TEXTS = (".txt", ".md")
"""In a folder only these and the others above are read; a file that is named is read whatever it is called."""


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files at these paths, themselves or all that can be read in a folder and below.

    Raises:
        BadInput: a path is not there, or a folder holds no text.
    """
    found = list[Path]()
    for path in paths:
        if not path.exists():
            raise BadInput(f"there is no text at {printable(str(path))}")
        inside = [path] if path.is_file() else _inside(path)
        if not inside:
            known = ", ".join((*TEXTS, *LINES, *LISTS, *TABLES, *ARROWS))
            raise BadInput(f"the folder {printable(str(path))} holds no text: no file that ends in {known}")
        found += inside
    return found


def fingerprint(files: Iterable[Path], field: str, cut: int = 0) -> str:
    """SHA-256 over the files' names, sizes and times of change: whether a build goes on with what it began with.

    Where plain text is cut, and any of the files is such, how long its pieces are counts too.
    """
    kept = list(files)
    facts = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in kept]
    cuts = [cut] if cut and any(file.suffix not in _READERS for file in kept) else []
    return sha256(json.dumps([field, facts, *cuts]).encode()).hexdigest()


def documents(files: Iterable[Path], field: str = "text", cut: int = 0) -> Iterator[str]:
    """The documents of the files, in order; plain text in pieces of at most `cut` characters, 0 for whole.

    Raises:
        BadInput: a file cannot be read, is damaged, not UTF-8, or has a document without the field.
    """
    return (text for _, text in sourced(files, field, cut))


def sourced(files: Iterable[Path], field: str = "text", cut: int = 0) -> Iterator[tuple[str, str]]:
    """The same, each document with the path of its file.

    Raises:
        BadInput: as :func:`documents`.
    """
    for file in files:
        shown = printable(str(file))
        try:
            for text in _READERS.get(file.suffix, _whole)(file, field):
                for piece in pieces(text, cut if file.suffix not in _READERS else 0):
                    yield str(file), piece
        except OSError as problem:
            raise BadInput(f"cannot read {shown}: {printable(problem.strerror or str(problem), 160)}") from None
        except pa.ArrowException as problem:
            raise BadInput(f"{shown} is damaged: {printable(str(problem).splitlines()[0], 160)}") from None
        except UnicodeDecodeError:
            raise BadInput(f"{shown} is not UTF-8 text") from None


def _inside(folder: Path) -> list[Path]:
    known = {*TEXTS, *LINES, *LISTS, *TABLES, *ARROWS}
    # `datasets` keeps what it computed and says beside the data, under names of its own
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in known and not file.name.startswith("cache-") and file.name not in _OF_DATASETS
    )


def _whole(file: Path, field: str) -> Iterator[str]:
    yield file.read_text("utf-8")


def _lines(file: Path, field: str) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                where = f"{printable(str(file))}:{number}"
                yield _field(_json(line, where), field, where)


def _list(file: Path, field: str) -> Iterator[str]:
    where = printable(str(file))
    found = _json(file.read_text("utf-8"), where)
    if not isinstance(found, list):
        raise BadInput(f"{where} is no list of documents; give JSON Lines, a document a line")
    for number, each in enumerate(found):
        yield each if isinstance(each, str) else _field(each, field, f"{where}, element {number}")


def _json(text: str, where: str) -> object:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as problem:
        raise BadInput(f"{where}: not JSON: {printable(str(problem), 120)}") from None


def _field(found: object, field: str, where: str) -> str:
    text = found.get(field) if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise BadInput(f"{where}: a document is an object with a text in {printable(repr(field), 40)}; see --field")
    return text


def _rows(file: Path, field: str) -> Iterator[str]:
    with pq.ParquetFile(file) as table:
        _check_column(table.schema_arrow, field, file)
        for batch in table.iter_batches(batch_size=1024, columns=[field]):
            yield from _texts(batch, field, file)


def _batches(file: Path, field: str) -> Iterator[str]:
    with pa.memory_map(str(file)) as source:
        try:
            reader = ipc.open_stream(source)
        except pa.ArrowInvalid:
            reader = ipc.open_file(source)
        _check_column(reader.schema, field, file)
        several = reader if isinstance(reader, ipc.RecordBatchStreamReader) else map(
            reader.get_batch, range(reader.num_record_batches)
        )  # fmt: skip
        for batch in several:
            yield from _texts(batch, field, file)


def _check_column(schema: pa.Schema, field: str, file: Path) -> None:
    kind = schema.field(field).type if field in schema.names else None
    if kind is None or not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        there = ", ".join(printable(name, 40) for name in schema.names[:12])
        raise BadInput(f"{printable(str(file))} has no text in a column {printable(repr(field), 40)}; it has {there}")


def _texts(batch: pa.RecordBatch, field: str, file: Path) -> Iterator[str]:
    for text in batch.column(field):
        if (found := text.as_py()) is None:
            raise BadInput(f"{printable(str(file))} has a row without a text in {printable(repr(field), 40)}")
        yield found


_READERS = {
    **dict.fromkeys(LINES, _lines),
    **dict.fromkeys(LISTS, _list),
    **dict.fromkeys(TABLES, _rows),
    **dict.fromkeys(ARROWS, _batches),
}
