"""What a plan may know of a model: enough to decide what must be computed, without its weights."""

from dataclasses import dataclass

from mesolens.model.anatomy import Anatomy


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A loaded model, described.

    Attributes:
        name: what the user called it (`slide:mask`, a folder, `org/name@revision`).
        architecture: the class that transformers built.
        weights_hash: hex digest over the weights' and configuration's bytes; results are keyed by it.
        tokenizer_hash: hex digest of the tokenizer, or "" when the model has none.
        parameters: how many there are.
        vocabulary: rows of the embedding.
        window: longest input in tokens, or None when the configuration does not say.
        dtype, device: as torch prints them.
    """

    name: str
    architecture: str
    weights_hash: str
    tokenizer_hash: str
    parameters: int
    vocabulary: int
    window: int | None
    dtype: str
    device: str
    anatomy: Anatomy
