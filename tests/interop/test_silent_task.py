"""Puzzles through Inspect: scored while they run, and the same figures from their log as from a local run."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mesolens.errors import BadInput
from mesolens.instruments.depth.silent_read import Answers, nocot
from mesolens.interop.asked import pack_mark
from mesolens.interop.silent_task import after, called, read_silent, silent_pack, task
from mesolens.traits.conditions import Condition, Manner, conditions
from mesolens.traits.puzzles import draw_chains, draw_sums, said

INSTALLED = find_spec("inspect_ai") is not None
needs_inspect = pytest.mark.skipif(not INSTALLED, reason="needs inspect-ai: pip install mesolens[inspect]")
PUZZLES = [*draw_sums(4, (1, 3)), *draw_chains(3, (1, 2))]
BY_QUESTION = {puzzle.question: puzzle for puzzle in PUZZLES}
WAYS = conditions(2, 5)


@pytest.fixture(autouse=True)
def warnings_of_others() -> Iterator[None]:
    """Inspect and what it stands on may warn; that is theirs."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def reply_to(question: str) -> str:
    """Right where the question stands twice; else chains are right and sums one off."""
    first, *rest = question.split("\n\n")
    puzzle = BY_QUESTION[first]
    if puzzle.choices or first in rest:
        return f" {puzzle.answer}."
    return f"The answer is {int(puzzle.answer) + 1}."


def ran(folder: Path, fails: str = "") -> Any:
    from inspect_ai import eval as run
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    def reply(messages: list[Any], tools: object, choice: object, config: Any) -> Any:
        assert messages[-1].role == "assistant"
        assert messages[-1].text == "The answer is"
        if fails and fails in messages[-2].text:
            raise RuntimeError("no luck")
        output = ModelOutput.from_content("mockllm", reply_to(messages[-2].text))
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    settings: dict[str, Any] = {"log_dir": str(folder), "display": "none", "log_format": "json", "fail_on_error": False}
    (log,) = run(task(PUZZLES, WAYS), model=model, **settings)
    return log


def path_of(log: Any) -> Path:
    return Path(log.location.removeprefix("file://"))


@needs_inspect
def test_a_run_is_scored_by_condition_and_its_log_gives_the_figures_of_the_same_replies(tmp_path: Path) -> None:
    log = ran(tmp_path)
    scores = {name: metric.value for name, metric in log.results.scores[0].metrics.items()}
    assert scores["repeat 2"] == 1
    assert scores["plain"] == scores["framed as filler 5"] == pytest.approx(6 / 14)
    found: Any = read_silent(path_of(log), PUZZLES, WAYS)
    rows = tuple(
        tuple(said(p, after(reply_to(asked.messages[-2][1]), "The answer is")) for asked in silent_pack([p], WAYS))
        for p in PUZZLES
    )
    expected: Any = nocot(Answers(tuple(PUZZLES), WAYS, rows))
    assert {key: found[key] for key in expected} == expected
    assert found["whole"] is True


@needs_inspect
def test_a_reply_that_did_not_come_is_missing_in_the_figures(tmp_path: Path) -> None:
    found: Any = read_silent(path_of(ran(tmp_path, fails=PUZZLES[0].question)), PUZZLES, WAYS)
    assert [row["missing"] for row in found["conditions"]] == [1] * 5
    assert [row["n"] for row in found["conditions"]] == [7] * 5


@needs_inspect
def test_the_log_of_other_puzzles_is_refused(tmp_path: Path) -> None:
    path = path_of(ran(tmp_path))
    with pytest.raises(BadInput, match="answers the pack"):
        read_silent(path, PUZZLES[1:], WAYS)
    with pytest.raises(BadInput, match="answers the pack"):
        read_silent(path, PUZZLES, conditions(2, 6))
    document = json.loads(path.read_text("utf-8"))
    document["samples"][0]["input"][-2]["content"] = "What is 1 + 1?"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(BadInput, match="does not hold what its row asked"):
        read_silent(path, PUZZLES, WAYS)


def test_rows_are_every_puzzle_in_every_condition_and_begin_the_reply() -> None:
    rows = silent_pack(PUZZLES, WAYS, Manner((PUZZLES[0],)))
    assert [(row.item, row.angle) for row in rows] == [(called(p), way.name) for p in PUZZLES for way in WAYS]
    assert all(row.messages[-1] == ("assistant", "The answer is") for row in rows)
    assert all(
        [role for role, _ in row.messages] == ["system", "user", "assistant", "user", "assistant"] for row in rows
    )
    assert len({row.name for row in rows}) == len(rows)
    assert pack_mark(rows) != pack_mark(silent_pack(PUZZLES, (*WAYS[:-1], Condition("counting", 5))))
    with pytest.raises(BadInput, match="by chat"):
        silent_pack(PUZZLES, WAYS, Manner(form="raw"))


def test_without_inspect_it_says_what_to_install() -> None:
    if INSTALLED:
        pytest.skip("Inspect is installed here")
    with pytest.raises(BadInput, match=r"mesolens\[inspect\]"):
        task(PUZZLES)
