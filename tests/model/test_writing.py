"""Questions as tokens: the own template to the letter, other forms as text, and a note of what could not be written."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.model.chat import encode_prompt
from mesolens.model.question import Question
from mesolens.model.writing import FORMS, Written, written
from tests.model import tiny

BPE, PLAIN = tiny.tokenizer(), tiny.tokenizer(template=None)
WORDS = st.sampled_from(["The fox sees", "is it so?", "tea", "a\nb", "[INST]", "é🦊", "No. No."])
TURNS = st.lists(st.tuples(WORDS, WORDS), max_size=2).map(
    lambda pairs: tuple(turn for asked, said in pairs for turn in (("user", asked), ("assistant", said)))
)
FIELDS = st.fixed_dictionaries(
    {"text": WORDS, "system": st.just("") | WORDS, "before": TURNS, "prefill": st.just("") | WORDS}
)
FULL = Question("B", system="S", before=(("user", "A"), ("assistant", "R")), prefill="P")


def text_of(tokenizer: PreTrainedTokenizerBase, question: Question) -> str:
    found = written(tokenizer, question)
    return str(tokenizer.decode(list(found.ids), clean_up_tokenization_spaces=False))


def template(*rules: str) -> PreTrainedTokenizerBase:
    """A tokenizer whose template obeys the rules and then writes `<|role|>words<|end|>`."""
    return tiny.tokenizer("".join(rules) + tiny.CHATML)


NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}{% endfor %}"
)
IN_TURN = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('take turns') }}{% endif %}{% endfor %}"
)
DROPS_SYSTEM = "{% set messages = messages | rejectattr('role', 'equalto', 'system') | list %}"
NO_PREFILL = "{% if messages[-1]['role'] == 'assistant' %}{{ raise_exception('no prefill') }}{% endif %}"
DROPS_ASSISTANT = "{% set messages = messages | rejectattr('role', 'equalto', 'assistant') | list %}"


@given(FIELDS)
@settings(max_examples=60, deadline=None)
def test_the_own_form_is_the_own_template(fields: dict[str, object]) -> None:
    question = Question(**fields)  # pyright: ignore[reportArgumentType]
    turns = [("system", question.system)] if question.system else []
    turns += [*question.before, ("user", question.text)]
    messages = [{"role": role, "content": words} for role, words in turns]
    for tokenizer in (BPE, PLAIN):
        wanted = encode_prompt(tokenizer, messages).ids
        if question.prefill:
            wanted = encode_prompt(tokenizer, [*messages, {"role": "assistant", "content": question.prefill}]).ids
        assert written(tokenizer, question).ids == wanted
        assert written(tokenizer, question).note == ""


@given(FIELDS, st.sampled_from(list(FORMS)))
@settings(max_examples=80, deadline=None)
def test_every_form_holds_all_words_in_order_and_begins_once(fields: dict[str, object], form: str) -> None:
    question = Question(**fields, form=form)  # pyright: ignore[reportArgumentType]
    for tokenizer in (BPE, PLAIN):
        found = text_of(tokenizer, question)
        assert found.count("<|begin|>") == 1
        assert found.startswith("<|begin|>")
        at = 0
        for words in (question.system, *(words for _, words in question.before), question.text, question.prefill):
            assert found.find(words, at) >= 0
            at = found.find(words, at) + len(words)
        assert not question.prefill or found.endswith(question.prefill)


WHOLE = {
    "chat": "<|system|>S<|end|><|user|>A<|end|><|assistant|>R<|end|><|user|>B<|end|><|assistant|>P",
    "raw": "S\nA\nR\nB\nP",
    "swapped": "<|system|>S<|end|><|assistant|>A<|end|><|user|>R<|end|><|assistant|>B<|end|><|user|>P",
    "system-as-user": "<|user|>S<|end|><|user|>A<|end|><|assistant|>R<|end|><|user|>B<|end|><|assistant|>P",
    "chatml": "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nA<|im_end|>\n<|im_start|>assistant\nR<|im_end|>\n"
    "<|im_start|>user\nB<|im_end|>\n<|im_start|>assistant\nP",
    "llama2": "[INST] <<SYS>>\nS\n<</SYS>>\n\nA [/INST] R [INST] B [/INST] P",
    "alpaca": "S\n\n### Instruction:\nA\n\n### Response:\nR\n\n### Instruction:\nB\n\n### Response:\nP",
    "transcript": "System: S\n\nUser: A\n\nAssistant: R\n\nUser: B\n\nAssistant: P",
}
ALONE = {
    "chat": "<|user|>B<|end|><|assistant|>",
    "raw": "B",
    "swapped": "<|assistant|>B<|end|><|user|>",
    "system-as-user": "<|user|>B<|end|><|assistant|>",
    "chatml": "<|im_start|>user\nB<|im_end|>\n<|im_start|>assistant\n",
    "llama2": "[INST] B [/INST]",
    "alpaca": "### Instruction:\nB\n\n### Response:\n",
    "transcript": "User: B\n\nAssistant:",
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_to_the_letter(form: str) -> None:
    assert text_of(BPE, replace(FULL, form=form)) == f"<|begin|>{WHOLE[form]}"
    assert text_of(BPE, Question("B", form=form)) == f"<|begin|>{ALONE[form]}"


def test_without_a_template_the_swapped_roles_stand_in_a_transcript() -> None:
    assert text_of(PLAIN, Question("B", form="swapped")) == "<|begin|>assistant: B\nuser:"
    assert text_of(PLAIN, replace(FULL, form="swapped")).endswith("user: R\nassistant: B\nuser: P")


@pytest.mark.parametrize(("rule", "said"), [(NO_SYSTEM, "refuses a system"), (DROPS_SYSTEM, "leaves the system")])
def test_a_system_message_that_is_not_taken_stands_before_the_users_words(rule: str, said: str) -> None:
    found = written(template(rule), FULL)
    assert said in found.note
    body = "<|user|>S\n\nA<|end|><|assistant|>R<|end|><|user|>B<|end|><|assistant|>P"
    assert text_of(template(rule), FULL) == f"<|begin|>{body}"
    assert written(template(rule), replace(FULL, system="")).note == ""


def test_a_blank_system_message_is_written_where_the_template_takes_one() -> None:
    blank, none = replace(FULL, system=" "), replace(FULL, system="")
    assert written(PLAIN, blank).note == written(template(DROPS_SYSTEM), blank).note == ""
    assert text_of(PLAIN, blank).startswith("<|begin|>system:  \nuser: A")
    assert written(template(NO_SYSTEM), blank).ids == written(template(NO_SYSTEM), none).ids
    assert (
        written(template(NO_SYSTEM), blank).note == "the template refuses a system message, so a blank one is left out"
    )


@pytest.mark.parametrize("rule", [NO_PREFILL, "{% set messages = messages[:4] %}"])
def test_a_reply_that_the_template_does_not_begin_is_begun_behind_it(rule: str) -> None:
    found = written(template(rule), FULL)
    assert "takes no reply that has begun" in found.note
    assert text_of(template(rule), FULL) == text_of(BPE, FULL)


def test_turns_that_the_template_leaves_out_are_told() -> None:
    found = written(template(DROPS_ASSISTANT), replace(FULL, prefill=""))
    assert found.note == "the template leaves out or rewrites 1 of 4 messages (assistant)"


def test_two_turns_of_the_user_become_one_where_roles_must_alternate() -> None:
    question = replace(FULL, form="system-as-user")
    assert "refuses two turns of the user" in written(template(IN_TURN), question).note
    assert "<|user|>S\n\nA<|end|>" in text_of(template(IN_TURN), question)
    assert "no system message" in written(BPE, replace(question, system="")).note


def test_a_chat_that_the_template_refuses_is_refused_with_its_reason() -> None:
    with pytest.raises(BadInput, match="take turns"):
        written(template(IN_TURN), Question("B", form="swapped"))


def test_a_foreign_template_whose_marks_the_tokenizer_knows_may_be_its_own() -> None:
    knows = tiny.tokenizer()
    knows.add_tokens(["[INST]"])
    assert "[INST] as a token" in written(knows, Question("B", form="llama2")).note
    assert written(knows, Question("B", form="alpaca")).note == ""


@pytest.mark.parametrize("form", ["", "Chat", "chat\x1b[2J"])
def test_an_unknown_form_is_refused(form: str) -> None:
    with pytest.raises(BadInput, match="no form of a chat; there are chat, raw") as caught:
        written(BPE, Question("B", form=form))
    assert str(caught.value).isprintable()


def test_without_a_tokenizer_or_without_words_there_is_nothing_to_write() -> None:
    with pytest.raises(BadInput, match="no tokenizer"):
        written(None, Question("B"))
    bare = tiny.tokenizer(template="{{ '' }}")
    with pytest.raises(BadInput, match="tokenises to nothing"):
        written(bare, Question("B"))


def test_a_tokenizer_of_three_letters_says_what_it_cannot_write(shared: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared / "models" / "nano-sort")
    assert written(tokenizer, Question("CAB", form="raw")) == Written((2, 0, 1), "")
    assert written(tokenizer, Question("CxB", form="raw")).note.endswith("nothing for 1 of 3 different characters: x")
    assert "different characters: u s e r :" in written(tokenizer, Question("CAB")).note
    with pytest.raises(BadInput, match="nothing for any character of 'tea'"):
        written(tokenizer, Question("tea"))


@pytest.mark.parametrize(("name", "lost"), [("stories260K", ""), ("babyllama105", "\\x0a")])
def test_small_real_tokenizers_write_every_form(shared: Path, name: str, lost: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared / "models" / name)
    for form in FORMS:
        found = written(tokenizer, Question("I think tea is good.", form=form))
        text = str(tokenizer.decode(list(found.ids), clean_up_tokenization_spaces=False))
        assert "I think tea is good." in text
        assert found.ids.count(tokenizer.bos_token_id) == 1
        assert (lost in found.note) or form in ("raw", "llama2")
        assert lost or found.note in ("", "there is no system message to write as the user's")
