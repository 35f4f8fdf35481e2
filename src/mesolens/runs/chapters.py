"""One chapter of an audit: plan, measure, keep, follow up, read. Every instrument is these and nothing else."""

from typing import Protocol, TypeVar, runtime_checkable

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Cost, Shard, Tables
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.runs.estimate import Estimate, estimate
from mesolens.runs.local import run_shards
from mesolens.runs.progress import Reporter, silent
from mesolens.runs.store import Store

Spec = TypeVar("Spec", contravariant=True)


@runtime_checkable
class Instrument(Protocol[Spec]):
    """What an instrument is to a run; a module with these names at its top is one."""

    @property
    def NAME(self) -> str:  # noqa: N802, a module's constant
        """How plans, readings and the command line call it."""
        ...

    def plan(self, card: ModelCard, spec: Spec, /) -> list[Shard]:
        """What must be computed: pure, and in the order in which tables are joined."""
        ...

    def cost(self, card: ModelCard, spec: Spec, /) -> Cost:
        """What all of it will take at most."""
        ...

    def measure(self, model: LoadedModel, shard: Shard, /, *, against: LoadedModel | None) -> Tables:
        """The tables of one shard: heavy, and touching nothing but its arguments."""
        ...

    def follow(self, card: ModelCard, spec: Spec, tables: Tables, /) -> list[Shard]:
        """What must be computed next, once `tables` are there: pure; nothing when all is."""
        ...

    def read(self, tables: Tables, spec: Spec, card: ModelCard, /) -> Reading:
        """The conclusion: pure, and repeatable from the run folder alone."""
        ...


def foresee(instrument: Instrument[Spec], card: ModelCard, spec: Spec, store: Store) -> Estimate | None:
    """What the run folder still lacks will take; None when it lacks nothing. Writes nothing.

    Raises:
        BadInput: there is nothing to compute, or it cannot fit into memory.
    """
    shards = instrument.plan(card, spec)
    if not shards:
        raise BadInput(f"{instrument.NAME}: there is nothing to compute, as no item was given")
    part = _open_part(shards, store)
    if part == 0:
        return None
    whole = instrument.cost(card, spec)
    return estimate(Cost(whole.flops * part, whole.bytes), card.device, card.dtype)


def run_chapter(
    instrument: Instrument[Spec],
    model: LoadedModel,
    spec: Spec,
    store: Store,
    *,
    against: LoadedModel | None = None,
    reporter: Reporter = silent,
) -> Reading:
    """Compute what the run folder does not hold yet, and conclude from all of it.

    Raises:
        Incomplete: the work stopped before its end; the same call resumes it.
    """
    planned: dict[str, Shard] = {}
    more = instrument.plan(model.card, spec)
    tables: Tables = {}
    while more:
        planned |= {shard.key: shard for shard in more}
        store.write_plan(instrument.NAME, list(planned.values()))
        run_shards(more, lambda shard: instrument.measure(model, shard, against=against), store, reporter)
        # Another process in this folder may have begun its plan anew; then the same work is asked for again, and found.
        tables = store.tables(instrument.NAME)
        more = instrument.follow(model.card, spec, tables)
    reading = instrument.read(tables, spec, model.card)
    store.write_json(f"readings/{instrument.NAME}", reading.to_json())
    return reading


def _open_part(shards: list[Shard], store: Store) -> float:
    left = sum(shard.rows for shard in shards if not store.done(shard.key))
    return left / sum(shard.rows for shard in shards)
