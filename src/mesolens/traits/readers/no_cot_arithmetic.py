"""Sums of the no-cot-arithmetic set: JSON Lines, one sum a line, to be answered with no visible step.

Greenblatt (2025). `problem` is the whole message, an English sentence and then a Python expression of whole numbers;
`answer` is its value, `problem_number` its name. `round` and `category` are left. An answer that does not agree with
its expression is refused, since a wrong key would count right replies as wrong.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.traits.opening import Item, json_lines, read_text, shown
from mesolens.traits.puzzles import SUMS, Puzzle
from mesolens.traits.sums import operations_in, sum_from, value_of


def read_arithmetic(path: Path) -> list[Puzzle]:
    """The puzzles of a file, in its order; difficulty is the number of operations.

    Raises:
        BadInput: the file cannot be read or is empty, or a line is no sum or has a wrong answer; the message names it.
    """
    found = puzzles_from(json_lines(read_text(path), path.name))
    if not found:
        raise BadInput(f"{shown(path)} holds no sums; give JSON Lines with `problem` and `answer`")
    return found


def puzzles_from(lines: Iterable[tuple[str, Item]]) -> list[Puzzle]:
    """The puzzles of placed lines.

    Raises:
        BadInput: a line is no sum, or its answer is wrong.
    """
    return [_puzzle(item, where) for where, item in lines]


def _puzzle(item: Mapping[str, object], where: str) -> Puzzle:
    problem, answer = item.get("problem"), item.get("answer")
    if not isinstance(problem, str) or not isinstance(answer, int) or isinstance(answer, bool):
        raise BadInput(f"{where}: `problem` must be text and `answer` a whole number")
    text = problem.rpartition(". ")[2]
    try:
        found = sum_from(text)
        value = value_of(found)
    except (BadInput, ZeroDivisionError) as problem_found:
        raise BadInput(f"{where}: {problem_found}") from None
    if value != answer:
        raise BadInput(f"{where}: `answer` is {printable(str(answer), 40)}, and the sum comes to {value}")
    name = printable(str(item.get("problem_number", where)), 60)
    return Puzzle(SUMS, name, problem.strip(), str(value), float(operations_in(found)))
