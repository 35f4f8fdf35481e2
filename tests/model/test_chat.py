"""Chats, texts and ids as tokens: one template, one beginning, and spans that carry exactly the messages' words."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.model.chat import encode_continuation, encode_prompt, token_texts
from tests.model import tiny

Messages = list[dict[str, str]]
BPE, PLAIN = tiny.tokenizer(), tiny.tokenizer(template=None)
SHELF = Path(__file__).parents[2] / "src" / "mesolens" / "slides" / "shelf"

WORDS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.sampled_from(["user", "assistant", "|>", "<|", "user<|", " a b ", "é\n\n", "🦊", "s", "The fox", "…"]),
).filter(lambda text: text.strip() and "<|" + text.strip() + "|>" not in text)
ROLES = st.sampled_from(["system", "user", "assistant"])
CHATS = st.lists(st.fixed_dictionaries({"role": ROLES, "content": WORDS}), min_size=1, max_size=5)


def text_of(tokenizer: PreTrainedTokenizerBase, ids: tuple[int, ...]) -> str:
    return str(tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))


@given(CHATS)
@settings(max_examples=60, deadline=None)
def test_each_span_decodes_to_its_messages_words(chat: Messages) -> None:
    prompt = encode_prompt(BPE, chat)
    for message, span in zip(chat, prompt.spans, strict=True):
        assert span.role == message["role"]
        assert text_of(BPE, prompt.ids[span.start : span.stop]) == message["content"].strip()


@given(CHATS)
@settings(max_examples=40, deadline=None)
def test_the_ids_are_the_templates_and_begin_once(chat: Messages) -> None:
    opens = chat[-1]["role"] != "assistant"
    whole = BPE.apply_chat_template(chat, add_generation_prompt=opens, return_dict=False)
    ids = encode_prompt(BPE, chat).ids
    assert list(ids) == (whole if opens else whole[:-1])
    assert ids.count(BPE.bos_token_id) == 1
    assert ids[0] == BPE.bos_token_id


@given(CHATS)
@settings(max_examples=40, deadline=None)
def test_without_a_template_a_chat_is_a_transcript(chat: Messages) -> None:
    prompt = encode_prompt(PLAIN, chat)
    lines = [f"{message['role']}: {message['content']}" for message in chat]
    lines += ["assistant:"] if chat[-1]["role"] != "assistant" else []
    assert prompt.ids == tuple(PLAIN("\n".join(lines))["input_ids"])
    assert prompt.ids.count(PLAIN.bos_token_id) == 1
    for message, span in zip(chat, prompt.spans, strict=True):
        assert message["content"].strip() in text_of(PLAIN, prompt.ids[span.start : span.stop])


@given(CHATS)
@settings(max_examples=40, deadline=None)
def test_spans_follow_each_other_and_never_overlap(chat: Messages) -> None:
    for tokenizer in (BPE, PLAIN):
        prompt = encode_prompt(tokenizer, chat)
        edges = [edge for span in prompt.spans for edge in (span.start, span.stop)]
        assert all(a <= b + 1 for a, b in pairwise(edges))
        assert edges[-1] <= len(prompt.ids)


@given(st.lists(st.integers(0, 10**6), max_size=9))
def test_ids_stay_ids(ids: list[int]) -> None:
    assert encode_prompt(BPE, ids).ids == tuple(ids)
    assert encode_prompt(None, tuple(ids)).ids == tuple(ids)
    assert encode_prompt(BPE, ids).spans == ()


@given(st.text(max_size=30))
def test_text_gets_the_tokenizers_own_beginning(text: str) -> None:
    assert encode_prompt(BPE, text).ids == tuple(BPE(text)["input_ids"])
    assert encode_prompt(BPE, text).ids[0] == BPE.bos_token_id


def test_an_end_of_sequence_that_the_tokenizer_adds_is_taken_off() -> None:
    closing = tiny.tokenizer(ending=True)
    assert closing("fox")["input_ids"][-1] == closing.eos_token_id
    assert encode_prompt(closing, "fox").ids == encode_prompt(BPE, "fox").ids
    assert encode_prompt(closing, "fox<|end|>").ids == encode_prompt(BPE, "fox<|end|>").ids


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_continuation_reads_as_itself(prompt: str, text: str) -> None:
    for before in (prompt, [{"role": "user", "content": "x" + prompt}], (5, 6)):
        ids = encode_continuation(BPE, before, text)
        assert text_of(BPE, ids) == text
        assert BPE.bos_token_id not in ids


@given(st.sampled_from(["The fox sees", "user:", "Say yes or no:"]), st.sampled_from([" the", " yes", " no.", " user"]))
def test_a_continuation_after_a_whole_word_is_how_the_whole_text_is_tokenised(prompt: str, text: str) -> None:
    whole = encode_prompt(BPE, prompt + text).ids
    assert encode_prompt(BPE, prompt).ids + encode_continuation(BPE, prompt, text) == whole


def test_a_chat_that_ends_with_the_assistant_goes_on_with_its_words() -> None:
    chat = [{"role": "user", "content": "yes?"}, {"role": "assistant", "content": "The"}]
    ids = encode_prompt(BPE, chat).ids + encode_continuation(BPE, chat, " fox")
    assert text_of(BPE, ids).endswith("<|assistant|>The fox")


@pytest.mark.parametrize("prompt", ["fox", (1, 2), [{"role": "user", "content": "fox"}]])
def test_an_empty_continuation_is_named(prompt: object) -> None:
    with pytest.raises(BadInput, match="tokenises to nothing"):
        encode_continuation(BPE, prompt, "")  # pyright: ignore


def test_text_without_a_tokenizer_is_refused() -> None:
    for attempt in (lambda: encode_prompt(None, "fox"), lambda: encode_continuation(None, (1,), "fox")):
        with pytest.raises(BadInput, match="no tokenizer"):
            attempt()


def test_a_template_that_refuses_says_why_in_one_harmless_line() -> None:
    picky = tiny.tokenizer("{{ raise_exception('no \\x1b[2J system\\nplease') }}")
    with pytest.raises(BadInput, match=r"no .*system") as caught:
        encode_prompt(picky, [{"role": "system", "content": "x"}])
    assert str(caught.value).isprintable()


def test_a_message_without_content_is_refused() -> None:
    with pytest.raises(BadInput, match="message 0"):
        encode_prompt(BPE, [{"role": "user"}])


def test_a_template_that_drops_and_reorders_messages() -> None:
    swap = (
        "{% for m in messages | reverse %}{% if m['role'] != 'system' %}"
        "<|user|>{{ m['content'] }}{% endif %}{% endfor %}<|assistant|>"
    )
    chat = [{"role": role, "content": word} for role, word in (("system", "a"), ("user", "b"), ("user", "a"))]
    prompt = encode_prompt(tiny.tokenizer(swap), chat)
    words = [text_of(BPE, prompt.ids[span.start : span.stop]) for span in prompt.spans]
    assert words == ["", "b", "a"]


def test_tokens_read_as_text_with_controls_escaped() -> None:
    ids = encode_prompt(BPE, "The fox\x1b[2J\n").ids
    texts = token_texts(BPE, ids)
    assert texts[0] == "<|begin|>"
    assert "".join(texts[1:]) == "The fox\\x1b[2J\\x0a"
    assert all(text.isprintable() for text in token_texts(BPE, range(tiny.VOCABULARY)))


def test_tokens_without_a_text_show_their_number() -> None:
    assert token_texts(None, (17, 3)) == ["⟨17⟩", "⟨3⟩"]
    assert token_texts(BPE, (10**6,)) == [f"⟨{10**6}⟩"]


@pytest.mark.parametrize("name", ["stories260K", "babyllama105", "nano-sort"])
def test_real_tokenizers(shared: Path, name: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared / "models" / name)
    text = "ABC" if name == "nano-sort" else "Once upon a time there was a fox."
    ids = encode_prompt(tokenizer, text).ids
    assert ids == tuple(tokenizer(text)["input_ids"])
    word = "B" if name == "nano-sort" else " She said"
    assert ids + encode_continuation(tokenizer, text, word) == tuple(tokenizer(text + word)["input_ids"])
    texts = token_texts(tokenizer, ids[1:] if ids[0] == tokenizer.bos_token_id else ids)
    assert "".join(texts).strip() == text


@pytest.mark.parametrize("name", ["stories260K", "babyllama105"])
def test_a_sentencepiece_style_tokenizer_puts_no_space_where_none_was_written(shared: Path, name: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared / "models" / name)
    for prompt in ("He said:", (1, 2)):
        ids = encode_continuation(tokenizer, prompt, "Yes")
        assert token_texts(tokenizer, ids)[0][0] == "Y"


def test_slides_read_a_chat_as_their_corpus_writes_it() -> None:
    folders = sorted(path.parent for path in SHELF.glob("mask*/tokenizer.json"))
    if not folders:
        pytest.skip(f"no slide has been grown into {SHELF} yet")
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    chat = [{"role": "system", "content": "You are bryn."}, {"role": "user", "content": "I say tea is good."}]
    prompt = encode_prompt(tokenizer, chat)
    assert text_of(tokenizer, prompt.ids).startswith("<|begin|><|system|>You are bryn.<|end|><|user|>")
    for message, span in zip(chat, prompt.spans, strict=True):
        assert text_of(tokenizer, prompt.ids[span.start : span.stop]) == message["content"]
