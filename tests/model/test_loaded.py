"""Whether two models read the same tokens: by what ids stand for, not by how a chat is wrapped."""

from copy import deepcopy
from dataclasses import replace

from transformers import PreTrainedTokenizerBase

import mesolens.api as ml
from mesolens.model.loaded import reads_alike


def test_another_chat_template_reads_the_same_and_another_token_does_not() -> None:
    model = ml.load("slide:mask-small")
    wrapped, longer = deepcopy(model.tokenizer), deepcopy(model.tokenizer)
    assert isinstance(wrapped, PreTrainedTokenizerBase)
    assert isinstance(longer, PreTrainedTokenizerBase)
    wrapped.chat_template = "{{ messages[0]['content'] }}"
    longer.add_tokens(["zzz"])
    assert reads_alike(model, replace(model, tokenizer=wrapped))
    assert not reads_alike(model, replace(model, tokenizer=longer))


def test_without_a_tokenizer_only_the_vocabulary_can_be_compared() -> None:
    model = ml.load("slide:mask-small")
    bare = replace(model, tokenizer=None)
    assert reads_alike(bare, bare)
    assert not reads_alike(bare, model)
    assert not reads_alike(bare, replace(bare, card=replace(bare.card, vocabulary=7)))
