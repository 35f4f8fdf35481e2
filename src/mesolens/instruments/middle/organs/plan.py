"""Views to shards, and back."""

from collections.abc import Sequence

from mesolens.errors import BadInput
from mesolens.evidence.shards import Cost, Shard
from mesolens.instruments.middle.organs.spec import FOUND, VERSION, OrgansSpec
from mesolens.instruments.middle.plan import ShardWork, Work, asked, shard_of
from mesolens.instruments.middle.plan import cost as cost_of_shares
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.model.card import ModelCard

NAME = "organs"
FEWEST = 6
"""Items that organs are found by, at least."""


def plan(card: ModelCard, spec: OrgansSpec) -> list[Shard]:
    """The shares of every view, `spec.shard_items` views a shard.

    Raises:
        BadInput: there are too few items to find anything by, or a view lacks its reference.
    """
    items = {view.item for view in spec.views if view.use == FOUND}
    if len(items) < FEWEST:
        raise BadInput(f"organs need {FEWEST} contrasts or more to be found by, and there are {len(items)}")
    for view in spec.views:
        if view.contrast.reference is None and not spec.against:
            raise BadInput(
                f"{view.contrast.id!r} has no reference prompt; give one, or a reference model with --against"
            )
    places = range(0, len(spec.views), spec.shard_items)
    return [_shares(card, spec, range(at, min(at + spec.shard_items, len(spec.views)))) for at in places]


def _shares(card: ModelCard, spec: OrgansSpec, views: Sequence[int]) -> Shard:
    return organ_shard(card, "shares", share_work(spec, views), len(views))


def share_work(spec: OrgansSpec, views: Sequence[int], *, tokens: bool = False, open_neurons: int = 0) -> ShardWork:
    """The gated engine's work on some views, in its own terms."""
    return ShardWork(
        items=tuple(views),
        contrasts=tuple(asked(spec.views[view].contrast, _middle(spec)) for view in views),
        steps=spec.steps,
        most_steps=spec.most_steps,
        tolerance=spec.tolerance,
        tokens=tokens,
        against=spec.against,
        batch_tokens=spec.batch_tokens,
        open_neurons=open_neurons,
    )


def _middle(spec: OrgansSpec) -> MiddleSpec:
    return MiddleSpec(
        tuple(view.contrast for view in spec.views),
        against=spec.against,
        steps=spec.steps,
        batch_tokens=spec.batch_tokens,
        tokens=False,
    )


def organ_shard(card: ModelCard, kind: str, work: Work, rows: int) -> Shard:
    """A shard of one kind of work, bound to the model and the version."""
    return shard_of(card, kind, work, rows, instrument=NAME, version=VERSION)


def cost(card: ModelCard, spec: OrgansSpec) -> Cost:
    """What the shares of all views take; what is tried of the organs afterwards takes about a half as much again."""
    whole = cost_of_shares(card, _middle(spec))
    return Cost(1.5 * whole.flops, whole.bytes)
