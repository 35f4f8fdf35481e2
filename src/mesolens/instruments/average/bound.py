"""The instrument with the corpus that it measures against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from mesolens.corpus.counting import Counts
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Cost, Shard, Tables
from mesolens.instruments.average import documents, neighbours
from mesolens.instruments.average import plan as planning
from mesolens.instruments.average.read import read
from mesolens.instruments.average.saying import say
from mesolens.instruments.average.scoring import average_of, cover, fit, hold, score
from mesolens.instruments.average.spec import AverageSpec
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class Averaged:
    """The instrument, bound to counts; what they are of stands in the specification.

    Attributes:
        counts: of the corpus that the specification names.
    """

    counts: Counts

    @property
    def NAME(self) -> str:  # noqa: N802, what an instrument is called
        """How plans, readings and the command line call it."""
        return planning.NAME

    def plan(self, card: ModelCard, spec: AverageSpec) -> list[Shard]:
        """Replies, and the average's weights."""
        return planning.plan(card, spec)

    def cost(self, card: ModelCard, spec: AverageSpec) -> Cost:
        """What all of it will take."""
        return planning.cost(card, spec)

    def measure(self, model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
        """The tables of one shard, by its kind; `against` is a model trained alike.

        ==========  =================================================================================================
        `said`      `average-said`: what the model says, and what it makes of each token
        `fit`       `average-weights`: how the average weighs its rungs
        `near`      `average-near`: what near states of the corpus say of every text, where that rung is asked for
        `scored`    `average-scored` and `average-spans`: every text, rung by rung, and its longest runs
        `held`      `average-held`: documents of the corpus, each scored by all others
        `coverage`  `average-coverage`: the share by an average of a part of the documents
        `behind`    `average-behind`: gradients of documents, where an attribution is asked for
        `moved`     `average-moved`: gradients of the tokens that were said
        ==========  =================================================================================================
        """
        kinds: Mapping[str, Callable[[], Tables]] = {
            "said": lambda: say(model, shard, against),
            "fit": lambda: fit(self.counts, shard),
            "near": lambda: neighbours.near(
                model, self.counts, average_of(self.counts, shard), planning.texts_of(shard), shard
            ),
            "scored": lambda: score(model, self.counts, shard),
            "held": lambda: hold(self.counts, shard),
            "coverage": lambda: cover(self.counts, shard),
            "behind": lambda: documents.behind(model, self.counts, shard),
            "moved": lambda: documents.moved(model, shard),
        }
        return kinds[cast(str, shard.depends["kind"])]()

    def follow(self, card: ModelCard, spec: AverageSpec, tables: Tables) -> list[Shard]:
        """Every text and held-out document scored, once the weights are known; then gradients, where they are asked.

        Near states come before texts are scored, where they are asked.
        """
        return planning.follow(card, spec, tables)

    def read(self, tables: Tables, spec: AverageSpec, card: ModelCard) -> Reading:
        """The reading of the average."""
        return read(tables, spec, card)
