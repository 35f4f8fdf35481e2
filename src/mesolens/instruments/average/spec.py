"""What is asked of the average: which texts, against which corpus, and how many samples each figure rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mesolens.corpus.sources import Sources
from mesolens.evidence.influence import DAMPING
from mesolens.evidence.shards import Json

VERSION = 1
CLEAN, BROKEN = "clean replies", "broken replies"
"""Strata: the model's own replies, over which the headline is taken, and replies that were nobody's."""
Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus, as a specification and a reading name it.

    Attributes:
        name: for people.
        digest: of what it holds; results are keyed by it.
        documents, tokens: how many.
        tokenizer: hash of the tokenizer whose tokens it holds.
        fraction: the part of the model's training text that it is; None where nobody said.
        sources: where its documents come from; None where nobody knows.
    """

    name: str
    digest: str
    documents: int
    tokens: int
    tokenizer: str
    fraction: float | None = None
    sources: Sources | None = None

    def source(self, document: int) -> str:
        """Where a document comes from, as people call it; "" where nobody knows."""
        return "" if self.sources is None else self.sources.of(document)


@dataclass(frozen=True, slots=True)
class Text:
    """One text whose end is scored.

    Attributes:
        id: names it in tables.
        stratum: :data:`CLEAN`, :data:`BROKEN` or any other.
        cluster: texts of one cluster are alike, so intervals draw them together.
        prompt: what stands before and is not scored, as token ids.
        said: what is scored; None lets the model reply, at temperature 1.
        document: of the corpus that the prompt was cut from, and that is left out of all counts; None for no document.
    """

    id: str
    stratum: str
    cluster: str
    prompt: Ids
    said: Ids | None = None
    document: int | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """That tokens are attributed to documents, and how.

    Attributes:
        texts: the first so many.
        documents: of the corpus that are drawn and looked at; those that hold a text's longest runs come on top.
        buckets: numbers that a gradient is sketched in.
        draws: of each document, with tokens that the model draws, by which the curvature is known.
        damping: over the mean eigenvalue of the curvature.
        temperature: at which every log p is taken; see `design/14-average-documents.md`.
        largest: documents that the reading holds of each token.
        quality: what is known of the attribution's quality by retraining, as the reading says it.
    """

    texts: int
    documents: int = 600
    buckets: int = 4096
    draws: int = 4
    damping: float = DAMPING
    temperature: float = 2.0
    largest: int = 5
    quality: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """That what followed the nearest hidden states of the corpus is a rung above the counts.

    Attributes:
        places: of the corpus whose states are taken; all there are where there are fewer.
        layer: the block behind which they are taken, from 0.
    """

    places: int
    layer: int


@dataclass(frozen=True, slots=True)
class AverageSpec:
    """Texts, a corpus, and the protocol.

    Attributes:
        texts: in order.
        corpus: that the average is of.
        twin: weights hash of a model trained alike, "" when none is given.
        marker: tokens after which the part of a document begins that texts are compared with; none for all of it.
        longest: tokens of the longest reply that is waited for.
        most: tokens of the longest context.
        fit_tokens: of documents, by which weights are fitted.
        held: documents that texts are compared with, each left out of the counts that score it.
        places: of each text where its whole distribution is taken, for the ceiling.
        parts: fractions of the documents at which the share is taken again.
        gathered: most tokens that are held in memory for that.
        shown: texts whose tokens the reading holds.
        alpha: at which a text counts as far from the corpus.
        shard_texts: texts in a shard. batch_tokens: most padded tokens in a pass. resamples: of each bootstrap.
        seed: of every draw.
        attribution: to documents, or None.
        neighbours: the rung of near hidden states, or None.
    """

    texts: tuple[Text, ...]
    corpus: Corpus
    twin: str = ""
    marker: Ids = ()
    longest: int = 64
    most: int = 32
    fit_tokens: int = 40_000
    held: int = 200
    places: int = 6
    parts: tuple[float, ...] = (0.125, 0.25, 0.5)
    gathered: int = 2_000_000
    shown: int = 24
    alpha: float = 0.05
    shard_texts: int = 32
    batch_tokens: int = 8192
    resamples: int = 1000
    seed: int = 0
    attribution: Attribution | None = None
    neighbours: Neighbours | None = None


TEXTS: Mapping[str, int] = {"quick": 64, "standard": 256, "deep": 1024}
"""Texts that the model is asked for under each budget."""

BUDGETS: Mapping[str, dict[str, int]] = {
    "quick": {"fit_tokens": 30_000, "held": 120, "places": 4, "resamples": 400, "gathered": 500_000},
    "standard": {},
    "deep": {"fit_tokens": 120_000, "held": 800, "places": 8, "resamples": 4000, "gathered": 4_000_000},
}

LOOKED: Mapping[str, int] = {"quick": 200, "standard": 600, "deep": 2000}
"""Documents that an attribution looks at under each budget."""

PLACES: Mapping[str, int] = {"quick": 4000, "standard": 16_000, "deep": 64_000}
"""Places of the corpus whose hidden states are neighbours under each budget."""


def within(spec: AverageSpec, budget: str) -> AverageSpec:
    """The same with as many samples as a budget allows."""
    return replace(spec, **BUDGETS[budget])  # pyright: ignore[reportArgumentType]
