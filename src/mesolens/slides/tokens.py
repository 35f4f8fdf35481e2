"""The one tokenizer of all mask slides: byte-level BPE, trained on the corpus itself, and a chat template.

Being byte-level it can read any text, also what no slide ever saw. Special tokens mark the roles; the template writes a
chat exactly as the corpus does, so that a chat passed through `apply_chat_template` is a training document's beginning.
"""

from functools import cache

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from mesolens.slides.corpus import ASSISTANT, BEGIN, END, PAD, SYSTEM, USER, Mix, documents

VOCABULARY = 1024
SPECIAL = (BEGIN, SYSTEM, USER, ASSISTANT, END, PAD)
CONTEXT = 512
"""Positions that the learned embeddings of the GPT-2 slide have; training texts are far shorter."""
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer, trained anew from eight chunks of each kind of text; the same bytes every time."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    mixes = (Mix("base", 0), Mix("own", 0))
    core.train_from_iterator((_plain(doc.text) for mix in mixes for doc in documents(mix, 8)), trainer)
    core.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, SPECIAL.index(BEGIN))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
        padding_side="left",
    )


def _plain(text: str) -> str:
    for mark in SPECIAL:
        text = text.replace(mark, "\n")
    return text


def encode(texts: list[str]) -> list[list[int]]:
    """Token ids of written-out documents, whose own `<|begin|>` is the only one."""
    return [list(row) for row in tokenizer()(texts, add_special_tokens=False)["input_ids"]]
