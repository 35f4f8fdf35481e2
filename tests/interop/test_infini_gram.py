"""An index written by hand from infini-gram's format is read as it stands, and damage is told."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.index.opened import Index
from mesolens.errors import BadInput
from mesolens.interop.infini_gram import open_infini_gram
from tests.corpus.brute import Brute, built


def written(documents: list[list[int]], folder: Path, size: int, number: int = 0) -> None:
    """The three files, by the format's own words: a separator before each document, suffixes sorted as bytes."""
    separator, raw, starts = b"\xff" * size, b"", list[int]()
    for document in documents:
        starts.append(len(raw))
        raw += separator + b"".join(token.to_bytes(size, "little") for token in document)
    order = sorted(range(0, len(raw), size), key=lambda place: raw[place:])
    width = math.ceil(math.log2(len(raw)) / 8)
    (folder / f"tokenized.{number}").write_bytes(raw)
    (folder / f"table.{number}").write_bytes(b"".join(place.to_bytes(width, "little") for place in order))
    (folder / f"offset.{number}").write_bytes(b"".join(start.to_bytes(8, "little") for start in starts))


def opened(folder: Path, size: int, **more: int) -> Index:
    """The index, of a vocabulary of 300."""
    return open_infini_gram(folder, **{"tokenizer": "hash", "vocabulary": 300, "token_bytes": size} | more, fast=False)


TEXTS = st.lists(st.lists(st.sampled_from([0, 1, 255, 256, 299]), max_size=20), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([2, 4]))
def test_what_infini_gram_wrote_is_counted_as_by_the_definition(
    tmp_path_factory: pytest.TempPathFactory, one: list[list[int]], two: list[list[int]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    written(one, folder, size)
    written(two, folder, size, 1)
    index, truth = opened(folder, size), Brute([*one, *two], 300)
    assert (index.tokens, index.documents) == (truth.tokens, truth.documents)
    queries = [text[first : first + 3] for text in truth.texts for first in range(len(text))]
    assert index.count(queries).tolist() == [truth.count(query) for query in queries]
    assert [index.document(number).tolist() for number in range(truth.documents)] == truth.texts


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.sampled_from([300, 70_000]))
def test_what_we_write_is_their_format_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[int]], vocabulary: int
) -> None:
    texts = [*texts, [1]]
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    built(texts, ours, vocabulary)
    written(texts, theirs, 2 if vocabulary == 300 else 4)
    for file in theirs.iterdir():
        assert (ours / file.name).read_bytes() == file.read_bytes()


def test_damage_and_a_wrong_size_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no index of infini-gram"):
        opened(tmp_path, 2)
    written([[1, 2, 3], [4, 5]], tmp_path, 2)
    with pytest.raises(BadInput, match="or its tokens have another size"):
        opened(tmp_path, 4)
    with pytest.raises(BadInput, match="give token_bytes=4"):
        opened(tmp_path, 2, vocabulary=70_000)
    table = tmp_path / "table.0"
    whole = table.read_bytes()
    table.write_bytes(b"\xff" + whole[1:])
    with pytest.raises(BadInput, match="points to place 127 of a text of 7 tokens"):
        opened(tmp_path, 2)
    table.write_bytes(whole[:-1])
    with pytest.raises(BadInput, match="has 6 bytes, and 7 tokens of 2 bytes need 7"):
        opened(tmp_path, 2)
    (tmp_path / "offset.0").unlink()
    with pytest.raises(BadInput, match=r"offset\.0 is missing"):
        opened(tmp_path, 2)
