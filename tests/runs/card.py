"""A card of a model that does not exist, for what never looks into one."""

from mesolens.model.anatomy import Anatomy
from mesolens.model.card import ModelCard


def card(weights: str = "00ff", dtype: str = "float32") -> ModelCard:
    """A card whose anatomy is empty."""
    return ModelCard(
        name="slide:nothing",
        architecture="NothingForCausalLM",
        weights_hash=weights,
        tokenizer_hash="",
        parameters=0,
        vocabulary=1,
        window=None,
        dtype=dtype,
        device="cpu",
        anatomy=Anatomy((), None, None, 1, ()),
    )
