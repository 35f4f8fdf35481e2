"""Chats at once are chats one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.model.chat import encode_prompt
from mesolens.model.chats import encode_chats
from tests.model import tiny

WORDS = st.text(st.sampled_from("ab \n<|>é"), max_size=8)
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant"]), "content": WORDS})
CHATS = st.lists(st.lists(MESSAGE, min_size=1, max_size=3), max_size=4)
TOKENIZERS = [tiny.tokenizer(), tiny.tokenizer(template=None), tiny.tokenizer(ending=True)]


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=["template", "transcript", "ending"])
@given(CHATS)
@settings(max_examples=40, deadline=None)
def test_chats_at_once_have_the_ids_of_chats_one_by_one(tokenizer: object, chats: list[list[dict[str, str]]]) -> None:
    assert encode_chats(tokenizer, chats) == [encode_prompt(tokenizer, chat).ids for chat in chats]  # pyright: ignore


def test_a_chat_that_the_template_refuses_is_told_with_its_reason() -> None:
    picky = "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer = tiny.tokenizer(template=picky + "{{ m['content'] }}{% endfor %}")
    good, bad = (
        [{"role": "user", "content": "a"}],
        [{"role": "system", "content": "b"}, {"role": "user", "content": "a"}],
    )
    assert encode_chats(tokenizer, [good]) == [encode_prompt(tokenizer, good).ids]
    with pytest.raises(BadInput, match="no system"):
        encode_chats(tokenizer, [good, bad])


def test_without_a_tokenizer_text_is_refused() -> None:
    with pytest.raises(BadInput, match="no tokenizer"):
        encode_chats(None, [[{"role": "user", "content": "a"}]])
    assert encode_chats(None, []) == []
