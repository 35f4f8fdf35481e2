"""Documents come out of every format as they went in, one at a time, and damage is told with the file's name."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.reading import documents, files_of, fingerprint
from mesolens.errors import BadInput

TEXTS = ["One day.", "", "Zwei\nZeilen — ‘mit’ Zeichen\u2028", "three"]


def lines(file: Path, texts: list[str]) -> None:
    file.write_text("".join(json.dumps({"text": text, "id": 1}) + "\n" for text in texts))


def listed(file: Path, texts: list[str]) -> None:
    file.write_text(json.dumps([text if number % 2 else {"text": text} for number, text in enumerate(texts)]))


def parquet(file: Path, texts: list[str]) -> None:
    pq.write_table(pa.table({"id": list(range(len(texts))), "text": texts}), file, row_group_size=2)


def stream(file: Path, texts: list[str]) -> None:
    table = pa.table({"text": texts})
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def arrow_file(file: Path, texts: list[str]) -> None:
    table = pa.table({"text": pa.array(texts, pa.large_string())})
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


WRITERS = {"a.jsonl": lines, "b.json": listed, "c.parquet": parquet, "d.arrow": stream, "e.arrow": arrow_file}


@pytest.mark.parametrize("name", WRITERS)
def test_a_document_comes_out_as_it_went_in(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, TEXTS)
    assert list(documents(files_of([tmp_path / name]))) == TEXTS


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=6))
def test_any_text_survives_json_lines(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    file = tmp_path_factory.mktemp("lines") / "a.jsonl"
    lines(file, texts)
    assert list(documents([file])) == texts


def test_a_folder_is_all_its_texts_in_the_order_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    stream(tmp_path / "train" / "data-00000-of-00001.arrow", ["in a datasets folder"])
    stream(tmp_path / "train" / "cache-1234.arrow", ["computed"])
    (tmp_path / "train" / "state.json").write_text("{}")
    (tmp_path / "b.txt").write_text("a file\nwhole")
    (tmp_path / "a.md").write_text("first")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert list(documents(files_of([tmp_path]))) == ["first", "a file\nwhole", "in a datasets folder"]


def test_another_field_is_asked_for_by_name(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"body": "here", "text": 3}\n\n')
    assert list(documents([file], "body")) == ["here"]
    with pytest.raises(BadInput, match=r"a\.jsonl:1: .*'text'; see --field"):
        list(documents([file]))


Damage = Callable[[Path], object]


@pytest.mark.parametrize(
    ("name", "damage", "told"),
    [
        ("a.jsonl", lambda f: f.write_text('{"text": "a"}\n{"text": '), r"a\.jsonl:2: not JSON"),
        ("a.jsonl", lambda f: f.write_text("[" * 100_000), r"a\.jsonl:1: not JSON"),
        ("a.json", lambda f: f.write_text('{"text": "a"}'), "no list of documents"),
        ("a.txt", lambda f: f.write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
        ("a.parquet", lambda f: f.write_bytes(b"PAR1 no PAR1"), "is damaged"),
        ("a.arrow", lambda f: f.write_bytes(b"ARROW1"), "is damaged"),
        ("a.parquet", lambda f: pq.write_table(pa.table({"body": ["x"]}), f), "column 'text'; it has body"),
        ("a.parquet", lambda f: pq.write_table(pa.table({"text": [None, "x"]}), f), "a row without a text"),
        ("a.parquet", lambda f: pq.write_table(pa.table({"text": [1]}), f), "no text in a column"),
    ],
)
def test_damage_is_told_with_the_name_of_the_file(tmp_path: Path, name: str, damage: Damage, told: str) -> None:
    damage(tmp_path / name)
    with pytest.raises(BadInput, match=told) as error:
        list(documents([tmp_path / name]))
    assert name in str(error.value)


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\u202e.jsonl"
    file.write_text("no")
    with pytest.raises(BadInput) as error:
        list(documents([file]))
    assert str(error.value).isprintable()
    with pytest.raises(BadInput) as error:
        files_of([tmp_path / "\x1b[2J"])
    assert str(error.value).isprintable()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no text at .*nowhere"):
        files_of([tmp_path / "nowhere"])
    with pytest.raises(BadInput, match="holds no text"):
        files_of([tmp_path])


def test_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    before = fingerprint([file], "text")
    assert fingerprint([file], "text") == before != fingerprint([file], "body")
    file.write_text("other")
    assert fingerprint([file], "text") != before
