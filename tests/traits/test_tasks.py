"""Task files: what is accepted, what is refused with file, line and value, and what becomes of words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.traits.task_ids import encode_task
from mesolens.traits.tasks import Item, Other, Step, item_from, read_task
from tests.model import tiny

words = st.text(min_size=1, max_size=6)
tokens = st.integers(0, 300)


@given(prompt=words, answer=words, values=st.lists(words, max_size=4), k=st.integers(1, 9), group=words)
def test_fields_arrive_as_they_were_written(prompt: str, answer: str, values: list[str], k: int, group: str) -> None:
    steps = [{"name": f"s{n}", "value": value} for n, value in enumerate(values)]
    others = [{"value": value + "x", "answer": answer} for value in values]
    line = {
        "prompt": prompt,
        "answer": answer,
        "steps": steps,
        "counterfactual": others,
        "k": k,
        "group": group,
        "more": 1,
    }
    found = item_from(json.loads(json.dumps(line)), "here")
    expected = tuple(Step(f"s{n}", value, Other(value + "x", answer)) for n, value in enumerate(values))
    assert found == Item(prompt, answer, expected, (), k, group, where="here")


@given(prompt=st.lists(tokens, min_size=1), answer=tokens, value=tokens, choices=st.lists(tokens, min_size=1))
def test_ids_stay_ids(prompt: list[int], answer: int, value: int, choices: list[int]) -> None:
    line = {"prompt_ids": prompt, "answer_ids": [answer], "steps": [{"value_id": value}], "choices_ids": choices}
    found = item_from(line, "here")
    assert (found.prompt, found.answer, found.choices) == (tuple(prompt), answer, tuple(choices))
    assert (found.steps, found.k) == ((Step("step 1", value),), 1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "a JSON object is needed, not list"),
        ('{"answer": "a"}', "no `prompt` (or `prompt_ids`)"),
        ('{"prompt": "a"}', "no `answer` (or `answer_ids`)"),
        ('{"prompt": "a", "answer": "b", "answer_ids": [1]}', "`answer` and `answer_ids`; give one"),
        ('{"prompt": "a", "answer": 3}', "`answer` must be text, not 3"),
        ('{"prompt": "a", "answer_ids": [1, 2]}', "`answer_ids` has 2 tokens"),
        ('{"prompt": "a", "answer": ""}', "`answer` must be text or a token id, not ''"),
        ('{"prompt": "a", "answer": "b", "steps": {}}', "`steps` must be a list, not {}"),
        ('{"prompt": "a", "answer": "b", "steps": ["x"]}', "`steps` must hold objects, not 'x'"),
        ('{"prompt": "a", "answer": "b", "steps": [{"name": "x"}]}', "step 1: no `value` (or `value_id`)"),
        (
            '{"prompt": "a", "answer": "b", "steps": [{"name": "x", "value": "c"}, {"name": "x", "value": "d"}]}',
            "two steps are called 'x'",
        ),
        (
            '{"prompt": "a", "answer": "b", "steps": [{"value": "c"}], "counterfactual": [null, null]}',
            "2 in `counterfactual` and 1",
        ),
        (
            '{"prompt": "a", "answer": "b", "steps": [{"value": "c"}], "counterfactual": [{"value": "c", "answer": "d"}'
            "]}",
            "counterfactual 1: its value is the step's own, 'c'",
        ),
        ('{"prompt": "a", "answer": "b", "k": 0}', "`k` is 0"),
        ('{"prompt": "a", "answer": "b", "chance": 1}', "`chance` is 1"),
        ('{"prompt": "a", "answer": "b", "choices": ["b"], "choices_ids": [1]}', "both `choices` and `choices_ids`"),
        ('{"prompt": "a", "answer": "b", "group": 7}', "`group` must be text, not 7"),
    ],
)
def test_a_line_that_is_no_item_is_refused_by_file_line_and_value(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "task.jsonl"
    file.write_text('{"prompt": "a", "answer": "b"}\n\n' + line + "\n", "utf-8")
    with pytest.raises(BadInput) as problem:
        read_task(file)
    assert "task.jsonl:3" in str(problem.value)
    assert said in str(problem.value)
    assert "\n" not in str(problem.value)


def test_an_empty_file_is_no_task(tmp_path: Path) -> None:
    (tmp_path / "task.jsonl").write_text("\n\n")
    with pytest.raises(BadInput, match="holds no items"):
        read_task(tmp_path / "task.jsonl")


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return adopt(tiny.llama(), tiny.tokenizer())


def test_words_become_the_tokens_that_follow_the_prompt(model: LoadedModel) -> None:
    item = Item("The fox", " sees", (Step("who", " user", Other(" no", " the")),), where="t.jsonl:1")
    asked = encode_task([item], model)[0]
    assert model.tokenizer is not None
    spelt = [model.tokenizer.decode([token]) for token in (asked.answer, asked.values[0], *(asked.others[0] or ()))]
    assert spelt == [" sees", " user", " no", " the"]
    assert sorted(asked.choices) == sorted({asked.answer, asked.values[0], *(asked.others[0] or ())})
    assert asked.chance == 1 / 4
    assert (asked.k, asked.presentation, asked.steps) == (1, "as given", ("who",))


def test_items_without_choices_share_those_of_the_task_and_groups_are_their_own(model: LoadedModel) -> None:
    one, other = Item((1, 2), 5), Item((1, 2), 7, choices=(7, 9))
    asked = encode_task([one, other], model)
    assert [each.choices for each in asked] == [(5, 7), (7, 9)]
    assert len({each.group for each in asked}) == 2


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (Item("The fox", " zebra"), r"t\.jsonl:4: ' zebra' is \d tokens of this model; every value must be one"),
        (Item("The fox", "sees"), r"t\.jsonl:4: 'sees' is \d tokens of this model, and ' sees' is one: write that"),
        (Item((1, 2), 5, (Step("a", " zebra"),)), r"t\.jsonl:4: ' zebra' is"),
        (Item((1, 2), 5, choices=(5, 5)), "two or more different tokens, and 1 are"),
        (Item((1, 2), 5, choices=(6, 7)), "is not among the choices"),
        (Item((1, 2), 5, choices=(5, 999)), "token id 999 lies outside the model's vocabulary of 320"),
        (Item((), 5, choices=(5, 6)), "the prompt tokenises to nothing"),
        (Item((1,) * 97, 5, choices=(5, 6)), "97 tokens do not fit the window of 96"),
    ],
)
def test_what_cannot_be_read_is_refused_by_place_and_value(model: LoadedModel, item: Item, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        encode_task([replace(item, where="t.jsonl:4")], model)


def test_text_without_a_tokenizer_is_refused_and_ids_are_not() -> None:
    bare = adopt(tiny.llama())
    with pytest.raises(BadInput, match="no tokenizer"):
        encode_task([Item("a", "b")], bare)
    assert encode_task([Item((3, 4), 5, choices=(5, 6))], bare)[0].prompt == (3, 4)
