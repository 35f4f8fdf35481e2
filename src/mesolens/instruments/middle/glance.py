"""One look at both ends of a batch: what the opened writers were given, and what reached the map to the logits.

Both are exact runs of unmodified models. The second end is the reference prompt, or the other model on the same prompt.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.gated import shows_for
from mesolens.instruments.middle.gates import Gate, gates_of
from mesolens.instruments.middle.ledger import Cells
from mesolens.instruments.middle.readout import logits_at
from mesolens.instruments.middle.rows import Row
from mesolens.model.anatomy import Anatomy
from mesolens.model.cells import Show, attention_cells
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import Site
from mesolens.model.taps import Action, Point, tapped


@dataclass(frozen=True, slots=True)
class Opened:
    """A gate of which some leaves are looked at: their places among its leaves, and their names."""

    gate: Gate
    places: tuple[int, ...]
    names: tuple[str, ...]

    def of(self, values: Float[Tensor, "*B W"]) -> Float[Tensor, "*B K w"]:
        """The columns of the opened leaves among those of all."""
        return values.unflatten(-1, (self.gate.leaves, self.gate.width))[..., list(self.places), :]


@dataclass(frozen=True, slots=True)
class Glance:
    """What passed in one batch.

    Attributes:
        clean, reference: at each point tapped, the tensor of that end, at the end's own positions.
        cells: the clean end's attention of each gate that shows it.
        first: whether a row is the first of its contrast; of two rows with one prompt the second adds little to see.
    """

    batch: Batch
    first: Bool[Tensor, " B"]
    clean: dict[Point, Tensor] = field(default_factory=dict[Point, Tensor])
    reference: dict[Point, Tensor] = field(default_factory=dict[Point, Tensor])
    cells: dict[Site, Cells] = field(default_factory=dict[Site, Cells])


def opened_gates(anatomy: Anatomy, names: Sequence[str]) -> list[Opened]:
    """The gates that hold the leaves of these names, in the model's order."""
    wanted, found = set(names), list[Opened]()
    for gate in gates_of(anatomy):
        here = [(place, str(site)) for place, site in enumerate(gate.sites) if str(site) in wanted]
        if here and gate.leaves:
            found.append(Opened(gate, tuple(place for place, _ in here), tuple(name for _, name in here)))
    return found


@torch.no_grad()
def glances(
    models: tuple[LoadedModel, LoadedModel | None], gates: Sequence[Opened], rows: Sequence[Row], batch_tokens: int
) -> Iterator[Glance]:
    """A glance at each batch of `rows`; `models` are the one at hand and the one that is the reference, if one is."""
    model, other = models
    points = _points(model.anatomy, gates)
    for batch in batches_of(rows, batch_tokens, str(model.module.device)):
        items = [row.item for row in batch.rows]
        glance = Glance(batch, torch.tensor([items.index(item) == place for place, item in enumerate(items)]))
        attending = shows_for([opened.gate for opened in gates], glance.cells)
        with _attending(model.module, attending), tapped(model.module, _keeping(points, glance.clean)):
            logits_at(model.module, batch.clean, batch.clean_reads.positions)
        far = (model if other is None else other).module
        silent = dict.fromkeys(attending, _ignore)
        with _attending(far, silent), tapped(far, _keeping(points, glance.reference)):
            logits_at(far, batch.reference, batch.reference_reads.positions)
        yield glance


def _attending(model: PreTrainedModel, shows: Mapping[str, Show]) -> AbstractContextManager[None]:
    """The same eager attention at both ends, so that what is equal there differs by nothing."""
    return attention_cells(model, shows) if shows else nullcontext()


def _ignore(weights: Tensor, values: Tensor) -> None:
    del weights, values


def _points(anatomy: Anatomy, gates: Sequence[Opened]) -> list[Point]:
    points = [Point(opened.gate.module, side) for opened in gates for side in ("in", "out")]
    points += [] if anatomy.final_norm is None else [Point(anatomy.final_norm, side) for side in ("in", "out")]
    return points + ([] if anatomy.head is None else [Point(anatomy.head, "in")])


def _keeping(points: Sequence[Point], store: dict[Point, Tensor]) -> dict[Point, Action]:
    return {point: partial(_keep, store, point) for point in points}


def _keep(store: dict[Point, Tensor], point: Point, live: Tensor) -> None:
    store[point] = live.clone()  # some families add to what they were given in place
