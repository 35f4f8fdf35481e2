"""The game that the leaves play: v(S) is the readout when the leaves of S are live and every other one is held.

A live leaf passes on what it computes on the stream as the others have left it; a held one passes on what it was in the
reference run. So v(all) is the clean readout, v(none) the reference readout, and v(all but one) exact patching of one
leaf. Every coalition is one plain forward pass; many are run in one batch.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import accumulate
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch, Reads
from mesolens.instruments.middle.gates import Gate, actions_of
from mesolens.instruments.middle.ledger import on_clean_positions
from mesolens.instruments.middle.readout import logits_at, metric_of
from mesolens.model.sites import EMBED, Site
from mesolens.model.skips import kept, skipped
from mesolens.model.taps import tapped

Pass = Mapping[str, object]
"""What each block gave in a pass, by its path: from it a later pass can go on in the middle."""


@runtime_checkable
class Game(Protocol):
    """Coalitions of leaves, for the rows of one batch, with either kind of reference."""

    @property
    def batch(self) -> Batch:
        """The rows that play."""
        ...

    def value(self, live: Bool[Tensor, "C N"]) -> Float[Tensor, "C B"]:
        """The readout of every row under each of C coalitions, in nats; `live` has a column a leaf, in gate order."""
        ...


class PromptGame:
    """The game between a reference prompt and the clean prompt, on one batch."""

    def __init__(self, model: PreTrainedModel, batch: Batch, gates: Sequence[Gate]) -> None:
        self.model, self.batch, self.gates = model, batch, gates
        self.blocks = _blocks(gates)
        self.frozen: dict[Site, Float[Tensor, "B T W"]] = {}
        with torch.no_grad(), tapped(model, actions_of(gates, self._keep)):
            logits_at(model, batch.reference, batch.reference_reads.positions)

    def _keep(self, gate: Gate, live: Tensor) -> None:
        self.frozen[gate.site] = on_clean_positions(live, self.batch).clone()

    def value(self, live: Bool[Tensor, "C N"]) -> Float[Tensor, "C B"]:
        """See :class:`Game`."""
        return self.go_on(live, 0, {})[0]

    def go_on(self, live: Bool[Tensor, "C N"], layer: int, before: Pass) -> tuple[Float[Tensor, "C B"], Pass]:
        """The value of coalitions that differ from those of the pass `before` in layers from `layer` on alone.

        Blocks before `layer` are not run. Gives the values, and the pass from which the next call can go on.
        """
        count = len(live)
        gates = [gate for gate in self.gates if (gate.site.layer or 0) >= layer and (layer == 0 or gate.site != EMBED)]
        masks = masks_of(self.gates, live.to(self.batch.clean.device))
        skips = {path: before[path] for number, path in self.blocks.items() if number < layer}
        reads = repeated(self.batch.clean_reads, count, len(self.batch.rows))
        ids = self.batch.clean.repeat(count, 1)
        actions = actions_of(gates, partial(self._hold, masks))
        with torch.no_grad(), kept(self.model, self.blocks.values()) as seen, skipped(self.model, skips):
            with tapped(self.model, actions):
                metric = metric_of(logits_at(self.model, ids, reads.positions), reads)
            return metric.unflatten(0, (count, -1)), dict(seen)

    @cached_property
    def resumes(self) -> bool:
        """Whether going on in the middle gives what a whole pass gives, tried on two coalitions."""
        generator = torch.Generator().manual_seed(0)
        count, layer = sum(max(gate.leaves, 1) for gate in self.gates), max(self.blocks) // 2 + 1
        lower = sum(max(gate.leaves, 1) for gate in self.gates if gate.site.layer is None or gate.site.layer < layer)
        one, other = torch.rand(2, count, generator=generator) < 0.5
        other[:lower] = one[:lower]
        try:
            _, before = self.go_on(one[None], 0, {})
            again, _ = self.go_on(other[None], layer, before)
        except Exception:
            return False
        return bool((again - self.value(other[None])).abs().max() <= 1e-6)

    def _hold(self, masks: Mapping[Site, Tensor], gate: Gate, value: Tensor) -> Tensor | None:
        on = masks[gate.site].repeat_interleave(gate.width, 1)[:, None, None] if gate.leaves else None
        on = masks[gate.site][:, None, None] if on is None else on
        if bool(on.all()):
            return None
        if self.batch.gated is not None:
            on = on | ~self.batch.gated[None, ..., None]
        rows = value.unflatten(0, (on.shape[0], -1))
        return torch.where(on, rows, self.frozen[gate.site]).flatten(0, 1)


def masks_of(gates: Sequence[Gate], live: Bool[Tensor, "C N"]) -> dict[Site, Bool[Tensor, "C n"]]:
    """The columns of `live` that belong to each gate."""
    counts = [max(gate.leaves, 1) for gate in gates]
    starts = accumulate(counts, initial=0)
    return {gate.site: live[:, at : at + n] for gate, n, at in zip(gates, counts, starts, strict=False)}


def repeated(reads: Reads, times: int, rows: int) -> Reads:
    """The terms of a batch whose rows are repeated one after the other."""
    shift = torch.arange(times, device=reads.row.device).repeat_interleave(len(reads.row)) * rows
    place, token, sign = (part.repeat(times) for part in (reads.place, reads.token, reads.sign))
    return Reads(reads.positions, reads.row.repeat(times) + shift, place, token, sign)


def play(
    value: Callable[[Tensor], Tensor], live: Bool[Tensor, "C N"], batch: Batch, most_tokens: int
) -> Float[Tensor, "C B"]:
    """All coalitions, as many in one pass as keep it within `most_tokens` padded tokens."""
    some = max(1, most_tokens // batch.clean.numel())
    return torch.cat([value(part) for part in live.split(some)])


def _blocks(gates: Sequence[Gate]) -> dict[int, str]:
    """The path of every block, by layer."""
    return {gate.site.layer: gate.block for gate in gates if gate.site.layer is not None}
