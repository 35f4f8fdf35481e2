"""How a person wants the face to be looked at, from a command's options to what is asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mesolens.cli.opening import open_angles, open_corpus, open_pack
from mesolens.errors import BadInput
from mesolens.instruments.face import FaceSpec, face_spec
from mesolens.model.loaded import LoadedModel
from mesolens.runs.settings import Settings

EVERY = 1_000_000
"""Statements of a trait that a person named a file of: all of them."""


@dataclass(frozen=True, slots=True)
class FaceAsk:
    """What a person may say about how the face is looked at; None is "as it comes"."""

    pack: str | None = None
    bank: str | None = None
    traits: str | None = None
    angles: str | None = None
    corpus: str | None = None
    temperature: float = 1.0
    most: int = 64

    @classmethod
    def of(cls, options: Mapping[str, object], temperature: float, most: int) -> "FaceAsk":
        """What a command's options say."""
        named = {name: options.get(name) for name in ("pack", "bank", "traits", "angles", "corpus")}
        return cls(**named, temperature=temperature, most=most)  # pyright: ignore[reportArgumentType]


def face_of(name: str, model: LoadedModel, base: LoadedModel | None, settings: Settings, ask: FaceAsk) -> FaceSpec:
    """What is asked of a model's face.

    Raises:
        BadInput: a file cannot be read, an angle has no such name, or a number makes no sense.
    """
    if not 0 <= ask.temperature < float("inf"):
        raise BadInput(f"--temperature is {ask.temperature:g}; give 0 for the likeliest token, or a positive number")
    if ask.most < 1:
        raise BadInput(f"--most is {ask.most}; give the number of tokens that a reply may have")
    angles, rows = open_angles(ask.angles)
    corpus, digest = open_corpus(name, ask.corpus)
    spec = face_spec(
        open_pack(name, ask.pack, ask.bank, ask.traits),
        budget=settings.budget,
        angles=angles,
        declared=rows,
        statements=None if ask.traits is None else EVERY,
        seed=settings.seed,
        temperature=ask.temperature,
        most=ask.most,
    )
    return replace(spec, base="" if base is None else base.card.weights_hash, corpus=corpus, corpus_hash=digest)
