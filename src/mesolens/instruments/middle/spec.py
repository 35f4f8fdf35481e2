"""What is asked of the middle.

A specification holds token ids only, so a plan needs no tokenizer and a shard nothing beside itself and the model.
"""

from dataclasses import dataclass

from mesolens.traits.encode import EncodedContrast

VERSION = 1


@dataclass(frozen=True, slots=True)
class MiddleSpec:
    """Contrasts and the protocol under which their shares are taken.

    Attributes:
        contrasts: the items, in order.
        steps: Gauss–Legendre nodes of the first try; doubled while an item's total does not close.
        most_steps: where doubling ends; an item that is still open then makes the reading refuse.
        tolerance: an item is closed when |Σ shares − Δ| is at most this part of |Δ|, or of a tenth of Σ|shares|.
        tokens: whether source tokens are read for heads, the embedding and the largest neurons.
        against: weights hash of the model that is the reference, or "" when prompts are.
        shard_items: items in a shard, the unit that a kill can lose.
        batch_tokens: most padded tokens in one forward pass.
        open_neurons: neurons of a writer whose source tokens are kept, for each item.
        resamples: bootstrap draws of templates for the intervals.
        seed: of the bootstrap.
    """

    contrasts: tuple[EncodedContrast, ...]
    steps: int = 8
    most_steps: int = 64
    tolerance: float = 3e-4
    tokens: bool = True
    against: str = ""
    shard_items: int = 8
    batch_tokens: int = 4096
    open_neurons: int = 16
    resamples: int = 1000
    seed: int = 0
