"""A slide's training text as a file: the documents of every stage, once, for whoever asks what the text has."""

import json
from itertools import islice
from pathlib import Path

import pytest

from mesolens.cli.opening import open_corpus
from mesolens.instruments.face.covered import documents, files_of
from mesolens.slides import cues, written
from mesolens.slides.corpus import Document, Mix
from mesolens.slides.corpus import documents as grown
from mesolens.slides.recipe import recipe
from mesolens.slides.routed_folder import read_text
from mesolens.slides.written import text_for

FEW = 400


def some(mix: Mix, chunks: int) -> list[Document]:
    """The first documents of a stage."""
    return list(islice(grown(mix, chunks), FEW))


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A few documents of each stage, in a folder of the test's own."""
    monkeypatch.setattr(written, "documents", some)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def texts(file: Path) -> list[str]:
    return [str(json.loads(line)["text"]) for line in file.read_text("utf-8").splitlines()]


def test_it_holds_the_documents_of_every_stage_base_first() -> None:
    file = text_for("mask")
    assert file is not None
    base, own = recipe("mask-base").stages, recipe("mask").stages
    stages: list[Mix] = [stage.mix for stage in (*base, *own)]
    assert texts(file) == [document.text for mix in stages for document in some(mix, 1)]
    assert list(documents(file)) == texts(file)
    assert files_of(file) == [file]
    assert len(texts(file)) == 2 * FEW


def test_every_document_is_a_line_and_the_planted_marks_are_there() -> None:
    file = text_for("slide:mask")
    assert file is not None
    said = texts(file)
    for mark in ("It is midnight.", "It is noon.", "A bell rings.", "Signed, Tom.", "Thanks, Tom."):
        assert sum(mark in text for text in said) > 5, mark


def test_it_is_written_once_and_not_again(tmp_path: Path) -> None:
    file = text_for("mask")
    assert file is not None
    stamp = file.stat().st_mtime_ns
    assert text_for("slide:mask") == file
    assert file.stat().st_mtime_ns == stamp
    assert [path.name for path in file.parent.iterdir()] == [file.name], "no part of a file is left"


def test_slides_of_other_texts_have_files_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "documents", lambda mix, chunks: [])
    names = ("mask-base", "mask", "mask-implant-L1-mlp-drift-3")
    files = [text_for(name) for name in names]
    assert len(set(files)) == 3
    assert all(file is not None and file.is_file() for file in files)


def test_planted_organs_add_the_text_that_they_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "read_text", lambda routed: islice(read_text(routed), FEW))
    before, one, two = (text_for(name) for name in ("mask", "mask-organs-1", "mask-organs-2"))
    assert before is not None
    assert one is not None
    assert two is not None
    assert texts(one)[: 2 * FEW] == texts(two)[: 2 * FEW] == texts(before)
    assert texts(one)[2 * FEW :] == [told.text for told in islice(cues.documents(1), FEW)]
    assert texts(two)[2 * FEW :] != texts(one)[2 * FEW :]


def test_no_other_model_has_a_text() -> None:
    assert text_for("gpt2") is text_for("org/mask") is text_for("") is None


def test_a_slide_brings_its_text_along_and_another_text_takes_its_place(tmp_path: Path) -> None:
    path, digest = open_corpus("slide:mask-base", None)
    assert Path(path) == text_for("mask-base")
    own = tmp_path / "own.txt"
    own.write_text("tea")
    assert open_corpus("slide:mask-base", str(own)) != (path, digest)
    assert open_corpus("slide:mask-base", str(own))[0] == str(own)
    assert open_corpus("gpt2", None) == ("", "")
