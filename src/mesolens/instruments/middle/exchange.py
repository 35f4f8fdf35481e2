"""The game between two models: a live leaf is computed with the one model's weights, a held one with the other's.

Both run on one stream. At a writer's last linear map each model gets its own leaves' part of the input, so the two
outputs add up to  Σ_live W_k a_k + Σ_held W'_k a'_k;  biases, post-norms and the logits are each one or the other's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mesolens.instruments.middle.against import Models
from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.game import masks_of, repeated
from mesolens.instruments.middle.gates import Gate
from mesolens.instruments.middle.lockstep import Join, run_together
from mesolens.instruments.middle.readout import logits_at, metric_of
from mesolens.model.sites import Site
from mesolens.model.taps import Action, Point

Masks = Mapping[Site, Tensor]


class ModelGame:
    """The game between a reference model and the model at hand, on one batch of prompts; see `game.Game`."""

    def __init__(self, models: Models, batch: Batch, gates: Sequence[Gate]) -> None:
        self.models, self.batch, self.gates = models, batch, gates

    def value(self, live: Bool[Tensor, "C N"]) -> Float[Tensor, "C B"]:
        """The readout of every row under each of C coalitions, in nats."""
        count, masks = len(live), masks_of(self.gates, live.to(self.batch.clean.device))
        reads = repeated(self.batch.clean_reads, count, len(self.batch.rows))
        ids = self.batch.clean.repeat(count, 1)
        entry, *inner, last = self.gates
        meets: dict[Point, Join] = {Point(entry.module, "in"): partial(_either, masks[entry.site])}
        meets |= {Point(gate.module, "out"): self._join(gate, masks) for gate in inner if gate.site.leaf != "bias"}
        extra = [self._inputs(masks, ours=ours) for ours in (True, False)]
        passes = [partial(logits_at, model, ids, reads.positions) for model in self.models]
        with torch.no_grad():
            logits = run_together(self.models, meets, extra, passes, partial(_either, masks[last.site]))
            return metric_of(logits.detach(), reads).unflatten(0, (count, -1))

    def _inputs(self, masks: Masks, *, ours: bool) -> Mapping[Point, Action]:
        leafy = (gate for gate in self.gates if gate.leaves)
        return {Point(gate.module, "in"): partial(_part, gate, masks[gate.site] == ours) for gate in leafy}

    def _join(self, gate: Gate, masks: Masks) -> Join:
        if not gate.leaves:
            return partial(_either, masks[gate.site])
        bias = masks.get(replace(gate.site, leaf="bias"))
        if bias is None:
            return torch.add
        ours, theirs = (cast(Tensor, model.get_submodule(gate.module).bias) for model in self.models)
        return partial(_sum, bias, ours, theirs)


def _either(live: Bool[Tensor, "C 1"], ours: Tensor, theirs: Tensor) -> Tensor:
    on = live.repeat_interleave(len(ours) // len(live), 0)
    return torch.where(on.reshape(-1, *[1] * (ours.dim() - 1)), ours, theirs)


def _sum(live: Bool[Tensor, "C 1"], bias: Tensor, other_bias: Tensor, ours: Tensor, theirs: Tensor) -> Tensor:
    """Both outputs, less the bias that is not to count."""
    on = live.repeat_interleave(len(ours) // len(live), 0)[..., None]
    return ours + theirs - torch.where(on, other_bias, bias)


def _part(gate: Gate, on: Bool[Tensor, "C n"], value: Tensor) -> Tensor:
    """The columns of one model's leaves; the others' are zero."""
    columns = on.repeat_interleave(gate.width, 1)[:, None, None]
    return (value.unflatten(0, (len(on), -1)) * columns).flatten(0, 1)
