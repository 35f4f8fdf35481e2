"""Sums: their value is Python's, by Python's own syntax tree and operators."""

import ast
import operator
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.traits.integers import integer
from mesolens.traits.readers.no_cot_arithmetic import puzzles_from, read_arithmetic
from mesolens.traits.sums import Operation, Sum, draw_sum, operations_in, sum_from, value_of, written

PYTHON: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
SUMS = st.recursive(
    st.integers(-200, 200),
    lambda part: st.builds(Operation, st.sampled_from(["+", "-", "*", "//", "%"]), part, part),
    max_leaves=9,
)


def pythons(text: str) -> int:
    """What Python's own parser and operators make of a text."""
    return reckoned(ast.parse(text, mode="eval").body)


def reckoned(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp):
        return PYTHON[type(node.op)](reckoned(node.left), reckoned(node.right))
    if isinstance(node, ast.UnaryOp):
        return -reckoned(node.operand) if isinstance(node.op, ast.USub) else reckoned(node.operand)
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int)
    return node.value


@given(SUMS)
def test_a_sum_is_written_and_read_back_and_comes_to_what_python_says(drawn: Sum) -> None:
    text = written(drawn)
    assert sum_from(text) == drawn
    try:
        value = pythons(text)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            value_of(drawn)
    else:
        assert value_of(drawn) == value


@given(st.lists(st.tuples(st.sampled_from(["+", "-", "*", "//", "%"]), st.integers(-99, 99)), max_size=6))
def test_precedence_is_pythons(parts: list[tuple[str, int]]) -> None:
    text = "7" + "".join(f" {sign} {number or 1}" for sign, number in parts)
    assert value_of(sum_from(text)) == pythons(text)
    assert operations_in(sum_from(text)) == len(parts)


@given(st.integers(0, 12), st.integers(1, 4), st.integers(0, 2**31))
def test_a_drawn_sum_has_the_difficulty_that_was_asked_for(operations: int, digits: int, seed: int) -> None:
    drawn = draw_sum(np.random.default_rng(seed), operations, digits, ("+", "-", "*", "//", "%"))
    text = written(drawn)
    assert operations_in(drawn) == operations
    assert value_of(drawn) == pythons(text)
    numbers = "".join(character if character.isdigit() else " " for character in text).split()
    assert all(len(number) <= digits for number in numbers)


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "(1", "1)", "2 ** 9", "1 / 2", "a", "1 2", "__import__('os')", "1.5", "(" * 99, "9" * 3000, "-(1 + 2)"],
)
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        sum_from(text)


def test_our_value_and_our_parser_agree_with_python_on_all_shared_sums(shared: Path) -> None:
    found = read_arithmetic(shared / "data/no-cot-arithmetic/arithmetic_problems.jsonl")
    assert len(found) == 3000
    for puzzle in found:
        value = pythons(puzzle.question.rpartition(". ")[2])
        assert int(puzzle.answer) == value
        for reply in (f" {value}", f" {value:,}.", f"**{value}**", f" {value}\n"):
            assert integer(reply) == value
        for reply in (f" {value}.5", f" {value} + 1", f" {value}e2", f" {value}/2"):
            assert integer(reply) is None
        assert integer(f" {value + 1}") != value
    assert {puzzle.difficulty for puzzle in found} == {5.0, 6.0, 7.0}


@pytest.mark.parametrize(
    "line",
    [
        {"problem": "Evaluate. 1 + 1", "answer": 3},
        {"problem": "Evaluate. 1 + 1", "answer": "2"},
        {"problem": "Evaluate. 1 // 0", "answer": 0},
        {"problem": "Evaluate. one", "answer": 1},
        {"answer": 1},
    ],
)
def test_a_line_that_is_no_sum_or_has_a_wrong_key_is_refused_by_its_place(line: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=r"^here:4: "):
        puzzles_from([("here:4", line)])
