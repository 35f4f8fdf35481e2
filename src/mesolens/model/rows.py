"""Which rows of token ids a model can be fed: none empty, no id that it does not know, none beyond its window."""

from mesolens.errors import BadInput
from mesolens.model.batches import Ids
from mesolens.model.card import ModelCard


def check_row(card: ModelCard, ids: Ids, place: int) -> None:
    """Refuse a row that the model cannot be fed; `place` is its number, for the message.

    Raises:
        BadInput: the row is empty, has an id outside the vocabulary, or is longer than the window.
    """
    size, window = card.vocabulary, card.window
    if not ids:
        raise BadInput(f"row {place} has no tokens; give at least one")
    for token in (min(ids), max(ids)):
        if not 0 <= token < size:
            raise BadInput(
                f"row {place} has token id {token}, outside the model's vocabulary of {size} (0 to {size - 1})"
            )
    if window is not None and len(ids) > window:
        raise BadInput(f"row {place} feeds {len(ids)} tokens and the model's window is {window}; shorten its prompt")
