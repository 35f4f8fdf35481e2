"""A document's file and its place there, kept beside an index, and damage told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.corpus.reading import documents, fingerprint, sourced
from mesolens.corpus.sources import SOURCES, Counted, Sources, read, write
from mesolens.errors import BadInput


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 4)), min_size=1))
def test_every_document_is_of_the_file_it_was_read_from(files: list[tuple[str, int]]) -> None:
    stream = [(f"in/{name}{k}.txt", f"{name}{k}/{n}") for k, (name, count) in enumerate(files) for n in range(count)]
    counted = Counted(7)
    assert list(counted.passing(stream)) == [text for _, text in stream]
    found = counted.found()
    assert found.cut == 7
    number = 0
    for k, (name, count) in enumerate(files):
        for n in range(count):
            assert found.of(number) == (f"{name}{k}.txt" if count == 1 else f"{name}{k}.txt, {n + 1} of {count}")
            number += 1
    assert found.of(number) == found.of(-1) == ""


def test_it_is_kept_beside_an_index_and_damage_is_told(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    found = Sources(("a.txt", "b\x1b.txt"), (0, 1, 4), 4000)
    write(found, tmp_path)
    assert read(tmp_path) == found
    for wrong in ("", "[]", "{}", '{"names": ["a"], "first": [0], "cut": 0}', '{"names": [], "first": "x", "cut": 0}'):
        (tmp_path / SOURCES).write_text(wrong)
        with pytest.raises(BadInput, match="is damaged"):
            read(tmp_path)


def test_text_files_are_cut_and_tables_are_not(tmp_path: Path) -> None:
    book, tales = tmp_path / "book.txt", tmp_path / "tales.jsonl"
    book.write_text("One.\n\nTwo.\n\nThree.")
    tales.write_text('{"text": "One.\\n\\nTwo.\\n\\nThree."}\n')
    files = [book, tales]
    assert list(documents(files)) == ["One.\n\nTwo.\n\nThree."] * 2
    assert list(sourced(files, cut=12)) == [
        (str(book), "One.\n\nTwo.\n\n"), (str(book), "Three."), (str(tales), "One.\n\nTwo.\n\nThree.")
    ]  # fmt: skip
    assert fingerprint([book], "text") == fingerprint([book], "text", 0) != fingerprint([book], "text", 12)
    assert fingerprint([tales], "text", 12) == fingerprint([tales], "text")
