"""Puzzles put to local models: prompts end where the answer begins, and what is taken for an answer is the model's."""

from functools import cache
from typing import cast

import pytest
import torch

import mesolens as ml
from mesolens.api.stages import joined
from mesolens.evidence.shards import Tables
from mesolens.instruments.depth.silent import TABLE, SilentWork, answer_silently, answers_of, nocot_of, silent_shards
from mesolens.instruments.depth.silent_setting import SilentSpec, default_puzzles, own_manner, silent_spec
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.traits.conditions import PLAIN, Condition, conditions
from mesolens.traits.puzzles import CHAINS, SUMS, Puzzle, draw_chains, draw_sums, said
from mesolens.traits.tasks import Item
from tests.model.tiny import CHATML, neox, tokenizer

SHORT = (PLAIN, Condition("filler", 2))
NAMED = Puzzle(CHAINS, "a", "Is it Ann or Ben?", "Ben", 1.0, ("Ann", "Ben", "Clara"))


@cache
def model(template: str | None = CHATML, window: int = 4096) -> LoadedModel:
    module = neox()
    module.config.max_position_embeddings = window
    return adopt(module, tokenizer(template), name="tiny")


def measured(subject: LoadedModel, spec: SilentSpec) -> Tables:
    return joined([answer_silently(subject, shard) for shard in silent_shards(subject.card, spec)])


@pytest.mark.parametrize("template", [CHATML, None])
def test_every_row_ends_with_the_beginning_of_the_answer(template: str | None) -> None:
    subject = model(template)
    assert subject.tokenizer is not None
    puzzles = [*draw_sums(1, (1, 4)), *draw_chains(1, (1, 3))]
    spec = silent_spec(subject, puzzles)
    assert spec.refused == ()
    assert [(row.puzzle, row.condition) for row in spec.rows] == [(p, c) for p in range(4) for c in range(5)]
    shots = own_manner(subject.tokenizer, puzzles).shots
    assert [shot.family for shot in shots] == ([] if template else [SUMS, SUMS, CHAINS, CHAINS])
    for row in spec.rows:
        text = str(subject.tokenizer.decode(list(row.prompt)))
        assert text.endswith("The answer is")
        assert puzzles[row.puzzle].question in text
        assert all(f"The answer is {shot.answer}." in text for shot in shots)
    assert spec.off <= 1


def test_a_free_reply_is_what_the_model_says_greedily_and_no_longer() -> None:
    subject = model()
    assert subject.tokenizer is not None
    spec = silent_spec(subject, draw_sums(2, (1, 2)), SHORT)
    rows = {(row["puzzle"], row["condition"]): row for row in measured(subject, spec)[TABLE].to_pylist()}
    for row in spec.rows:
        ids = list(row.prompt)
        while len(ids) < len(row.prompt) + spec.most:
            with torch.no_grad():
                ids.append(int(subject.module(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] in spec.stop:
                break
        ended = ids[-1] in spec.stop
        reply = subject.tokenizer.decode(ids[len(row.prompt) : len(ids) - ended], skip_special_tokens=True)
        found = rows[row.puzzle, row.condition]
        assert (found["reply"], found["cut"], found["choice"]) == (reply, not ended, -1)


def test_of_choices_the_one_is_taken_whose_tokens_are_likeliest_together() -> None:
    subject = model()
    spec = silent_spec(subject, [NAMED], SHORT)
    rows = measured(subject, spec)[TABLE].to_pylist()
    for row in spec.rows:
        totals: list[float] = []
        for choice in row.choices:
            with torch.no_grad():
                logits = subject.module(torch.tensor([[*row.prompt, *choice]])).logits[0].double().log_softmax(-1)
            start = len(row.prompt) - 1
            totals.append(sum(float(logits[start + k, token]) for k, token in enumerate(choice)))
        assert rows[row.condition]["choice"] == max(range(3), key=totals.__getitem__)


def test_shards_hold_all_that_they_depend_on_and_how_they_are_cut_changes_nothing() -> None:
    subject = model()
    spec = silent_spec(subject, [*draw_sums(2, (1,)), NAMED], SHORT)
    few = SilentSpec(spec.puzzles, spec.conditions, spec.rows, spec.most, spec.stop, spec.form, shard_rows=2)
    shards = silent_shards(subject.card, few)
    assert len(shards) == 3
    assert tuple(row for shard in shards for row in SilentWork.of(shard).rows) == spec.rows
    assert len({shard.key for shard in shards}) == 3
    assert answers_of(spec, measured(subject, spec)) == answers_of(few, measured(subject, few))


def test_replies_are_judged_again_from_the_table() -> None:
    subject = model()
    spec = silent_spec(subject, draw_sums(3, (1, 2)), conditions(2, 3))
    tables = measured(subject, spec)
    for row in tables[TABLE].to_pylist():
        puzzle = spec.puzzles[row["puzzle"]]
        found = answers_of(spec, tables).said[row["puzzle"]][row["condition"]]
        assert found == said(puzzle, row["reply"], cut=row["cut"])
    read = nocot_of(spec, tables)
    assert read is not None
    assert read["counts"] is False
    assert "it cannot do these" in str(read["says"])


def test_what_cannot_be_asked_is_refused_by_family_with_its_figure() -> None:
    spec = silent_spec(
        model(CHATML, 150), [Puzzle(SUMS, "a", "What is 1 + 1?", "2", 1.0), *draw_chains(1, (2,))], SHORT
    )
    assert {puzzle.family for puzzle in spec.puzzles} == {SUMS}
    assert spec.refused[0].startswith("multi-hop: a question with its answer has ")
    assert "window 150" in spec.refused[0]
    bare = adopt(neox(), None, name="tiny")
    none = silent_spec(bare, default_puzzles(1))
    assert silent_shards(bare.card, none) == []
    read = nocot_of(none, {})
    assert read is not None
    assert str(read["says"]).startswith("cannot: the model has no tokenizer")
    assert nocot_of(None, {}) is None


def test_depth_asks_puzzles_and_stories_beside_its_task_and_tells_of_both() -> None:
    found = ml.depth(model(), [Item("Ann or Ben?", "x", choices=("x", "y"))], sums=draw_sums(2, (1, 2)))
    silent, planning = (found.reading.data[name] for name in ("nocot", "planning"))
    assert isinstance(silent, dict)
    assert isinstance(planning, dict)
    assert [row["n"] for row in cast("list[dict[str, int]]", silent["conditions"])] == [4] * 5
    assert set(found.tables) >= {TABLE, "depth-plan", "depth-announce"}
    assert planning["says"]
    again = ml.depth(model(), [Item("Ann or Ben?", "x", choices=("x", "y"))], sums=draw_sums(2, (1, 2)))
    assert again.reading.to_json() == found.reading.to_json()
