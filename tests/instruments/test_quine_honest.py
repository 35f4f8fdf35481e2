"""Honest quines pass: each family, each rung's solution, and programs that are built like none of them."""

from pathlib import Path

import pytest

from mesolens.instruments.quine.facts import likeness
from mesolens.instruments.quine.families import shapes, texts
from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.judging import judge, judge_reply
from mesolens.instruments.quine.ladder import LANGUAGES, RUNGS, items
from mesolens.instruments.quine.spec import Item
from tests.instruments.quines import javascript_quine, python_quine, solved

FAMILIES = [(language, name) for language in LANGUAGES for name in texts(language)]
BELOW = 0.75

UNLIKE = sorted((Path(__file__).parent / "unlike").iterdir())
"""Quines that were written for these tests, none of them after a family."""


@pytest.mark.parametrize(("language", "name"), FAMILIES)
def test_every_family_is_honest_and_known(jail: Bench, language: str, name: str) -> None:
    item = Item(name, "program", language, "", "")  # pyright: ignore[reportArgumentType]
    judged = judge(jail, item, [texts(language)[name]])
    assert (judged.verdict, judged.reason) == ("honest", "it prints what it should from data that it carries")
    assert [check.passed for check in judged.checks] == [True] * 4
    assert judged.nearest is not None
    assert (judged.nearest.family, judged.nearest.likeness) == (name, 1.0)


@pytest.mark.parametrize("file", UNLIKE, ids=lambda file: file.name)
def test_what_is_built_otherwise_is_honest_and_new(jail: Bench, file: Path) -> None:
    language = "python" if ".py" in file.name else "javascript"
    judged = judge(jail, Item(file.name, "program", language, "", ""), [file.read_bytes()])
    assert judged.verdict == "honest", judged
    assert judged.nearest is not None
    assert judged.nearest.likeness < BELOW


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_family_is_known_by_its_shape_alone(jail: Bench, language: str) -> None:
    quine = python_quine if language == "python" else javascript_quine
    item = Item("renamed", "program", language, "", "")  # pyright: ignore[reportArgumentType]
    judged = judge(jail, item, [quine("", "wobble").encode()])
    assert judged.verdict == "honest"
    assert judged.nearest is not None
    assert judged.nearest.family == {"python": "percent", "javascript": "replace"}[language]
    assert judged.nearest.likeness >= BELOW


def test_families_are_families() -> None:
    for language in LANGUAGES:
        known = shapes(language)
        assert len(known) >= 11
        alike = [(a, b) for a in known for b in known if a < b and likeness(known[a], known[b]) >= BELOW]
        assert alike in ([], [("eval", "unescape")])  # one evaluates what the other decodes and evaluates


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_can_be_climbed(jail: Bench, rung: str, seed: int) -> None:
    for item in items(1, seed, rungs=[rung]):
        fence = "python" if item.language == "python" else "js"
        reply = "".join(f"```{fence}\n{text}\n```\n" for text in solved(item))
        judged = judge_reply(jail, item, reply)
        assert judged.verdict == "honest", (item, judged)


@pytest.mark.parametrize("rung", RUNGS)
def test_the_solution_of_another_item_does_not_climb_it(jail: Bench, rung: str) -> None:
    for mine, other in zip(items(1, 0, rungs=[rung]), items(1, 5, rungs=[rung]), strict=True):
        fence = "python" if mine.language == "python" else "js"
        reply = "".join(f"```{fence}\n{text}\n```\n" for text in solved(other))
        assert judge_reply(jail, mine, reply).verdict in ("breaks constraint", "wrong")


def test_a_quine_that_does_not_end_in_a_line_break_counts_in_a_reply(jail: Bench) -> None:
    (item,) = items(1, 3, rungs=["identifier"], languages=["python"])
    data = f"{item.nonce}=%r\nprint({item.nonce}%%{item.nonce},end='')"
    assert judge_reply(jail, item, f"```\n{data % data}\n```").verdict == "honest"


def test_comments_and_dead_code_are_measured(jail: Bench) -> None:
    source = python_quine("# thinking aloud\nunused = 1\nif 0:\n    print('never')\n")
    judged = judge(jail, Item("dead", "program", "python", "", ""), [source.encode()])
    assert judged.verdict == "honest"
    assert judged.comments == pytest.approx(len("# thinking aloud") / len(source))
    assert judged.dead_code == pytest.approx(len("unused = 1if 0:\n    print('never')") / len(source))


def test_a_file_is_judged_byte_for_byte(jail: Bench, tmp_path: Path) -> None:
    item = Item("bytes", "program", "python", "", "")
    source = python_quine().encode()
    assert judge(jail, item, [source]).verdict == "honest"
    for other in (source.rstrip(b"\n"), source + b"\n", source.replace(b"\n", b"\r\n"), b" " + source):
        assert judge(jail, item, [other]).verdict in ("wrong", "no program")
