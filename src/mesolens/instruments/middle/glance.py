"""One look at both ends of a batch: what the opened leaves were, and what reached the map to the logits.

Both are exact runs of unmodified models. The second end is the reference prompt, or the other model on the same prompt.
Only what is looked at is kept of a pass: the opened leaves' columns, and all columns at the places of the readout.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.gates import Gate, gates_of
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
class Reads:
    """The distinct places of a batch's readout: row, position at either end, and weight; a contrast's sum to one."""

    row: Int[Tensor, " M"]
    clean: Int[Tensor, " M"]
    reference: Int[Tensor, " M"]
    weight: Float[Tensor, " M"]


@dataclass(frozen=True, slots=True)
class Glance:
    """What passed in one batch.

    Attributes:
        firsts: the first row of each contrast; of two rows with one prompt the second adds little to see.
        shown: those of them whose attention is kept.
        clean, reference: by gate, the opened leaves' columns [B, T, K, w] of that end, at the end's own positions.
        outputs: by gate, what its linear map gave at the places of the clean readout, [M, d].
        patterns: by gate that shows it, the clean attention of the opened heads, [rows shown, K, T, T].
        ends: what the final norm was given (`in`) and gave (`out`), and what the head was given (`head`), at the places
            of the clean readout, [M, d]; what the model does not have is missing.
    """

    batch: Batch
    reads: Reads
    firsts: tuple[int, ...]
    shown: tuple[int, ...]
    clean: dict[Site, Tensor] = field(default_factory=dict[Site, Tensor])
    reference: dict[Site, Tensor] = field(default_factory=dict[Site, Tensor])
    outputs: dict[Site, Tensor] = field(default_factory=dict[Site, Tensor])
    patterns: dict[Site, Tensor] = field(default_factory=dict[Site, Tensor])
    ends: dict[str, Tensor] = field(default_factory=dict[str, Tensor])


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
    models: tuple[LoadedModel, LoadedModel | None],
    gates: Sequence[Opened],
    rows: Sequence[Row],
    seen: Collection[int],
    batch_tokens: int,
) -> Iterator[Glance]:
    """A glance at each batch of `rows`, with the attention of the contrasts in `seen`.

    `models` are the one at hand and the one that is the reference, if one is.
    """
    model, other = models
    far = (model if other is None else other).module
    for batch in batches_of(rows, batch_tokens, str(model.module.device)):
        items = [row.item for row in batch.rows]
        firsts = tuple(place for place, item in enumerate(items) if items.index(item) == place)
        glance = Glance(batch, reads_of(batch), firsts, tuple(place for place in firsts if items[place] in seen))
        shows = {opened.gate.attends: partial(_show, glance, opened) for opened in gates if opened.gate.attends}
        with _attending(model.module, shows), tapped(model.module, _clean_taps(model.anatomy, gates, glance)):
            logits_at(model.module, batch.clean, batch.clean_reads.positions)
        with _attending(far, dict.fromkeys(shows, _ignore)), tapped(far, _leaf_taps(gates, glance.reference)):
            logits_at(far, batch.reference, batch.reference_reads.positions)
        yield glance


def reads_of(batch: Batch) -> Reads:
    """Where a batch's readout is taken, each place once."""
    here, there = batch.clean_reads, batch.reference_reads
    places = torch.stack([here.row, here.positions[here.place], there.positions[there.place]], 1).unique(dim=0)
    row, clean, reference = places.T.contiguous()
    item = torch.tensor([row.item for row in batch.rows], device=places.device)[row]
    return Reads(row, clean, reference, 1 / (item[:, None] == item).sum(1).double())


def _attending(model: PreTrainedModel, shows: Mapping[str, Show]) -> AbstractContextManager[None]:
    """The same eager attention at both ends, so that what is equal there differs by nothing."""
    return attention_cells(model, shows) if shows else nullcontext()


def _show(glance: Glance, opened: Opened, weights: Tensor, values: Tensor) -> None:
    del values
    glance.patterns[opened.gate.site] = weights[list(glance.shown)][:, list(opened.places)]


def _ignore(weights: Tensor, values: Tensor) -> None:
    del weights, values


def _leaf_taps(gates: Sequence[Opened], store: dict[Site, Tensor]) -> dict[Point, Action]:
    return {Point(opened.gate.module, "in"): partial(_keep_leaves, store, opened) for opened in gates}


def _clean_taps(anatomy: Anatomy, gates: Sequence[Opened], glance: Glance) -> dict[Point, Action]:
    taps = _leaf_taps(gates, glance.clean)
    taps |= {Point(o.gate.module, "out"): partial(_keep_reads, glance, glance.outputs, o.gate.site) for o in gates}
    if anatomy.final_norm is not None:
        for side in ("in", "out"):
            taps[Point(anatomy.final_norm, side)] = partial(_keep_reads, glance, glance.ends, side)
    if anatomy.head is not None:
        taps[Point(anatomy.head, "in")] = partial(_keep_reads, glance, glance.ends, "head")
    return taps


def _keep_leaves(store: dict[Site, Tensor], opened: Opened, live: Tensor) -> None:
    store[opened.gate.site] = opened.of(live)  # indexing copies, so nothing that is changed in place later is kept


def _keep_reads(glance: Glance, store: dict[Site, Tensor] | dict[str, Tensor], name: Site | str, live: Tensor) -> None:
    reads, positions = glance.reads, glance.batch.clean_reads.positions
    place = reads.clean
    if live.shape[1] != glance.batch.clean.shape[1]:  # the model left the other positions out of the way to the logits
        place = torch.searchsorted(positions, reads.clean.contiguous())
    store[name] = live[reads.row, place]  # pyright: ignore[reportArgumentType]
