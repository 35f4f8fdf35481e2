"""From a few stories to rows for one model: what is asked of it when it is to announce, to do, and to end somewhere.

Each item asks for a short story on its own subject that ends with one of the same few words, offered in an order drawn
for it. Whatever the model says, the word it is heading for is read among those words, behind a closing phrase.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.chat import encode_continuation
from mesolens.model.generating import endings
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.model.writing import written
from mesolens.traits.task_ids import Ids

ENDS = ("rain", "tea", "bread", "light")
SUBJECTS = (
    "a boat",
    "a garden",
    "an old dog",
    "two brothers",
    "a train",
    "the first snow",
    "a lost key",
    "a baker",
    "a long walk",
    "a house by the sea",
    "a letter",
    "a small town",
)
CLOSING = " And the story ends with the word"
CHOSEN = "I choose the word"


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One story.

    Attributes:
        prompt: up to where the reply begins.
        announce: up to where the announced word stands.
        deeds: for each announced word, up to where the last word of the story stands.
    """

    prompt: Ids
    announce: Ids
    deeds: tuple[Ids, ...]


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """What is asked about planning.

    Attributes:
        options: the words among which a story ends; `tokens` are theirs where they follow.
        closing: tokens behind which the last word is read.
        draws: replies to each item; again: replies from the middle of each of them.
        most: tokens of a reply.
        refused: why nothing can be asked; "" where it can.
        shard_items: items in a shard, the unit that a kill can lose.
    """

    options: tuple[str, ...]
    tokens: tuple[Ids, ...] = ()
    items: tuple[PlanItem, ...] = ()
    closing: Ids = ()
    stop: tuple[int, ...] = ()
    draws: int = 6
    again: int = 2
    most: int = 24
    seed: int = 0
    refused: str = ""
    shard_items: int = 4
    batch_tokens: int = 4096


def plan_spec(
    model: LoadedModel,
    options: Sequence[str] = ENDS,
    subjects: Sequence[str] = SUBJECTS,
    *,
    draws: int = 6,
    again: int = 2,
    most: int = 24,
    seed: int = 0,
) -> PlanSpec:
    """What is asked of a model about planning, or why it cannot be."""
    if model.tokenizer is None:
        return PlanSpec(tuple(options), refused="the model has no tokenizer, so stories cannot be asked for")
    rng = np.random.default_rng(seed)
    try:
        items = tuple(_item(model.tokenizer, subject, options, rng.permutation(len(options))) for subject in subjects)
        tokens = tuple(_word(model.tokenizer, option) for option in options)
        closing = encode_continuation(model.tokenizer, (), CLOSING)
        _check_window(model, items, most + len(closing) + max(map(len, tokens)))
    except BadInput as problem:
        return PlanSpec(tuple(options), refused=str(problem))
    stop = tuple(sorted(endings(model)))
    return PlanSpec(tuple(options), tokens, items, closing, stop, draws, again, most, seed)


def _item(
    tokenizer: PreTrainedTokenizerBase, subject: str, options: Sequence[str], order: Sequence[int] | np.ndarray
) -> PlanItem:
    offered = ", ".join(options[int(place)] for place in order)
    ask = f"Tell a short story about {subject}. It must end with one of these words: {offered}."
    form = "chat" if tokenizer.chat_template else "raw"

    def put(prefill: str) -> Ids:
        found = written(tokenizer, Question(ask, prefill=prefill, form=form))
        said = str(tokenizer.decode(list(found.ids)))
        if _bare(ask) not in _bare(said):
            raise BadInput(f"the tokenizer cannot write {printable(repr(ask), 60)}")
        return found.ids

    deeds = tuple(put(f"{CHOSEN} {option}.{CLOSING}") for option in options)
    return PlanItem(put(""), put(CHOSEN), deeds)


def _word(tokenizer: PreTrainedTokenizerBase, option: str) -> Ids:
    ids = encode_continuation(tokenizer, (), f" {option}")
    if _bare(str(tokenizer.decode(list(ids)))) != _bare(option):
        raise BadInput(f"the tokenizer cannot write the word {printable(repr(option), 40)}")
    return ids


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


def _check_window(model: LoadedModel, items: Sequence[PlanItem], beyond: int) -> None:
    longest = max(len(ids) for item in items for ids in (item.prompt, *item.deeds)) + beyond
    if model.card.window is not None and longest > model.card.window:
        raise BadInput(f"a story with its question has {longest} tokens, and the model's window {model.card.window}")
