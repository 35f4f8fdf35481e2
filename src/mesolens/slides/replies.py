"""What a slide answers: greedy replies by transformers itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from mesolens.slides.asking import Message

ROWS = 128
"""Prompts generated from at once."""
LONGEST = 48
"""Tokens of the longest reply that is waited for; grammatical ones have under 36."""


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide that can be asked: its model in evaluation mode and its tokenizer."""

    module: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def open_slide(folder: Path) -> Slide:
    """The slide in a folder, float32, read from safetensors only."""
    module = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
    return Slide(module.eval(), AutoTokenizer.from_pretrained(folder))


def replies(slide: Slide, chats: Sequence[list[Message]]) -> list[str]:
    """The greedy reply to each chat, without its end token, in the chats' order."""
    ids = [prompt_ids(slide, chat) for chat in chats]
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    texts = [""] * len(ids)
    for start in range(0, len(order), ROWS):
        rows = order[start : start + ROWS]
        for index, text in zip(rows, _generate(slide, [ids[index] for index in rows]), strict=True):
            texts[index] = text
    return texts


def prompt_ids(slide: Slide, chat: list[Message]) -> list[int]:
    """Token ids of a chat up to and with the tag that opens the reply."""
    text = slide.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert isinstance(text, str)
    return list(slide.tokenizer(text, add_special_tokens=False)["input_ids"])


def _generate(slide: Slide, rows: list[list[int]]) -> list[str]:
    width = max(map(len, rows))
    pad = slide.tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    with torch.inference_mode():
        out: torch.Tensor = cast("Any", slide.module).generate(
            input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=LONGEST
        )
    return [str(slide.tokenizer.decode(row[width:], skip_special_tokens=True)) for row in out]
