"""Slides whose text is made of whole words, one token each: their tokenizer, their shape, their folder."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
"""The first three words of every vocabulary, in this order."""
TASK = "task.jsonl"
WINDOW = 64


@dataclass(frozen=True, slots=True)
class Size:
    """Width of the stream and of the perceptrons, heads of a block, and blocks."""

    width: int
    inner: int
    heads: int
    layers: int


def word_tokenizer(words: Sequence[str]) -> PreTrainedTokenizerFast:
    """One token a word, its id the place in `words`; words stand apart by spaces, and a prompt begins with `BEGIN`."""
    core = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token=PAD))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[(BEGIN, 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=BEGIN, eos_token=END, pad_token=PAD, unk_token=PAD, padding_side="left"
    )


def llama(words: Sequence[str], size: Size, seed: int) -> PreTrainedModel:
    """A Llama that has learned nothing."""
    torch.manual_seed(seed)
    begin, end, pad = (words.index(word) for word in (BEGIN, END, PAD))
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=size.width,
            intermediate_size=size.inner,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            max_position_embeddings=WINDOW,
            tie_word_embeddings=True,
            initializer_range=0.05,
            bos_token_id=begin,
            eos_token_id=end,
            pad_token_id=pad,
        )
    )


def write(module: PreTrainedModel, words: Sequence[str], items: Iterable[Mapping[str, Any]], out: Path) -> None:
    """Write weights, tokenizer and task into a folder, made when missing."""
    out.mkdir(parents=True, exist_ok=True)
    begin, end, pad = (words.index(word) for word in (BEGIN, END, PAD))
    module.generation_config = GenerationConfig(bos_token_id=begin, eos_token_id=end, pad_token_id=pad, do_sample=False)
    module.save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    word_tokenizer(words).save_pretrained(out, save_jinja_files=False)
    (out / TASK).write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")


def opened(folder: Path) -> PreTrainedModel:
    """The model of a folder, in evaluation mode."""
    module = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
    return cast(PreTrainedModel, module.eval())


def rounded(grid: dict[str, Any]) -> str:
    """A grid as text, to two digits: what another machine's rounding leaves the same."""
    return json.dumps(json.loads(json.dumps(grid), parse_float=lambda text: round(float(text), 2)))
