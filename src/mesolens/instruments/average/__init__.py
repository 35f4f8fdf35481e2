"""The averaged face: how much of what a model says an average of its text would also have said.

`plan` lets the model reply and fits the average's weights, `follow` scores every reply and documents of the corpus, and
`read` says what is shared, what a perfect averager could have shared, and which rung explains which bits. The
instrument is bound to a corpus, as :class:`Averaged`.
"""

from mesolens.instruments.average.bound import Averaged
from mesolens.instruments.average.plan import NAME
from mesolens.instruments.average.spec import (
    BROKEN,
    CLEAN,
    LOOKED,
    PLACES,
    TEXTS,
    Attribution,
    AverageSpec,
    Corpus,
    Neighbours,
    Text,
    within,
)

__all__ = [
    "BROKEN",
    "CLEAN",
    "LOOKED",
    "NAME",
    "PLACES",
    "TEXTS",
    "Attribution",
    "AverageSpec",
    "Averaged",
    "Corpus",
    "Neighbours",
    "Text",
    "within",
]
