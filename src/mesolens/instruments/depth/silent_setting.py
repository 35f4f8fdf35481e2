"""From puzzles to rows for one model: every puzzle in every condition, as token ids, up to where the answer begins.

A model with a chat template is asked as its user would ask, and its turn is begun for it. A model without one gets
lines of plain text and two solved examples of each family first, since nothing else tells it what is wanted. Where a
row cannot be written for the tokenizer or is longer than the window, its family is not asked, and the reason is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.chat import encode_continuation
from mesolens.model.generating import endings
from mesolens.model.loaded import LoadedModel
from mesolens.model.writing import written
from mesolens.traits.conditions import Condition, Length, Manner, asked, conditions
from mesolens.traits.puzzles import CHAINS, SUMS, Puzzle, draw_chains, draw_sums
from mesolens.traits.task_ids import Ids

AFTER = 4
"""Tokens that a reply may have beyond the longest answer, so that it can be seen to have ended."""
_SHOT_SEED = 20_260_101
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One puzzle in one condition.

    Attributes:
        puzzle, condition: their numbers.
        choices: the tokens of each choice as it follows the prompt; empty where the reply is free.
    """

    puzzle: int
    condition: int
    prompt: Ids
    choices: tuple[Ids, ...] = ()


@dataclass(frozen=True, slots=True)
class SilentSpec:
    """What is asked with no visible step.

    Attributes:
        puzzles: of the families that the model can be asked.
        rows: each puzzle in each condition.
        most: tokens of a free reply.
        stop: tokens that end one.
        form: how the questions are written down.
        off: the most tokens by which a framing is shorter than what it controls.
        notes: what could not be written as asked.
        refused: for each family that the model cannot be asked, why.
        shard_rows: rows in a shard, the unit that a kill can lose.
    """

    puzzles: tuple[Puzzle, ...]
    conditions: tuple[Condition, ...]
    rows: tuple[Row, ...] = ()
    most: int = 0
    stop: tuple[int, ...] = ()
    form: str = ""
    off: int = 0
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    shard_rows: int = 256
    batch_tokens: int = 4096


def default_puzzles(each: int, seed: int = 0) -> list[Puzzle]:
    """Sums and chains of facts, so many of each difficulty."""
    return [*draw_sums(each, seed=seed), *draw_chains(each, seed=seed)]


def silent_spec(
    model: LoadedModel,
    puzzles: Sequence[Puzzle],
    ways: Sequence[Condition] | None = None,
    manner: Manner | None = None,
) -> SilentSpec:
    """The rows by which puzzles are put to a model, or why none can be.

    Args:
        ways: conditions; None is :func:`~mesolens.traits.conditions.conditions`.
        manner: what is the same in all of them; None is the model's chat, or plain text after solved examples.
    """
    among = tuple(ways if ways is not None else conditions())
    if model.tokenizer is None:
        why = "the model has no tokenizer, so questions in words cannot be put to it"
        return SilentSpec((), among, refused=(why,))
    common = manner or own_manner(model.tokenizer, puzzles)
    kept, rows, notes, refused = list[Puzzle](), list[Row](), dict[str, None](), list[str]()
    for family in dict.fromkeys(puzzle.family for puzzle in puzzles):
        mine = [puzzle for puzzle in puzzles if puzzle.family == family]
        try:
            asked_for, told = _family(model, model.tokenizer, mine, among, common)
        except BadInput as problem:
            refused.append(f"{family}: {problem}")
            continue
        rows += [replace(row, puzzle=row.puzzle + len(kept)) for row in asked_for]
        kept += mine
        notes |= dict.fromkeys(told)
    longest = max((len(_answer(model.tokenizer, puzzle.answer)) for puzzle in kept), default=0)
    return SilentSpec(
        tuple(kept),
        among,
        tuple(rows),
        most=AFTER + longest,
        stop=tuple(sorted(endings(model))),
        form=common.form,
        off=_off(kept, among, length_of(model.tokenizer)),
        notes=tuple(notes),
        refused=tuple(refused),
    )


