"""`mesolens index`: a corpus is built, counted and proven from the command line; what cannot be is told in a line."""

import json
from pathlib import Path

import pytest

from mesolens.cli.index import _size
from mesolens.cli.index_texts import texts_of
from mesolens.corpus.index.opening import open_index
from mesolens.errors import BadInput
from mesolens.slides.corpus import Mix, documents
from mesolens.slides.tokens import encode

from .conftest import Mesolens

SLIDE = "slide:mask-small"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Four documents as JSON Lines."""
    file = tmp_path / "corpus.jsonl"
    texts = ["the cat sat", "the cat ran", "a dog ran", "the \x1b[2Jcat sat"]
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return file


def test_an_index_is_built_once_and_counts_what_stands_in_the_text(mesolens: Mesolens, corpus: Path) -> None:
    build = ("index", "build", corpus, "--model", SLIDE, "--out", "kept", "--json")
    made = mesolens(*build)
    assert made.code == 0, made.err
    assert (made.data["documents"], made.data["shards"], made.data["name"]) == (4, 1, str(corpus))
    assert "s or more" in made.err
    before = {file.name: file.stat().st_mtime_ns for file in Path("kept").iterdir() if file.name != "lock"}
    again = mesolens(*build)
    assert again.data == made.data
    assert "or more" not in again.err
    assert {file.name: file.stat().st_mtime_ns for file in Path("kept").iterdir() if file.name != "lock"} == before

    found = mesolens("index", "count", "kept", " cat", " ran", "zebra", "--model", SLIDE, "--json")
    cat, ran, zebra = found.data
    assert (cat["count"], ran["count"], zebra["count"]) == (2, 2, 0)
    assert [(each["number"], each["times"]) for each in ran["documents"]] == [(1, 1), (2, 1)]
    assert ran["documents"][0]["snippet"].endswith("the cat ran")
    assert zebra["documents"] == []
    without = mesolens("index", "count", "kept", " cat", "--model", SLIDE, "--json", "--without", "0").data[0]
    assert without["count"] == 1
    assert [each["number"] for each in without["documents"]] == [1]


def test_for_people_there_is_a_table_fit_to_print(mesolens: Mesolens, corpus: Path) -> None:
    assert "documents" in mesolens("index", "build", corpus, "--model", SLIDE, "--out", "kept").out
    shown = mesolens("index", "count", "kept", "cat", "the", "--model", SLIDE).out
    assert "\x1b" not in shown
    assert "times)" in shown
    assert mesolens("index", "verify", "kept").out == "kept is as it was written\n"


def test_text_files_are_cut_and_documents_say_where_they_come_from(mesolens: Mesolens, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("\n\n".join(f"the cat sat on chair {k}" for k in range(40)))
    build = ("index", "build", book, "--model", SLIDE, "--json")
    cut = mesolens(*build, "--cut", "100", "--out", "cut").data
    whole = mesolens(*build, "--cut", "0", "--out", "whole").data
    assert (whole["documents"], whole["files"], whole["cut"]) == (1, 1, 0)
    assert (cut["files"], cut["cut"]) == (1, 100)
    assert 10 <= cut["documents"] <= 20
    assert mesolens("index", "show", "cut", "--json").data == cut
    assert "cut        100" in mesolens("index", "show", "cut").out
    found = mesolens("index", "count", "cut", " chair 39", "--model", SLIDE, "--json").data[0]
    assert [each["source"] for each in found["documents"]] == [f"book.txt, {cut['documents']} of {cut['documents']}"]
    assert f"book.txt, {cut['documents']} of" in mesolens("index", "count", "cut", " chair 39", "--model", SLIDE).out
    (tmp_path / "cut" / "sources.json").unlink()
    assert mesolens(*build, "--cut", "100", "--out", "cut").data == cut
    other = mesolens(*build, "--cut", "50", "--out", "cut")
    assert (other.code, "begun with sources" in other.err) == (2, True)
    assert mesolens(*build, "--cut", "-1", "--out", "c").code == 2
    assert mesolens("index", "verify", "cut").code == 0


def test_a_damaged_index_fails_its_check(mesolens: Mesolens, corpus: Path) -> None:
    mesolens("index", "build", corpus, "--model", SLIDE, "--out", "kept")
    table = Path("kept/table.0")
    table.write_bytes(bytes(reversed(table.read_bytes())))
    assert mesolens("index", "verify", "kept", "--json").refused(1, "kept is damaged", "SHA-256 differs")
    table.write_bytes(b"")
    assert mesolens("index", "count", "kept", "cat", "--model", SLIDE).refused(2, "table.0 is cut off")


def test_another_models_tokens_are_refused_with_both_hashes(mesolens: Mesolens, corpus: Path, shared: Path) -> None:
    mesolens("index", "build", corpus, "--model", SLIDE, "--out", "kept")
    own = open_index(Path("kept")).header.plan.tokenizer
    stories = shared / "models" / "stories260K"
    assert mesolens("index", "count", "kept", "cat", "--model", stories).refused(2, own, "reads with")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", "--out", "kept"], "there is no text at nowhere"),
        (["corpus.jsonl"], "with --out DIR"),
        (["corpus.jsonl", "--out", "kept", "--memory", "much"], "--memory much is no size"),
        (["corpus.jsonl", "--out", "kept", "--memory", "1kB"], "64 kB or more"),
        (["corpus.jsonl", "--out", "kept", "--field", "body"], "corpus.jsonl:1"),
        (["slide:nobody", "--out", "kept"], "no slide is called 'nobody'"),
    ],
)
def test_what_cannot_be_built_is_told(mesolens: Mesolens, corpus: Path, arguments: list[str], told: str) -> None:
    assert mesolens("index", "build", *arguments, "--model", SLIDE).refused(2, told)


def test_an_empty_text_and_an_unfinished_index_are_told(mesolens: Mesolens, corpus: Path) -> None:
    Path("empty.txt").write_text("")
    ended = mesolens("index", "build", corpus, "--model", SLIDE, "--out", "kept")
    assert ended.code == 0
    assert mesolens("index", "count", "kept", "", "--model", SLIDE).refused(2, "an empty TEXT")
    Path("kept/index.json").unlink()
    assert mesolens("index", "count", "kept", "cat", "--model", SLIDE).refused(3, "resumes it")


def test_sizes_are_read_in_powers_of_ten() -> None:
    assert [_size(text) for text in ("64000", "500MB", "1.5G", "2TB", "7kB")] == [
        64_000, 500_000_000, 1_500_000_000, 2_000_000_000_000, 7_000
    ]  # fmt: skip
    for wrong in ("-", "", "nanGB", "1e999"):
        with pytest.raises(BadInput, match="no size"):
            _size(wrong)


def test_a_slides_text_is_what_it_was_trained_on() -> None:
    texts = texts_of(("slide:mask",), "text")
    stream = iter(texts.documents())
    first = [next(stream)[1] for _ in range(50)]
    assert first == [document.text for _, document in zip(range(50), documents(Mix("base", 1), 1), strict=False)]
    assert texts.tokens > 5_000_000, "both stages"
    assert sum(1 for _ in texts.documents()) == (41 + 17) * 2048


def test_a_slides_document_begins_once(mesolens: Mesolens, tmp_path: Path) -> None:
    text = next(iter(documents(Mix("own", 1), 1))).text
    (tmp_path / "one.txt").write_text(text)
    (tmp_path / "two.txt").write_text("tea")
    mesolens("index", "build", "one.txt", "two.txt", "--model", SLIDE, "--out", "kept")
    index = open_index(Path("kept"))
    assert index.document(0).tolist() == encode([text])[0]
    assert index.document(1).tolist() == [encode([text])[0][0], *encode(["tea"])[0]]
