"""Contrasts to shards, and back: all that a shard's result depends on is in the shard, as JSON."""

from collections.abc import Sequence
from dataclasses import Field, asdict, dataclass, replace
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from mesolens.errors import BadInput
from mesolens.evidence.shards import Cost, Json, Shard
from mesolens.instruments.middle.rows import rows_of
from mesolens.instruments.middle.spec import ENGINES, VERSION, MiddleSpec, Proof
from mesolens.model.card import ModelCard
from mesolens.traits.encode import EncodedContrast

NAME = "middle"
FEWEST_PAIRS = 4
"""Pairs of orders that the referee draws at least."""


@runtime_checkable
class Work(Protocol):
    """What a shard is to do: a dataclass, of whatever kind."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True, slots=True)
class ShardWork:
    """A shard's work in the instrument's own terms; see :class:`MiddleSpec` for the fields that it shares."""

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    steps: int
    most_steps: int
    tolerance: float
    tokens: bool
    against: str
    batch_tokens: int
    open_neurons: int


@dataclass(frozen=True, slots=True)
class OwenWork:
    """A shard of the referee's work.

    Attributes:
        alone: most players that are enumerated; when all leaves are no more than that, each plays alone.
        groups: stretches into which each writer's neurons are put otherwise.
        width: half width of every player's interval at which drawing stops, as a part of |Δ|.
        most_pairs: pairs of orders after which it stops in any case.
    """

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    against: str
    batch_tokens: int
    alone: int
    groups: int
    width: float
    most_pairs: int
    seed: int


def plan(card: ModelCard, spec: MiddleSpec) -> list[Shard]:
    """Shards of `spec.shard_items` contrasts, in order.

    Raises:
        BadInput: there are no contrasts, or a contrast without a reference prompt needs `against`.
    """
    if not spec.contrasts:
        raise BadInput("no contrasts: the middle needs at least one pair of prompts")
    for contrast in spec.contrasts:
        if contrast.reference is None and not spec.against:
            raise BadInput(f"{contrast.id!r} has no reference prompt; give one, or a reference model with --against")
    if spec.engine not in ENGINES:
        raise BadInput(f"no engine is called {spec.engine!r}; there are {' and '.join(ENGINES)}")
    if spec.engine == "owen":
        return referee_shards(card, spec)
    return [_shard(card, spec, part) for part in parts_of(spec)]


def parts_of(spec: MiddleSpec) -> list[range]:
    """The contrasts of each shard."""
    count, size = len(spec.contrasts), spec.shard_items
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def referee_shards(card: ModelCard, spec: MiddleSpec) -> list[Shard]:
    """The referee's work on all contrasts."""
    return [shard_of(card, "owen", _referred(spec, part), len(part)) for part in parts_of(spec)]


def _referred(spec: MiddleSpec, items: Sequence[int]) -> OwenWork:
    return OwenWork(
        items=tuple(items),
        contrasts=tuple(asked(spec.contrasts[item], spec) for item in items),
        against=spec.against,
        batch_tokens=spec.batch_tokens,
        alone=spec.referee.alone,
        groups=spec.referee.groups,
        width=spec.referee.width,
        most_pairs=spec.referee.most_pairs,
        seed=spec.seed,
    )


def _shard(card: ModelCard, spec: MiddleSpec, items: Sequence[int]) -> Shard:
    work = ShardWork(
        items=tuple(items),
        contrasts=tuple(asked(spec.contrasts[item], spec) for item in items),
        steps=spec.steps,
        most_steps=spec.most_steps,
        tolerance=spec.tolerance,
        tokens=spec.tokens,
        against=spec.against,
        batch_tokens=spec.batch_tokens,
        open_neurons=spec.open_neurons,
    )
    return shard_of(card, "gated", work, len(items))


def shard_of(
    card: ModelCard, kind: str, work: Work, rows: int, *, instrument: str = NAME, version: int = VERSION
) -> Shard:
    """A shard of one kind of work, bound to the model and the version."""
    depends: dict[str, Json] = {
        "version": version,
        "model": card.weights_hash,
        "dtype": card.dtype,
        "kind": kind,
        "work": cast(Json, asdict(work)),
    }
    return Shard(instrument, depends, rows)


def asked(contrast: EncodedContrast, spec: MiddleSpec) -> EncodedContrast:
    """The contrast as it is measured: where a model is the reference, a reference prompt plays no part."""
    return replace(contrast, reference=None, reference_tokens=()) if spec.against else contrast


def work_of(shard: Shard) -> ShardWork:
    """The work that :func:`plan` put into a shard."""
    return ShardWork(**fields_of(shard))


def fields_of(shard: Shard) -> dict[str, Any]:
    """The fields of a shard's work, with tuples and contrasts as they were before they became JSON."""
    fields = _tuples(cast(dict[str, Any], shard.depends["work"]))
    contrasts = cast("tuple[dict[str, Any], ...]", fields["contrasts"])
    return {**fields, "contrasts": tuple(contrast_from(contrast) for contrast in contrasts)}


def contrast_from(fields: dict[str, Any]) -> EncodedContrast:
    """The contrast that `asdict` and JSON made of one."""
    return EncodedContrast(**_tuples(fields))


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _orders(card: ModelCard, spec: MiddleSpec) -> int:
    """The fewest forward passes that the referee makes of each contrast."""
    heads = sum(writer.leaves if writer.leaf == "h" else spec.referee.groups for writer in card.anatomy.writers)
    return 2**heads if heads < spec.referee.alone else FEWEST_PAIRS * (heads + 1)


def _coalitions(card: ModelCard, proof: Proof) -> int:
    """About how many forward passes the checks make of each contrast."""
    leaves = sum(max(writer.leaves, 1) for writer in card.anatomy.writers)
    return 2 * proof.parity + proof.nulls + 2 * (proof.orders + 1) * (leaves.bit_length() + 1)


def cost(card: ModelCard, spec: MiddleSpec) -> Cost:
    """Operations of the first number of steps and of the checks, and the memory of the largest batch.

    A referee who is called by what is found is not foreseen. A pass forward takes 2 operations for each parameter
    and token, and the backward pass for activations as many again. Memory holds, for each token, the activations that a
    training step would keep (about 16 a parameter-row of the stream for each writer) and three tensors for each gate.
    """
    rows = [row for item, contrast in enumerate(spec.contrasts) for row in rows_of(item, asked(contrast, spec))]
    tokens = sum(len(row.clean) + len(row.reference) for row in rows)
    passes = 2 if spec.against else 1
    clean = sum(len(row.clean) for row in rows)
    each = _orders(card, spec) if spec.engine == "owen" else 2 * spec.steps
    flops = 2.0 * card.parameters * (tokens + passes * each * clean)
    if spec.proof is not None:
        part = min(1.0, spec.proof.contrasts / len(spec.contrasts))
        flops += 2.0 * card.parameters * passes * part * tokens * _coalitions(card, spec.proof)
    columns = sum(writer.leaves * writer.width for writer in card.anatomy.writers)
    width = 4 * columns + 16 * card.anatomy.stream_width * max(len(card.anatomy.blocks), 1)
    longest = max(len(row.clean) for row in rows) * 2
    batch = min(max(spec.batch_tokens, longest), max(tokens, longest))
    logits = 24.0 * card.vocabulary * min(batch, 2 * spec.shard_items * 8)
    return Cost(flops, 4.0 * batch * width * passes + logits)
