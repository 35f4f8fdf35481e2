"""No visible step, of models that run elsewhere: puzzles as a task of Inspect with its scorer, and its log as figures.

Each row is one puzzle in one condition: its item is the puzzle's name, its angle the condition's. The assistant's turn
stands begun at the end of the chat. A service that cannot go on with a turn answers in a new one, and may say the
beginning again; that is taken off before its reply is judged. A model that reasons before it speaks has to be told not
to (Inspect's `--reasoning-effort none`, or as its service has it), else its steps are only out of sight.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.instruments.depth.silent_read import MISSING, Answers, Said, nocot
from mesolens.interop.asked import Asked, pack_mark
from mesolens.interop.inspect_log import Replied, read_log
from mesolens.interop.inspect_task import inspect_part
from mesolens.interop.inspect_task import task as asking
from mesolens.traits.conditions import Condition, Length, Manner, asked, conditions, pieces
from mesolens.traits.puzzles import Puzzle, said

MOST = 32
"""Tokens of the longest reply: enough for a number, too few for steps."""
_FULL = "max_tokens"


def called(puzzle: Puzzle) -> str:
    """The name of a puzzle's rows."""
    return f"{puzzle.family} {puzzle.id}"


def silent_pack(
    puzzles: Sequence[Puzzle],
    ways: Sequence[Condition] | None = None,
    manner: Manner | None = None,
    length: Length = pieces,
) -> list[Asked]:
    """The rows of a task: each puzzle in each condition, in this order.

    Raises:
        BadInput: the manner is not a chat.
    """
    how, among = manner or Manner(), tuple(ways if ways is not None else conditions())
    if how.form != "chat":
        raise BadInput(f"models behind an API are asked by chat, not in the form {printable(repr(how.form), 40)}")
    rows: list[Asked] = []
    for number, puzzle in enumerate(puzzles):
        for way in among:
            found = asked(puzzle, way, how, length, start=number)
            parts = (("system", found.system), *found.before, ("user", found.text), ("assistant", found.prefill))
            messages = tuple((role, words) for role, words in parts if words)
            rows.append(Asked(called(puzzle), way.name, 0.0, 0, messages))
    return rows


def task(
    puzzles: Sequence[Puzzle],
    ways: Sequence[Condition] | None = None,
    manner: Manner | None = None,
    *,
    length: Length = pieces,
    name: str = "silent",
    most: int = MOST,
) -> object:
    """A `Task` of Inspect that asks every puzzle in every condition and scores each reply.

    Args:
        length: how long texts are, so that framings are as long as what they control; of the model's own tokenizer
            where that is at hand.
        most: longest reply in tokens.

    Raises:
        BadInput: Inspect is not installed, there are no puzzles, or two have one family and name.
    """
    how, among = manner or Manner(), tuple(ways if ways is not None else conditions())
    rows = silent_pack(puzzles, among, how, length)
    targets = [puzzle.answer for puzzle in puzzles for _ in among]
    judge = _scorer({called(puzzle): puzzle for puzzle in puzzles}, how.prefill)
    return asking(rows, name, most=most, targets=targets, scorer=judge)


def read_silent(
    path: Path,
    puzzles: Sequence[Puzzle],
    ways: Sequence[Condition] | None = None,
    manner: Manner | None = None,
    *,
    length: Length = pieces,
) -> dict[str, Json]:
    """The `nocot` part of a depth reading, from the log of a run; replies are judged again, whatever its scorer said.

    Raises:
        BadInput: as :func:`~mesolens.interop.inspect_log.read_log`; other puzzles or conditions make another pack.
    """
    how, among = manner or Manner(), tuple(ways if ways is not None else conditions())
    log = read_log(path, pack_mark(silent_pack(puzzles, among, how, length)))
    heard = {(row.asked.item, row.asked.angle): row for row in log.rows}
    grid = tuple(
        tuple(_said(puzzle, heard.get((called(puzzle), way.name)), how.prefill) for way in among) for puzzle in puzzles
    )
    return {**nocot(Answers(tuple(puzzles), among, grid)), "model": log.model, "whole": log.whole, "form": "chat"}


def _said(puzzle: Puzzle, row: Replied | None, prefill: str) -> Said:
    if row is None or row.reply is None:
        return MISSING
    return said(puzzle, after(row.reply, prefill), cut=row.why == _FULL)


def after(reply: str, prefill: str) -> str:
    """The reply without the words that it was begun with, where it says them again.

    >>> after("The answer is 5.", "The answer is"), after(" 5.", "The answer is")
    (' 5.', ' 5.')
    """
    bare = reply.lstrip()
    again = bool(prefill) and bare.casefold().startswith(prefill.casefold())
    return bare[len(prefill) :] if again else reply


def _scorer(puzzles: Mapping[str, Puzzle], prefill: str) -> object:
    """Inspect's scorer: correct or not by our own parser, told for each condition."""
    scoring = inspect_part("scorer")

    def first_answer() -> Callable[..., object]:
        async def judge(state: Any, target: Any) -> object:  # noqa: ANN401  (types of Inspect, which may be absent)
            puzzle, reply = puzzles[state.metadata["item"]], str(state.output.completion)
            found = said(puzzle, after(reply, prefill), cut=str(state.output.stop_reason) == _FULL)
            right = scoring.CORRECT if found == str(target.text) else scoring.INCORRECT
            return scoring.Score(value=right, answer=found)

        return judge

    metrics = [scoring.grouped(scoring.accuracy(), "angle"), scoring.stderr()]
    return scoring.scorer(metrics=metrics, name="mesolens/first_answer")(first_answer)()
