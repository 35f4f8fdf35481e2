"""From contrasts in words to contrasts in token ids, for one tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.card import ModelCard
from mesolens.model.chat import encode_continuation, encode_prompt, token_texts
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Continuation, Contrast, Ids, Prompt


@dataclass(frozen=True, slots=True)
class EncodedContrast:
    """A contrast as token ids, with the texts of its tokens for people.

    Attributes:
        reference: ids, or None when another model is the reference.
        foil: ids; empty when the readout is log p(target) alone.
        clean_tokens, reference_tokens, target_tokens, foil_tokens: one text for each id.
    """

    id: str
    template: str
    clean: Ids
    reference: Ids | None
    target: Ids
    foil: Ids
    clean_tokens: tuple[str, ...]
    reference_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    foil_tokens: tuple[str, ...]


def encode(contrasts: Sequence[Contrast], model: LoadedModel) -> list[EncodedContrast]:
    """Token ids for each contrast; items without a name are called by their place.

    Raises:
        BadInput: a text tokenises to nothing, an id lies outside the vocabulary, an item does not fit the model's
            window, target and foil are the same, or text is given for a model that has no tokenizer.
    """
    encoded = [_encode(contrast, place, model.tokenizer) for place, contrast in enumerate(contrasts)]
    for item in encoded:
        _check(item, model.card)
    return encoded


def _encode(contrast: Contrast, place: int, tokenizer: PreTrainedTokenizerBase | None) -> EncodedContrast:
    name = contrast.id or f"item {place}"
    clean = _prompt(tokenizer, contrast.clean, name)
    reference = None if contrast.reference is None else _prompt(tokenizer, contrast.reference, name)
    target = _continuation(tokenizer, contrast, contrast.target, name)
    foil = () if contrast.foil is None else _continuation(tokenizer, contrast, contrast.foil, name)
    return EncodedContrast(
        id=name,
        template=contrast.template or name,
        clean=clean,
        reference=reference,
        target=target,
        foil=foil,
        clean_tokens=tuple(token_texts(tokenizer, clean)),
        reference_tokens=tuple(token_texts(tokenizer, reference or ())),
        target_tokens=tuple(token_texts(tokenizer, target)),
        foil_tokens=tuple(token_texts(tokenizer, foil)),
    )


def _prompt(tokenizer: PreTrainedTokenizerBase | None, prompt: Prompt, name: str) -> Ids:
    ids = encode_prompt(tokenizer, prompt).ids
    if not ids:
        raise BadInput(f"{printable(name)}: the prompt {printable(repr(prompt)[:60])} tokenises to nothing")
    return ids


def _continuation(tokenizer: PreTrainedTokenizerBase | None, contrast: Contrast, text: Continuation, name: str) -> Ids:
    ids = text if isinstance(text, tuple) else encode_continuation(tokenizer, contrast.clean, text)
    if not ids:
        raise BadInput(f"{printable(name)}: {printable(repr(text)[:60])} tokenises to nothing; give a target with text")
    return ids


def _check(item: EncodedContrast, card: ModelCard) -> None:
    name = printable(item.id)
    if item.target == item.foil:
        raise BadInput(f"{name}: target and foil are the same tokens, so the readout is always zero")
    for ids in (item.clean, item.reference or (), item.target, item.foil):
        if ids and max(ids) >= card.vocabulary:
            raise BadInput(f"{name}: token id {max(ids)} lies outside the model's vocabulary of {card.vocabulary}")
    longest = max(len(item.clean), len(item.reference or ())) + max(len(item.target), len(item.foil)) - 1
    if card.window is not None and longest > card.window:
        raise BadInput(f"{name}: {longest} tokens do not fit the model's window of {card.window}; shorten the prompt")
