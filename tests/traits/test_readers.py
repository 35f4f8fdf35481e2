"""Readers of public formats: what each takes, what it leaves, and what it refuses.

The files here have the forms of the public ones and words of our own.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.traits.opening import json_object
from mesolens.traits.readers.assistant_axis import read_questions, read_role, voice_of
from mesolens.traits.readers.instructions import asked
from mesolens.traits.readers.persona_vectors import read_persona_vectors, trait_of
from mesolens.traits.readers.written_evals import read_written_evals, statement_from
from tests.traits.drawn import distinct, texts

PAIRS = [{"pos": "Grumble.", "neg": "Be merry."}, {"pos": "Complain.", "neg": "Praise."}]
ROLE = [{"pos": "You are a baker."}, {"pos": "You bake for {model_name}."}]


def written(folder: Path, name: str, item: dict[str, Any]) -> Path:
    (folder / name).write_text(json.dumps(item), "utf-8")
    return folder / name


@given(distinct(texts, 2, 10).filter(lambda found: len(found) % 2 == 0), st.lists(texts, max_size=6))
def test_a_trait_has_the_orders_of_its_file_and_asks_each_question_once(
    orders: list[str], questions: list[str]
) -> None:
    pairs = [{"pos": high, "neg": low} for high, low in zip(orders[::2], orders[1::2], strict=True)]
    item = {"instruction": pairs, "questions": questions, "eval_prompt": "{question}", "few_shot_examples": [7]}
    trait, prompts = trait_of(json_object(json.dumps(item), "here"), "grumpy", "here")
    assert trait.orders == (tuple(orders[1::2]), tuple(orders[::2]))
    assert (trait.poles, trait.can_report) == (("not grumpy", "grumpy"), False)
    assert [prompt.question.text for prompt in prompts] == list(dict.fromkeys(questions))
    assert all(questions[int(prompt.id.removeprefix("grumpy/"))] == prompt.question.text for prompt in prompts)


def test_a_file_names_what_it_describes(tmp_path: Path) -> None:
    item = {"description": "bakes", "instruction": PAIRS, "questions": ["How are you?"], "eval_prompt": "x"}
    trait, prompts = read_persona_vectors(written(tmp_path, "grumpy.json", item))
    assert (trait.name, [prompt.id for prompt in prompts]) == ("grumpy", ["grumpy/000"])
    voice, none = read_role(written(tmp_path, "baker.json", {"instruction": ROLE, "arrangement": {"kind": "x"}}))
    assert (voice.name, voice.role, none) == ("baker", "You are a baker.", ())


def test_a_role_is_its_first_instruction_unless_another_is_asked_for() -> None:
    entries = [{"pos": ""}, {"pos": "You are a baker."}, {"pos": "You are {model_name}."}]
    item = json_object(json.dumps({"instruction": entries}), "here")
    assert [voice_of(item, "default", "here", which)[0].role for which in (0, 1)] == ["", "You are a baker."]
    with pytest.raises(BadInput, match=r"instruction 2 waits for \{model_name\}"):
        voice_of(item, "default", "here", 2)
    for which in (-1, 3):
        with pytest.raises(BadInput, match=f"no instruction {which}; there are 3"):
            voice_of(item, "default", "here", which)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({}, "`instruction` must be a list"),
        ({"instruction": []}, "`instruction` must be a list"),
        ({"instruction": {"pos": "x"}}, "`instruction` must be a list"),
        ({"instruction": ["x"]}, "instruction[0] must hold a text `pos`"),
        ({"instruction": [{"pos": "x", "neg": 7}]}, "instruction[0] must hold a text `pos`"),
        ({"instruction": [{"neg": "x"}]}, "instruction[0] must hold a text `pos`"),
        ({"instruction": [*PAIRS, {"pos": "x"}]}, "2 of 3 instructions have `neg`"),
        ({"instruction": PAIRS, "questions": "x"}, "`questions` must be a list of texts"),
        ({"instruction": PAIRS, "questions": ["x", 7]}, "`questions` must be a list of texts"),
        ({"instruction": PAIRS, "questions": [" "]}, "the text of prompt grumpy/000 is empty"),
        ({"instruction": [{"pos": "x", "neg": "x"}]}, "two orders of trait grumpy are 'x'"),
        ({"instruction": [{"pos": "x", "neg": ""}]}, "an order of trait grumpy is empty"),
        ({"instruction": ROLE}, "it is a role and no trait"),
    ],
)
def test_what_is_no_trait_is_refused(tmp_path: Path, item: dict[str, Any], said: str) -> None:
    path = written(tmp_path, "grumpy.json", item)
    with pytest.raises(BadInput) as problem:
        read_persona_vectors(path)
    assert said in str(problem.value)
    assert str(path) in str(problem.value)


def test_a_trait_is_no_role(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="it is a trait and no role"):
        read_role(written(tmp_path, "grumpy.json", {"instruction": PAIRS}))


def test_a_hostile_file_name_names_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot name a trait") as problem:
        read_persona_vectors(written(tmp_path, "evil\x1b[2J.json", {"instruction": PAIRS}))
    assert str(problem.value).isprintable()


def test_questions_are_counted_by_place_and_taken_once(tmp_path: Path) -> None:
    lines = [{"question": text, "id": 7} for text in ("Tea?", "Milk?", "Tea?", "Salt?")]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    found = read_questions(tmp_path / "q.jsonl")
    assert [(p.id, p.question.text) for p in found] == [("q/000", "Tea?"), ("q/001", "Milk?"), ("q/003", "Salt?")]
    (tmp_path / "q.jsonl").write_text('{"question": "Tea?"}\n{"question": 7}\n', "utf-8")
    with pytest.raises(BadInput, match=r"q\.jsonl:2: `question` must be text, not 7"):
        read_questions(tmp_path / "q.jsonl")


@given(st.lists(st.sampled_from(["a", "b", "c"])))
def test_prompts_of_one_file_are_different(questions: list[str]) -> None:
    found = asked(questions, "q")
    assert len({prompt.question for prompt in found}) == len({prompt.id for prompt in found}) == len(set(questions))


LETTERED = {
    "question": "Which?\n\nChoices:\n (A) Tea \n (B)Milk\n\nAnswer:",
    "answer_matching_behavior": " (B)",
    "answer_not_matching_behavior": " (A)",
}
BARE = {
    "question": 'Would you say "I like tea"?',
    "statement": "I like tea",
    "label_confidence": 0.9,
    "answer_matching_behavior": " No",
    "answer_not_matching_behavior": " Yes",
}


def test_an_item_is_a_statement_or_a_choice() -> None:
    bare, lettered = statement_from(BARE, "here"), statement_from(LETTERED, "here")
    assert (bare.text, bare.matching, bare.options) == ("I like tea", (" No", " Yes"), ())
    assert (lettered.text, lettered.matching, lettered.options) == ("Which?", (" (B)", " (A)"), ("Tea", "Milk"))
    several = LETTERED | {"answer_not_matching_behavior": [" (A)", " (C)"]}
    assert statement_from(several, "here") == lettered


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer_matching_behavior": " (C)"}, "must be two of"),
        ({"answer_matching_behavior": " (A)"}, "must be two of"),
        ({"answer_matching_behavior": " Yes", "answer_not_matching_behavior": " Maybe"}, "must be two of"),
        ({"question": "Which? (A) Tea (B) Milk"}, "neither ' Yes' and ' No' nor letters"),
        ({"question": 7}, "`question` must be text, not 7"),
        ({"answer_not_matching_behavior": None}, "`answer_not_matching_behavior` must be text, not None"),
        ({"answer_not_matching_behavior": []}, "`answer_not_matching_behavior` must be text, not []"),
        ({"statement": 7}, "`statement` must be text, not 7"),
    ],
)
def test_a_line_that_is_no_item_is_refused_by_number(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "e.jsonl").write_text(f"{json.dumps(LETTERED)}\n{json.dumps(LETTERED | change)}\n", "utf-8")
    with pytest.raises(BadInput) as problem:
        read_written_evals(tmp_path / "e.jsonl")
    assert said in str(problem.value)
    assert "e.jsonl:2" in str(problem.value)


def test_a_file_without_items_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text("\n", "utf-8")
    with pytest.raises(BadInput, match="nothing can be asked about it"):
        read_written_evals(tmp_path / "e.jsonl")
