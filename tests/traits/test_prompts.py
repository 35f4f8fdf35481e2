"""Everyday prompts as JSON Lines: what is written is read back, and what is no prompt is refused by line."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.model.question import Question
from mesolens.traits.facepack import pack_from
from mesolens.traits.prompts import Everyday, prompt_item, read_prompts, write_prompts
from tests.traits.drawn import packs

GOOD = '{"id": "a", "register": "curt", "text": "Tea?"}'


@given(packs())
def test_prompts_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, pack: dict[str, Json]
) -> None:
    file = tmp_path_factory.mktemp("prompts") / "prompts.jsonl"
    prompts = pack_from(pack, file.parent, "drawn").prompts
    write_prompts(prompts, file)
    assert read_prompts(file) == prompts


def test_a_line_separator_inside_a_prompt_ends_no_line(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    text = "one\u2028two\x85three"
    file.write_text(json.dumps({"id": "a", "register": "curt", "text": text}, ensure_ascii=False) + "\r\n\n", "utf-8")
    assert read_prompts(file) == (Everyday("a", "curt", Question(text)),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("7", "a JSON object is needed, not int"),
        ('{"id": "b", "register": "curt"}', "no `text`"),
        ('{"register": "curt", "text": "Tea?"}', "no `id`"),
        ('{"id": "b", "register": "curt", "text": 7}', "`text` must be text, not 7"),
        ('{"id": "b", "register": "curt", "text": "  "}', "the text of prompt b is empty"),
        ('{"id": "b", "register": "curt", "text": "\\ud800"}', "half of a surrogate pair"),
        ('{"id": "b\\u001b[2J", "register": "curt", "text": "Tea?"}', "cannot name a prompt"),
        ('{"id": "b", "register": "", "text": "Tea?"}', "cannot name a register"),
        (
            '{"id": "b", "register": "curt", "text": "Tea?", "core": "milk"}',
            "the core 'milk' does not stand in the text",
        ),
        ('{"id": "b", "register": "curt", "text": "Tea?", "sytem": "x"}', "has no key 'sytem'"),
    ],
)
def test_a_line_that_is_no_prompt_is_refused_by_number(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(GOOD + "\n\n" + line + "\n", "utf-8")
    with pytest.raises(BadInput) as problem:
        read_prompts(file)
    assert said in str(problem.value)
    assert "prompts.jsonl:3" in str(problem.value)
    assert str(problem.value).isprintable()


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ('{"id": "a", "register": "curt", "text": "Milk?"}', "two prompts' ids are 'a'"),
        ('{"id": "b", "register": "polite", "text": "Tea?"}', "two prompts are 'Tea?'"),
    ],
)
def test_one_prompt_is_no_two_witnesses(tmp_path: Path, second: str, said: str) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(f"{GOOD}\n{second}\n", "utf-8")
    with pytest.raises(BadInput) as problem:
        read_prompts(file)
    assert said in str(problem.value)


def test_a_file_without_prompts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text("\n \n")
    with pytest.raises(BadInput, match="holds no prompts"):
        read_prompts(file)


@pytest.mark.parametrize(
    "question",
    [Question("Tea?", prefill="Yes"), Question("Tea?", before=(("user", "x"),)), Question("Tea?", form="raw")],
)
def test_what_the_format_cannot_say_is_not_written(question: Question) -> None:
    with pytest.raises(BadInput, match="packs hold text and system only"):
        prompt_item(Everyday("a", "curt", question))
