"""What is asked of the middle.

A specification holds token ids only, so a plan needs no tokenizer and a shard nothing beside itself and the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mesolens.traits.encode import EncodedContrast

VERSION = 1
ENGINES = ("gated", "owen")


@dataclass(frozen=True, slots=True)
class Refereeing:
    """How the referee works.

    Attributes:
        alone: most players of which all coalitions are valued; when all leaves are no more, each plays alone.
        groups: stretches into which each writer's neurons are put otherwise.
        width: half width of every player's 95 % interval at which drawing orders stops, as a part of |Δ|.
        most_pairs: pairs of orders after which it stops in any case.
    """

    alone: int = 13
    groups: int = 1
    width: float = 0.02
    most_pairs: int = 512


@dataclass(frozen=True, slots=True)
class Proof:
    """How much is spent on checking a tree and on looking closer at its largest leaves.

    Attributes:
        contrasts: how many contrasts the checks run on, spread over templates.
        parity: leaves, sampled by deciles of their share, that are patched one at a time.
        nulls: matched sets of leaves that are removed in the place of the largest.
        orders: random orders beside the keep and remove curves.
        shuffles: draws of shuffled labels.
        opened: heads, and as many neurons, whose edges and close-ups are taken.
        seen: contrasts for which attention patterns are kept.
    """

    contrasts: int = 16
    parity: int = 40
    nulls: int = 100
    orders: int = 3
    shuffles: int = 100
    opened: int = 16
    seen: int = 4


REFEREES: Mapping[str, Refereeing] = {
    "quick": Refereeing(width=0.05, most_pairs=32),
    "standard": Refereeing(width=0.02, groups=4, most_pairs=128),
    "deep": Refereeing(width=0.01, groups=8, most_pairs=1024),
}
PROOFS: Mapping[str, Proof] = {
    "quick": Proof(),
    "standard": Proof(contrasts=32, parity=120, nulls=200, orders=5, shuffles=1000, opened=32, seen=8),
    "deep": Proof(contrasts=128, parity=400, nulls=1000, orders=10, shuffles=5000, opened=64, seen=16),
}
"""What each budget spends on the referee and on checks."""


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
        resamples: bootstrap draws of templates, for the stability of the largest leaves.
        seed: of the bootstrap, and of every draw of the checks.
        engine: `gated`, which hands over to the referee when its total does not close, or `owen`, the referee alone.
        referee: how the referee works when it is called.
        proof: what is spent on checks and close-ups; None leaves them out.
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
    engine: str = "gated"
    referee: Refereeing = Refereeing()
    proof: Proof | None = None