def own_manner(tokenizer: PreTrainedTokenizerBase, puzzles: Sequence[Puzzle]) -> Manner:
    """How a model with this tokenizer is asked: by its own template, or by lines after solved examples."""
    if tokenizer.chat_template:
        return Manner()
    asked_for = {puzzle.question for puzzle in puzzles}
    families = {puzzle.family for puzzle in puzzles}
    drawn = (*draw_sums(_FEWEST, (1, 3), seed=_SHOT_SEED), *draw_chains(_FEWEST, (1, 2), seed=_SHOT_SEED))
    fresh = [shot for shot in drawn if shot.family in families and shot.question not in asked_for]
    shots = [shot for family in (SUMS, CHAINS) for shot in [s for s in fresh if s.family == family][::_FEWEST]]
    return Manner(tuple(shots), system="", form="raw")


def length_of(tokenizer: PreTrainedTokenizerBase) -> Length:
    """How many tokens a text has."""
    return lambda text: len(cast(list[int], tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]))


def _family(
    model: LoadedModel,
    tokenizer: PreTrainedTokenizerBase,
    puzzles: Sequence[Puzzle],
    ways: Sequence[Condition],
    manner: Manner,
) -> tuple[list[Row], list[str]]:
    """The rows of one family and what could not be written as asked."""
    length, rows, notes = length_of(tokenizer), list[Row](), list[str]()
    answers = {each: _answer(tokenizer, each) for puzzle in puzzles for each in (puzzle.answer, *puzzle.choices)}
    for number, puzzle in enumerate(puzzles):
        choices = tuple(answers[each] for each in puzzle.choices)
        for place, way in enumerate(ways):
            question = asked(puzzle, way, manner, length, start=number)
            found = written(tokenizer, question)
            notes += [found.note] if found.note else []
            _check_words(tokenizer, question.text, found.ids)
            rows.append(Row(number, place, found.ids, choices))
    _check_window(model, rows, AFTER + max(len(ids) for ids in answers.values()))
    return rows, notes


def _answer(tokenizer: PreTrainedTokenizerBase, answer: str) -> Ids:
    """An answer's tokens as they follow a prompt."""
    ids = encode_continuation(tokenizer, (), f" {answer}")
    if _bare(tokenizer.decode(list(ids))) != _bare(answer):
        raise BadInput(f"the tokenizer cannot write the answer {printable(repr(answer), 40)}")
    return ids


def _check_words(tokenizer: PreTrainedTokenizerBase, text: str, ids: Ids) -> None:
    if _bare(text) in _bare(tokenizer.decode(list(ids))):
        return
    alone = {each: encode_continuation(tokenizer, (), each) for each in dict.fromkeys(text)}
    lost = [each for each, its in alone.items() if _bare(tokenizer.decode(list(its))) != _bare(each)]
    shown = printable("".join(lost), 40) or "some of their characters where they stand"
    raise BadInput(f"the tokenizer cannot write the questions: it has nothing for {shown}")


def _bare(text: object) -> str:
    return "".join(str(text).split()).casefold()


def _check_window(model: LoadedModel, rows: Sequence[Row], most: int) -> None:
    longest = max((len(row.prompt) for row in rows), default=0) + most
    if model.card.window is not None and longest > model.card.window:
        raise BadInput(f"a question with its answer has {longest} tokens, and the model's window {model.card.window}")


def _off(puzzles: Sequence[Puzzle], ways: Sequence[Condition], length: Length) -> int:
    """By how many tokens at most a framing misses the length that it is to have."""
    manner, worst = Manner(), 0
    for number, puzzle in enumerate(puzzles):
        for way in ways:
            if way.like is not None:
                long, framed = (asked(puzzle, each, manner, length, start=number).text for each in (way.like, way))
                worst = max(worst, abs(length(long) - length(framed)))
    return worst
