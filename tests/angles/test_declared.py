"""Angles from data: what they do, what is refused, and that a saved search comes back as it was."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles.angle import FAMILIES
from mesolens.angles.catalog import CATALOG
from mesolens.angles.composition import Composition, Step, parse, turned
from mesolens.angles.declared import KINDS, declared, read_angles, write_angles
from mesolens.angles.learned import learned
from mesolens.errors import BadInput
from mesolens.model.question import Question

QUESTION = Question("I think tea is good. What do you say?", core="tea is good", system="Be brief.")
GOOD: dict[str, object] = {"name": "own", "family": "context", "about": "x.", "survives": True, "kind": "before"}


def one(row: Mapping[str, object], seed: int = 0, question: Question = QUESTION) -> Question:
    (angle,) = declared([{**GOOD, **row}], "here").values()
    return angle.turn(question, 1.0, Random(seed))


@pytest.mark.parametrize(
    ("row", "text", "system", "undoing"),
    [
        ({"kind": "before", "text": "Hm."}, f"Hm. {QUESTION.text}", "Be brief.", "exact"),
        ({"kind": "after", "text": "Hm."}, f"{QUESTION.text} Hm.", "Be brief.", "exact"),
        ({"kind": "instead", "text": "Hm."}, "Hm.", "Be brief.", "none"),
        ({"kind": "frame", "text": "He said {}. Well?"}, "He said tea is good. Well?", "Be brief.", "lossy"),
        ({"kind": "system", "text": "Hm."}, QUESTION.text, "Hm. Be brief.", "exact"),
        (
            {"kind": "replace", "words": {"tea": "rum", "What": "how"}},
            "I think rum is good. How do you say?",
            "Be brief.",
            "lossy",
        ),
        ({"kind": "composition", "text": "upper|starred"}, f"*** {QUESTION.text.upper()} ***", "Be brief.", "lossy"),
        ({"kind": "composition", "text": "mirror|starred"}, f"*** {QUESTION.text[::-1]} ***", "Be brief.", "exact"),
    ],
)
def test_each_kind_does_what_it_says(row: Mapping[str, object], text: str, system: str, undoing: str) -> None:
    (angle,) = declared([{**GOOD, **row}], "here").values()
    found = angle.turn(QUESTION, 1.0, Random(0))
    assert (found.text, found.system, angle.undoing) == (text, system, undoing)
    assert (angle.name, angle.family, angle.about, angle.survives) == ("own", "context", "x.", True)
    assert angle.turn(QUESTION, 0.0, Random(0)) == QUESTION
    if angle.undo is not None:
        assert angle.undo(found).text == QUESTION.text


def test_every_kind_was_tried_above() -> None:
    (mark,) = (m for m in test_each_kind_does_what_it_says.pytestmark if m.name == "parametrize")  # pyright: ignore
    assert {row["kind"] for row, *_ in mark.args[1]} == set(KINDS)


@pytest.mark.parametrize("kind", ["before", "after", "instead", "frame", "system"])
def test_the_seed_picks_among_texts(kind: str) -> None:
    texts = ["one {}", "two {}", "three {}"]
    found = {one({"kind": kind, "texts": texts}, seed) for seed in range(40)}
    assert len(found) == 3


def test_a_composition_may_use_what_was_declared_before_it() -> None:
    rows = [{**GOOD, "text": "Hm."}, {**GOOD, "name": "two", "kind": "composition", "text": "own|upper"}]
    assert declared(rows, "here")["two"].turn(QUESTION, 1.0, Random(0)).text == f"HM. {QUESTION.text.upper()}"
    with pytest.raises(BadInput, match=r"angle 1 \(two\): 'own' is no angle"):
        declared(rows[::-1], "here")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "a", "name": None}, "`name` is missing"),
        ({"text": "a", "name": "Own"}, "'Own' cannot name an angle"),
        ({"text": "a", "name": "leet"}, "there is an angle leet already"),
        ({"text": "a", "about": 3}, "`about` is 3"),
        ({"text": "a", "about": " "}, "`about` is ' '"),
        ({"text": "a", "family": "mood"}, "there are surface, encoding"),
        ({"text": "a", "kind": "behind"}, "there are before, after"),
        ({"text": "a", "survives": "yes"}, "`survives` must be true or false"),
        ({"text": "a", "survive": True}, "no key is called 'survive'; did you mean survives?"),
        ({"text": "a", "texts": ["b"]}, "either `text`, or `texts`"),
        ({}, "either `text`, or `texts`"),
        ({"texts": []}, "must be text that is not empty"),
        ({"texts": "ab"}, "must be text that is not empty"),
        ({"texts": ["a", 1]}, "must be text that is not empty"),
        ({"text": " "}, "must be text that is not empty"),
        ({"kind": "frame", "text": "no place"}, "a frame has one {}"),
        ({"kind": "frame", "texts": ["a {}", "{} or {}"]}, "a frame has one {}"),
        ({"kind": "replace", "text": "a"}, "`words` must be a table"),
        ({"kind": "replace", "words": {"a": 1}}, "`words` must be a table"),
        ({"kind": "composition", "text": "leat"}, "did you mean leet"),
        ({"kind": "composition"}, "`text` is missing"),
        ({"text": "a", "\u202e": 1}, "no key is called"),
    ],
)
def test_a_row_that_is_no_angle_is_refused_with_its_place(row: Mapping[str, object], said: str) -> None:
    with pytest.raises(BadInput) as problem:
        declared([{**GOOD, "name": "first", "text": "a"}, {**GOOD, **row}], "pack.toml")
    assert said in str(problem.value)
    assert str(problem.value).startswith("pack.toml, angle 2")
    assert str(problem.value).isprintable()


def test_a_name_is_given_once() -> None:
    with pytest.raises(BadInput, match="angle 2: there is an angle own already"):
        declared([{**GOOD, "text": "a"}] * 2, "here")
    with pytest.raises(BadInput, match="a table, not str"):
        declared(["leet"], "here")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[", "not TOML"),
        (b"\xff", "not TOML"),
        (b"x = 1", "[[angle]]"),
        (b"", "[[angle]]"),
        (b"angle = 1", "[[angle]]"),
    ],
)
def test_a_file_that_holds_no_angles_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "own.toml").write_bytes(content)
    with pytest.raises(BadInput) as problem:
        read_angles(tmp_path / "own.toml")
    assert said in str(problem.value)
    assert "own.toml" in str(problem.value)
    with pytest.raises(BadInput, match="No such file"):
        read_angles(tmp_path / "none.toml")


STEPS = st.lists(st.tuples(st.sampled_from(list(CATALOG)), st.floats(0, 1)), min_size=1, max_size=3)
NAMES = st.from_regex(r"found-[a-z0-9]{1,4}", fullmatch=True)


@given(st.dictionaries(NAMES, STEPS, min_size=1, max_size=3), st.text())
@settings(max_examples=40, deadline=None)
def test_what_a_search_found_comes_back(steps: dict[str, list[tuple[str, float]]], about: str) -> None:
    found = {
        name: Composition(tuple(Step(CATALOG[angle], strength) for angle, strength in pairs))
        for name, pairs in steps.items()
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "found.toml"
        write_angles(path, found, dict.fromkeys(list(found)[:1], f"Found. {about}"))
        angles = read_angles(path)
        assert [file.name for file in Path(folder).iterdir()] == ["found.toml"]
    assert list(angles) == list(found)
    for name, composition in found.items():
        angle, wanted = angles[name], learned(name, "x.", composition)
        assert angle.turn(QUESTION, 1.0, Random(3)) == wanted.turn(QUESTION, 1.0, Random(3))
        assert (angle.family, angle.survives, angle.undoing) == ("learned", composition.survives, composition.undoing)


def test_a_learned_angle_turns_up_and_down_as_one() -> None:
    angle = learned("own", "x.", parse("full-width:0.5|upside-down|earlier-turns"))
    assert (angle.family, angle.undoing) == ("learned", "lossy")
    found = [angle.turn(QUESTION, k / 10, Random(1)) for k in range(11)]
    assert found[0] == QUESTION
    assert [len(q.before) for q in found] == sorted(len(q.before) for q in found)
    wide = [sum(ord(letter) > 0xFF00 for letter in q.text) for q in found]
    assert wide == sorted(wide)
    assert len(QUESTION.text) * 0.3 < wide[-1] < len(QUESTION.text) * 0.7


@given(st.text(st.characters(codec="ascii"), max_size=40), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_exact_steps_make_an_exact_learned_angle(text: str, seed: int) -> None:
    angle = learned("own", "x.", parse("cyrillic|json|preamble|base64|code-block"))
    assert angle.undo is not None
    assert angle.undo(angle.turn(Question(text), 1.0, Random(seed))).text == text


def test_learned_angles_compose_like_any_other(tmp_path: Path) -> None:
    write_angles(tmp_path / "found.toml", {"worst": parse("leet:0.5|story")}, {})
    known = read_angles(tmp_path / "found.toml")
    composition = parse("worst:0.5|json", known)
    assert str(composition) == "worst:0.5|json"
    assert composition.families == ("encoding", "learned")
    assert turned(QUESTION, composition, 0, "a").text.startswith('{"message": ')


def test_a_learned_name_that_is_taken_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for name, said in (("leet", "already"), ("a b", "cannot name")):
        with pytest.raises(BadInput, match=said):
            write_angles(tmp_path / "found.toml", {name: parse("json")}, {})
    with pytest.raises(BadInput, match="cannot write angles"):
        write_angles(tmp_path / "none" / "found.toml", {"own": parse("json")}, {})
    assert list(tmp_path.iterdir()) == []


def test_families_are_those_of_the_catalogue() -> None:
    for family in FAMILIES:
        assert declared([{**GOOD, "family": family, "text": "a"}], "here")["own"].family == family
