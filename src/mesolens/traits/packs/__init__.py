"""Packs of contrasts: a slide's own, which lies in its folder, and the default pack for any other model.

The default pack was written for this project: everyday agreement (number, pronoun, tense, sense), trait statements with
yes or no, and the manner of a reply (warm, verse, agreeable, list). It uses short, common words, so that any tokenizer
has tokens for them, and plain text beside chats, so that it serves models with and without a chat template.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast, read_contrasts
from mesolens.traits.encode import EncodedContrast, encode


@dataclass(frozen=True, slots=True)
class Fitted:
    """The part of a pack that a model can read.

    Attributes:
        contrasts: encoded, in the pack's order.
        left_out: for each contrast that does not fit, the reason.
        texts: those that fit, in words.
    """

    contrasts: tuple[EncodedContrast, ...]
    left_out: tuple[str, ...]
    texts: tuple[Contrast, ...]


def default() -> list[Contrast]:
    """The default pack: 48 contrasts in 12 templates."""
    with as_file(files("mesolens.traits.packs") / "everyday.jsonl") as path:
        return read_contrasts(path)


def pack_of(folder: Path | None) -> list[Contrast]:
    """The pack that lies in a model's folder as `contrasts.jsonl`, else the default pack."""
    own = None if folder is None else folder / "contrasts.jsonl"
    return read_contrasts(own) if own is not None and own.is_file() else default()


def fit(contrasts: Sequence[Contrast], model: LoadedModel) -> Fitted:
    """The contrasts of a pack that the model's tokenizer and window can hold; the others are named, not hidden.

    A file that a user gives is encoded whole or refused (:func:`~mesolens.traits.encode.encode`); a pack was not
    written for the model at hand, so what does not fit it is left out.

    Raises:
        BadInput: none of them fits.
    """
    kept: list[EncodedContrast] = []
    left_out: list[str] = []
    texts: list[Contrast] = []
    for contrast in contrasts:
        try:
            kept += encode([contrast], model)
            texts.append(contrast)
        except BadInput as problem:
            left_out.append(str(problem))
    if not kept:
        raise BadInput(f"no contrast of the pack fits {model.card.name} (first: {left_out[0]}); give --contrasts FILE")
    return Fitted(tuple(kept), tuple(left_out), tuple(texts))
