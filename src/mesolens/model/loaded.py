"""A model that is ready to be looked into: the module, its tokenizer and its card, held together."""

from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from mesolens.model.anatomy import Anatomy
from mesolens.model.card import ModelCard


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """An unmodified Hugging Face causal LM in evaluation mode, its parameters frozen.

    Attributes:
        module: the model as transformers built it.
        tokenizer: None when the folder has none; contrasts must then be given as token ids.
        card: what plans and reports may know of it, the anatomy included.
        notes: what transformers warned of while it loaded, one line each, fit to print.
    """

    module: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase | None
    card: ModelCard
    notes: tuple[str, ...] = ()

    @property
    def anatomy(self) -> Anatomy:
        """What probing found in it."""
        return self.card.anatomy


def reads_alike(one: LoadedModel, other: LoadedModel) -> bool:
    """Whether a token id stands for the same text in both, whatever templates their tokenizers wrap around a chat."""
    if one.tokenizer is None or other.tokenizer is None:
        return one.tokenizer is other.tokenizer and one.card.vocabulary == other.card.vocabulary
    return one.tokenizer.get_vocab() == other.tokenizer.get_vocab()
