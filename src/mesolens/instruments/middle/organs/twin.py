"""The organs of a second model in the same run: an instrument of its own, so that tables of the two stay apart."""

from dataclasses import dataclass, replace

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Cost, Shard, Tables
from mesolens.instruments.middle.organs.follow import follow
from mesolens.instruments.middle.organs.measure import measure
from mesolens.instruments.middle.organs.plan import cost as cost_of
from mesolens.instruments.middle.organs.plan import plan as planned
from mesolens.instruments.middle.organs.read import read
from mesolens.instruments.middle.organs.spec import OrgansSpec
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel

NAME = "organs-twin"


@dataclass(frozen=True, slots=True)
class Twin:
    """The instrument, bound to the model that it looks at whatever model a run is about."""

    model: LoadedModel

    @property
    def NAME(self) -> str:  # noqa: N802, as the instruments' modules have it
        """How plans and readings call it."""
        return NAME

    def plan(self, card: ModelCard, spec: OrgansSpec) -> list[Shard]:
        """As of the organs."""
        return [_own(shard) for shard in planned(self.model.card, spec)]

    def cost(self, card: ModelCard, spec: OrgansSpec) -> Cost:
        """As of the organs."""
        return cost_of(self.model.card, spec)

    def measure(self, model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
        """The tables of one shard, by the twin."""
        return measure(self.model, shard, against=against)

    def follow(self, card: ModelCard, spec: OrgansSpec, tables: Tables) -> list[Shard]:
        """As of the organs."""
        return [_own(shard) for shard in follow(self.model.card, spec, tables)]

    def read(self, tables: Tables, spec: OrgansSpec, card: ModelCard) -> Reading:
        """The twin's own reading."""
        return replace(read(tables, spec, self.model.card), instrument=NAME)


def _own(shard: Shard) -> Shard:
    return Shard(NAME, shard.depends, shard.rows)
