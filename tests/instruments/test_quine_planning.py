"""Where the quote opens, and that a settled ending is told from one that is decided where it is written."""

import json
from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.instruments.quine import begun_anew as planning
from mesolens.instruments.quine.concluding import read
from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.ladder import items
from mesolens.instruments.quine.quoted import LEAST, quoted
from mesolens.instruments.quine.spec import QuineSpec
from mesolens.instruments.quine.table import PLANNING, PLANNING_SCHEMA
from tests.instruments.quines import solved
from tests.instruments.tiny import build
from tests.runs.card import card

ENDINGS = (";print(s%s)", ";import sys;sys.stdout.write(s%s+chr(10))")


@given(st.text(min_size=LEAST), st.text("abc=+\n ", max_size=20), st.text("xyz()+;# ", min_size=1, max_size=20))
def test_the_quote_is_the_first_long_string(inside: str, before: str, after: str) -> None:
    spelled, short = repr(inside), "t='short'\n"
    program = f"{short}{before.replace('#', '')}\ns={spelled}\n{after}"
    found = quoted(program, "python")
    if found is not None:
        assert program[: found.opens] == program[: program.index(f"s={spelled}") + 3]
        assert found.ending == program[program.index(f"s={spelled}") + 2 + len(spelled) :].strip()
    assert quoted(f"s={spelled}\n;x", "python") is not None
    script = f'var t="short";/*{"c" * 30}*/s={json.dumps(inside)};f(s)'
    assert quoted(script, "javascript") == (script.index("s={"[:2]) + 3, ";f(s)")


def test_nothing_is_found_where_no_string_is_long_or_nothing_can_be_cut() -> None:
    assert quoted("print('short')", "python") is None
    assert quoted("print('never closed and rather long", "python") is None
    assert quoted("'never closed and rather long", "javascript") is None
    assert quoted('s = """\nof several lines and rather long\n"""\nprint(s)', "python") == (7, "print(s)")


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_every_way_to_solve_an_item_by_a_quote_is_cut(language: str) -> None:
    for item in items(1, 0, rungs=["identifier", "comment", "payload"], languages=[cast(Any, language)]):
        assert quoted(solved(item)[0], item.language) is not None


def letters(model: object, ids: Sequence[int]) -> str:
    """One token a letter."""
    del model
    return "".join(map(chr, ids))


def no_ending(model: object) -> frozenset[int]:
    del model
    return frozenset()


def anew(monkeypatch: pytest.MonkeyPatch, jail: Bench, settled: bool) -> list[dict[str, object]]:
    """What comes of beginning replies anew, of a writer that has settled its ending at the quote or of another.

    The settled one is planted: its ending follows from how many letters stand before the quote.
    """
    rng = Random(0)

    def generate(model: object, prompts: Sequence[tuple[int, ...]], **_: object) -> list[SimpleNamespace]:
        starts = ["".join(map(chr, prompt[1:])) for prompt in prompts]
        return [SimpleNamespace(said=tuple(map(ord, reply(start)))) for start in starts]

    def reply(start: str) -> str:
        begun = start or f"```python\n{'#' * rng.choice([1, 2])}x\ns='"
        end = ENDINGS[begun.count("#") % 2] if settled else rng.choice(ENDINGS)
        return f"{begun}s=%r and so much more than twenty'{end}\n```"[len(start) :]

    monkeypatch.setattr(planning, "generate", generate)
    monkeypatch.setattr(planning, "endings", no_ending)
    monkeypatch.setattr(planning, "spoken", letters)
    asked = items(12, 0, rungs=["identifier"], languages=["python"])
    model = build("llama")
    told = [planning.Replied(item, (0,), tuple(map(ord, reply("")))) for item in asked]
    return planning.begun_anew(model, QuineSpec(asked, again=8), jail, told)


@pytest.mark.parametrize("settled", [True, False])
def test_an_ending_that_is_settled_at_the_quote_is_told_from_one_that_is_not(
    monkeypatch: pytest.MonkeyPatch, jail: Bench, settled: bool
) -> None:
    rows = anew(monkeypatch, jail, settled)
    spec = QuineSpec(items(12, 0, rungs=["identifier"], languages=["python"]), again=8)
    reading = read({PLANNING: pa.Table.from_pylist(rows, schema=PLANNING_SCHEMA)}, spec, card())
    quote, prompt = (next(n for n in reading.numbers if n.name == f"same ending from the {p}") for p in planning.PLACES)
    assert prompt.low is not None
    assert quote.high is not None
    assert prompt.low < 0.5 < (prompt.high or 0)
    if settled:
        assert quote.value == 1.0
        assert (quote.low or 0) > (prompt.high or 1)
    else:
        assert (quote.low or 1) < 0.5 < quote.high
    told = reading.data["planning"]
    assert isinstance(told, list)
    assert len(told) == 12
    assert all(isinstance(row, dict) and 0 < cast(int, row["tokens"]) < cast(int, row["of"]) for row in told)


def test_without_a_long_quote_nothing_is_planned(monkeypatch: pytest.MonkeyPatch, jail: Bench) -> None:
    (item,) = items(1, 0, rungs=["identifier"], languages=["python"])
    monkeypatch.setattr(planning, "endings", no_ending)
    monkeypatch.setattr(planning, "spoken", letters)
    told = planning.Replied(item, (0,), tuple(map(ord, "```python\nprint(1)\n```")))
    assert planning.begun_anew(build("llama"), QuineSpec((item,), again=3), jail, [told]) == []
    reading = read({}, QuineSpec((item,)), card())
    assert reading.data["planning"] is None
