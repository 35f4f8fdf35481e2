"""What the model is asked to say: everyday prompts for a model that chats, the rest of a document for any other."""

from collections.abc import Sequence

import numpy as np

from mesolens.corpus.counting import Counts
from mesolens.errors import BadInput
from mesolens.instruments.average.spec import CLEAN, Ids, Text
from mesolens.model.loaded import LoadedModel
from mesolens.model.writing import written
from mesolens.traits.prompts import Everyday

BEGINNING = 32
"""Tokens of a document that are shown to a model which does not chat, at most half of it."""
_SHORTEST = 8
_MARKER = 8


def chats(model: LoadedModel) -> bool:
    """Whether the model has a chat template of its own."""
    return bool(model.tokenizer is not None and model.tokenizer.chat_template)


def replies(model: LoadedModel, prompts: Sequence[Everyday], most: int, seed: int) -> tuple[Text, ...]:
    """Prompts that the model replies to, `most` of them; where there are fewer, each several times over.

    Raises:
        BadInput: there is no prompt, or the model cannot be asked one.
    """
    if not prompts:
        raise BadInput("no prompts: give a pack that has some")
    order = np.random.default_rng(seed).permutation(len(prompts)).tolist()
    drawn = [(prompts[order[k % len(order)]], k // len(order)) for k in range(most)]
    return tuple(
        Text(f"{prompt.id}/{turn}", CLEAN, prompt.id, written(model.tokenizer, prompt.question).ids)
        for prompt, turn in drawn
    )


def continuations(counts: Counts, most: int, seed: int) -> tuple[Text, ...]:
    """Beginnings of documents that the model goes on with, each document left out of the counts that score it.

    Raises:
        BadInput: no document is long enough to be begun.
    """
    found: list[Text] = []
    for number in np.random.default_rng(seed).permutation(counts.documents).tolist():
        document = counts.document(number)
        size = min(BEGINNING, len(document) // 2)
        if size >= _SHORTEST:
            ids = tuple(int(token) for token in document[:size])
            found.append(Text(f"document {number}", CLEAN, f"document {number}", ids, document=number))
        if len(found) == most:
            break
    if not found:
        raise BadInput(f"no document of the corpus has {2 * _SHORTEST} tokens or more, so none can be begun")
    return tuple(found)


def marker_of(texts: Sequence[Text]) -> Ids:
    """The tokens with which every prompt ends, up to eight: in a chat, what stands before a reply; often none.

    >>> marker_of([Text("a", "", "", (1, 5, 9, 2)), Text("b", "", "", (3, 4, 9, 2))])
    (9, 2)
    """
    prompts = [text.prompt for text in texts]
    if len(set(prompts)) < 2:
        return ()
    size = 0
    while size < _MARKER and all(len(p) > size and p[-size - 1 :] == prompts[0][-size - 1 :] for p in prompts):
        size += 1
    return prompts[0][len(prompts[0]) - size :] if size else ()
