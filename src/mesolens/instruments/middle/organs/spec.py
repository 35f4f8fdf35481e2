"""What is asked of the organs: contrasts of several traits, each seen from several angles.

A view is one contrast from one angle, as token ids. The views of one item are drawn together in every resample, since
they are the same question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mesolens.traits.encode import EncodedContrast

VERSION = 2
CLEAN = "identity"
"""The angle that changes nothing."""
FOUND, HELD, BROKEN = "found", "held", "broken"
"""What a view is for: to find organs by, to try them on, or to see which of them an angle silences."""


@dataclass(frozen=True, slots=True)
class View:
    """One contrast from one angle.

    Attributes:
        contrast: as token ids; its template is the cluster of its item.
        trait: that the contrast is about.
        item: the contrast without its angle.
        angle: from which it is seen, :data:`CLEAN` for none.
        use: :data:`FOUND`, :data:`HELD` (items and angles that organs were not found by) or :data:`BROKEN`.
    """

    contrast: EncodedContrast
    trait: str
    item: str
    angle: str
    use: str


@dataclass(frozen=True, slots=True)
class OrgansSpec:
    """Views, and how groups of leaves are sought and tried.

    Attributes:
        views: in order.
        against: weights hash of the model that is the reference, or "" when prompts are.
        steps, most_steps, tolerance: of the quadrature, as in the middle.
        kept: the part of the gross that the leaves carry which are grouped; all others are the remainder.
        small: the number of leaves beyond which those that nearly agree are taken together first.
        most: the largest number of organs that is tried.
        resamples, rotations: of the consensus, and of its null.
        random: matched random partitions that organs are compared with.
        draws: of the bootstrap of predictions.
        closest: members of an organ whose writes are read as tokens, and views in which its tokens are shown.
        shard_items: views in a shard. batch_tokens: most padded tokens in one forward pass. seed: of every draw.
    """

    views: tuple[View, ...]
    against: str = ""
    steps: int = 8
    most_steps: int = 64
    tolerance: float = 3e-4
    kept: float = 0.95
    small: int = 400
    most: int = 16
    resamples: int = 50
    rotations: int = 39
    random: int = 8
    draws: int = 1000
    closest: int = 64
    shown: int = 3
    shard_items: int = 8
    batch_tokens: int = 4096
    seed: int = 0


BUDGETS: Mapping[str, OrgansSpec] = {
    "quick": OrgansSpec((), rotations=19, random=6),
    "standard": OrgansSpec((), resamples=100, rotations=39, random=20, draws=2000),
    "deep": OrgansSpec((), resamples=200, rotations=199, random=50, draws=5000),
}
"""What each budget spends; `within` puts views in."""


def within(views: tuple[View, ...], budget: str, *, against: str = "", seed: int = 0) -> OrgansSpec:
    """What a budget asks of these views."""
    return replace(BUDGETS[budget], views=views, against=against, seed=seed)
