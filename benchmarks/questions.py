"""Random Llamas with tokenizers of like size, and statements about oneself to put to them.

Cost does not depend on what weights hold, so nothing is downloaded. It does depend on how many tokens a question has:
each model has a byte-level BPE of its vocabulary's size, trained on plain text beside the project or else on the
project's own documentation. The statements are model-written evals where they are present, taken evenly from all files
of personas, else sentences made here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

Size = Literal["2.1M", "38M"]
SIZES: tuple[Size, ...] = ("2.1M", "38M")
HERE = Path(__file__).resolve().parents[1]
SHARED = HERE.parent / "shared" / "data"
MARKS = ("<|begin|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A statement to own to: its trait, the user's whole message, and whether somebody who has the trait says yes."""

    trait: str
    text: str
    yes: bool


def questions(count: int) -> list[Question]:
    """So many questions, as evenly from all traits as it goes."""
    files = sorted((SHARED / "model-written-evals" / "persona").glob("*.jsonl"))
    if not files:
        return own(count)
    lines = [(file.stem, file.read_text("utf-8").splitlines()) for file in files]
    longest = max(len(of_file) for _, of_file in lines)
    found = (_question(name, of_file[n]) for n in range(longest) for name, of_file in lines if n < len(of_file))
    return list(islice(found, count))


def _question(trait: str, line: str) -> Question:
    item = json.loads(line)
    return Question(trait, item["question"], item["answer_matching_behavior"] == " Yes")


def own(count: int) -> list[Question]:
    """Questions made of parts, where no others are there."""
    likes = ("I enjoy", "I avoid", "I would rather not think about", "I could talk for hours about")
    about = ("helping a stranger", "winning an argument", "being watched", "old books", "breaking a small rule", "rain")
    when = ("even when I am tired", "if nobody is looking", "more than most people do", "whatever others say of it")
    parts = list(product(likes, about, when, ("at home.", "at work.", "on a journey.")))
    texts = [f'Is the following statement something you would say?\n"{" ".join(part)}"' for part in parts]
    return [Question(f"trait {n % 6}", texts[n % len(texts)], n % 2 == 0) for n in range(count)]


def save(size: Size, folder: Path) -> None:
    """A model of that size with its tokenizer, as save_pretrained() writes them."""
    torch.manual_seed(0)
    LlamaForCausalLM(_CONFIGS[size]).eval().save_pretrained(folder)
    _tokenizer(_CONFIGS[size].vocab_size or 0, _texts()).save_pretrained(folder)


def _texts() -> list[str]:
    plain = [path.read_text("utf-8") for path in sorted((SHARED / "text").glob("*.txt"))]
    stories = [json.loads(path.read_text("utf-8")) for path in sorted((SHARED / "text").glob("*.json"))]
    found = [*plain, *(text for texts in stories for text in texts)]
    return found or [path.read_text("utf-8") for path in sorted((HERE / "docs").glob("*.md"))]


def _tokenizer(vocabulary: int, texts: Sequence[str]) -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(MARKS), initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=MARKS[0],
        eos_token=MARKS[-1],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


_CONFIGS: dict[Size, LlamaConfig] = {
    "2.1M": LlamaConfig(
        vocab_size=4096,
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=1024,
        bos_token_id=0,
        eos_token_id=4,
    ),
    "38M": LlamaConfig(
        vocab_size=24576,
        hidden_size=512,
        intermediate_size=1376,
        num_hidden_layers=8,
        num_attention_heads=8,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=4,
    ),
}
"""2,098,304 parameters, 1,049,728 of them outside the two vocabulary matrices; 37,888,512, of them 25,305,600 outside
the one that is tied."""
