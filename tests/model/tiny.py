"""Tiny models and a tokenizer, made on the spot, that the tests of the model floor share."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

torch.set_num_threads(1)

VOCABULARY = 320
WINDOW = 96
CHATML = (
    "{{ bos_token }}{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] | trim + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def llama(seed: int = 0) -> PreTrainedModel:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=WINDOW,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.2,
    )
    return LlamaForCausalLM(config).eval()


def gpt2(seed: int = 0) -> PreTrainedModel:
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=WINDOW,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.2,
    )
    return GPT2LMHeadModel(config).eval()


def neox(seed: int = 0) -> PreTrainedModel:
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=WINDOW,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.2,
    )
    return GPTNeoXForCausalLM(config).eval()


FAMILIES = {"llama": llama, "gpt2": gpt2, "neox": neox}


def tokenizer(template: str | None = CHATML, ending: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained on a few sentences; it puts `<|begin|>` before each text, `<|end|>` after if asked."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    marks = ["<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=marks,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(["The fox sees the user and the assistant. system: user: assistant: yes no"] * 9, trainer)
    core.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A <|end|>" if ending else "<|begin|> $A",
        pair="<|begin|> $A $B",
        special_tokens=[("<|begin|>", 0), ("<|end|>", 1)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|begin|>",
        eos_token="<|end|>",
        chat_template=template,
        clean_up_tokenization_spaces=False,
    )


def saved(folder: Path, family: str = "llama", with_tokenizer: bool = True) -> Path:
    """A folder as save_pretrained() writes it."""
    FAMILIES[family]().save_pretrained(folder)
    if with_tokenizer:
        tokenizer().save_pretrained(folder)
    return folder
