"""Documents as the tokens that a model reads, many at a time.

A document begins with the token that the tokenizer begins every text with, if it has one, and once only: training text
that already carries it (the slides' does) keeps its own. No other token is added, and none at the end.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from jaxtyping import Int
from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable

_TOGETHER = 256


def tokenised(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> Iterator[Int[np.ndarray, " T"]]:
    """The token ids of each document, int64.

    Raises:
        BadInput: the tokenizer cannot read a text.
    """
    lead, rest = beginning(tokenizer), iter(texts)
    while some := list(islice(rest, _TOGETHER)):
        for ids in _ids(tokenizer, some):
            yield np.array(ids if ids[: len(lead)] == lead else lead + ids, np.int64)


def beginning(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The token that the tokenizer begins a text with, or none."""
    (added,) = _ids(tokenizer, [""], special=True)
    return [token for token in added[:1] if token == tokenizer.bos_token_id]


def entries(tokenizer: PreTrainedTokenizerBase) -> int:
    """How many token ids the tokenizer can give, counted from 0 to the largest."""
    return max(tokenizer.get_vocab().values()) + 1


def _ids(tokenizer: PreTrainedTokenizerBase, texts: list[str], special: bool = False) -> list[list[int]]:
    try:
        found = tokenizer(texts, add_special_tokens=special, verbose=False)["input_ids"]
    except (ValueError, KeyError, TypeError, UnicodeError) as problem:
        raise BadInput(f"the tokenizer cannot read the text: {printable(str(problem), 160)}") from None
    return [list(map(int, row)) for row in found]
