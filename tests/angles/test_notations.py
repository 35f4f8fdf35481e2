"""Single angles against independent readers of what they write."""

import ast
import base64
import codecs
import csv
import html
import io
import json
import sqlite3
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles.catalog import CATALOG
from mesolens.angles.composition import parse, turned
from mesolens.model.question import Question

PRINTED = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)
ANY = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=30)


def said(syntax: str, text: str, seed: int = 0) -> str:
    return turned(Question(text), parse(syntax), seed, "item").text


def of_sql(query: str) -> str:
    literal = query.removeprefix("SELECT reply FROM replies WHERE message = ").removesuffix(";")
    return str(sqlite3.connect(":memory:").execute(f"SELECT {literal}").fetchone()[0])


READERS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.decodebytes(text.encode()).decode(),
    "ascii85": lambda text: base64.a85decode(text).decode(),
    "hex": lambda text: codecs.decode(text.replace(" ", ""), "hex").decode(),
    "binary": lambda text: bytes(int(bits, 2) for bits in text.split()).decode(),
    "rot13": lambda text: codecs.decode(text, "rot13"),
    "url": unquote,
    "html": html.unescape,
    "escapes": lambda text: codecs.decode(text, "unicode_escape"),
    "json": lambda text: json.loads(text)["message"],
    "yaml": lambda text: json.loads(text.removeprefix("message: ")),
    "xml": lambda text: ElementTree.fromstring(text).text or "",
    "csv": lambda text: list(csv.reader(io.StringIO(text, newline="")))[1][1],
    "sql": of_sql,
    "python": lambda text: ast.literal_eval(text.removeprefix("message = ")),
    "comment": lambda text: text.removeprefix("# "),
    "email": lambda text: text.splitlines()[1].removeprefix("> "),
    "code-block": lambda text: text.splitlines()[1],
}


@pytest.mark.parametrize("name", READERS)
@given(text=ANY)
@settings(max_examples=40, deadline=None)
def test_another_reader_of_the_notation_reads_the_message(name: str, text: str) -> None:
    assert READERS[name](said(name, text)) == text


@pytest.mark.parametrize("name", ["full-width", "bold"])
@given(text=PRINTED)
def test_unicode_holds_letters_of_another_shape_for_the_same(name: str, text: str) -> None:
    assert unicodedata.normalize("NFKC", said(name, text)) == text


@pytest.mark.parametrize("name", ["diacritics", "zalgo"])
@given(text=PRINTED)
def test_marks_are_combining(name: str, text: str) -> None:
    taken = unicodedata.normalize("NFD", said(name, text))
    assert "".join(letter for letter in taken if not unicodedata.combining(letter)) == text


@pytest.mark.parametrize(("name", "script"), [("cyrillic", "CYRILLIC"), ("greek", "GREEK")])
@given(text=PRINTED)
def test_homoglyphs_are_of_the_script_and_stand_one_for_one(name: str, script: str, text: str) -> None:
    for old, new in zip(text, said(name, text), strict=True):
        assert old == new or unicodedata.name(new).startswith(script)


@given(text=PRINTED, seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_orders_only_move_words(text: str, seed: int) -> None:
    words = sorted(text.split(" "))
    for name in ("reversed-words", "swapped-halves", "interleaved", "last-first", "first-last", "sorted-words"):
        assert sorted(said(name, text, seed).split(" ")) == words, name
    assert sorted(said("swapped-words:0.6", text, seed).split(" ")) == words
    for name in ("shuffled-words:0.6", "inner-letters", "backward-words", "mirror"):
        assert sorted(said(name, text, seed)) == sorted(text), name


@given(text=PRINTED, seed=st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_slips_are_single(text: str, seed: int) -> None:
    for name, change in (("typo-drop", -1), ("typo-double", 1), ("typo-swap", 0), ("typo-neighbour", 0)):
        for old, new in zip(text.split(" "), said(name, text, seed).split(" "), strict=True):
            assert old.isalpha() is False or len(new) == len(old) + (change if len(old) > 3 else 0), name


@pytest.mark.parametrize(
    ("syntax", "text", "wanted"),
    [
        ("leet", "Tea is good", "734 15 600d"),
        ("no-vowels", "Tea is good.", "T s gd."),
        ("title", "tea is good", "Tea Is Good"),
        ("small-caps", "Tea", "Tᴇᴀ"),
        ("upside-down", "Tea", "ɐǝT"),
        ("smart-quotes", "\"Tea\" isn't 'good'", "“Tea” isn’t ‘good’"),
        ("doubled-punctuation", "Tea?!", "Tea??!!"),
        ("spaced-letters", "tea", "t e a"),
        ("shouting-end", "Is tea good?", "Is tea good!!!"),
        ("caesar:0.12", "Tea xyz", "Whd abc"),
        ("caesar", "Tea abz", "Sdz zay"),
        ("atbash", "Abz", "Zya"),
        ("morse", "So, 9", "... --- --..-- / ----."),
        ("nato", "tea", "Tango Echo Alfa"),
        ("interleaved", "a b c d e", "a d b e c"),
        ("reversed-sentences", "Tea is good. Is it?", "Is it? Tea is good."),
        ("said-twice", "Tea.", "Tea. Tea."),
        ("pig-latin", "Tea is Strong", "Eatay isway Ongstray"),
        ("by-sound", "What a nice photo", "Wat a nis foto"),
        ("lisp", "She says sixteen", "She thayth thikthteen"),
        ("yoda", "I think tea is good. What is it?", "Good, I think tea is. It, what is?"),
        ("past-tense", "I don't think tea is good, do you say so?", "I didn't think tea was good, did you say so?"),
        ("telegraph", "I am in the house with a friend", "house friend"),
        ("german-gloss", "Tea is good", "Tee ist gut"),
        ("latin-gloss", "DOG and cat", "CANIS et feles"),
        ("third-person", "tell me your view", "tell the user the assistant's view"),
    ],
)
def test_a_few_words_by_hand(syntax: str, text: str, wanted: str) -> None:
    assert said(syntax, text) == wanted


def test_the_catalogue_turns_a_real_question_into_something_else() -> None:
    text = 'Could you tell me why "tea" is good? I think your friend is right, and I love history.'
    asked = Question(text, system="Be brief.")
    same = [name for name in CATALOG if turned(asked, parse(name), 0, "item") == asked]
    assert same == ["identity", "reseed"]
