"""Gated path attribution with a prompt as the reference: one batch, one number of steps.

Both ends are exact runs of the unmodified model. Between them every gate is at the same strength α, at the nodes of
Gauss–Legendre quadrature on [0, 1]; each node is one forward and one backward pass for activations only.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.direct import to_leaves
from mesolens.instruments.middle.gates import Gate, actions_of, add_action, blend, end_of
from mesolens.instruments.middle.ledger import Cells, Ledger, on_clean_positions
from mesolens.instruments.middle.readout import logits_at, metric_of
from mesolens.model.cells import Show, attention_cells
from mesolens.model.sites import EMBED, Site
from mesolens.model.taps import tapped


def nodes_of(steps: int) -> list[tuple[float, float]]:
    """Gauss–Legendre nodes and weights on [0, 1]."""
    at, weight = np.polynomial.legendre.leggauss(steps)
    return [(float(x) / 2 + 0.5, float(w) / 2) for x, w in zip(at, weight, strict=True)]


class PromptPath:
    """The path from a reference prompt to the clean prompt, for one batch.

    Attributes:
        clean, reference: the readout at both ends, float64 in nats, one for each row.
    """

    def __init__(self, model: PreTrainedModel, batch: Batch, gates: Sequence[Gate], *, tokens: bool) -> None:
        self.model, self.batch, self.gates, self.tokens = model, batch, gates, tokens
        self.head_gates = [gate for gate in gates if tokens and gate.attends is not None]
        with torch.no_grad(), self._cells() as seen:
            logits = logits_at(model, batch.clean, batch.clean_reads.positions)
            self.clean = metric_of(logits, batch.clean_reads)
            seen.clear()
            self.frozen, self.reference = reference_run(model, batch, gates)
            self.reference_cells = {site: self._on_clean(cells) for site, cells in seen.items()}

    def _on_clean(self, cells: Cells) -> Cells:
        if self.batch.twin is None:
            return cells
        rows = self.batch.twin[:, None, :, None].expand(-1, cells.weights.shape[1], -1, cells.weights.shape[3])
        return Cells(torch.gather(cells.weights, 2, rows), cells.values)

    def ledger(self, steps: int) -> Ledger:
        """The sums over all nodes of a rule with `steps` nodes."""
        ledger = Ledger(self.batch, self.gates, self.reference_cells, tokens=self.tokens)
        with self._cells() as seen:
            ledger.live_cells = seen
            for strength, weight in nodes_of(steps):
                ledger.begin(weight)
                self._node(ledger, strength)
        return ledger

    def _node(self, ledger: Ledger, strength: float) -> None:
        entry, by_place = list[Tensor](), strength_at(strength, self.batch, self.frozen[EMBED].dtype)
        actions = actions_of(self.gates, partial(self._touch, ledger, entry, by_place))
        add_action(actions, end_of(self.gates), ledger.direct.listen)
        reads = self.batch.clean_reads
        with torch.enable_grad(), tapped(self.model, actions):
            logits = logits_at(self.model, self.batch.clean, reads.positions)
            metric = metric_of(logits, reads)
        torch.autograd.grad(metric.sum(), entry)

    def _touch(self, ledger: Ledger, entry: list[Tensor], strength: float | Tensor, gate: Gate, live: Tensor) -> Tensor:
        if gate.site == EMBED:
            live = live.detach().requires_grad_()
            entry.append(live)
        return blend(strength, partial(self._receive, ledger, strength, gate), live, self.frozen[gate.site])

    def _receive(
        self, ledger: Ledger, strength: float | Tensor, gate: Gate, grad: Tensor, live: Tensor, reference: Tensor
    ) -> None:
        ledger.receive(gate, grad, live, reference)
        ends = ledger.direct.ends()
        live, reference = ends.at(live), ends.at(reference)
        blended = torch.lerp(reference, live, ends.at(strength) if isinstance(strength, Tensor) else strength)
        products = to_leaves(self.model, gate, ends.grad, blended) * (live - reference)
        ledger.direct.add(gate, ends.row, products, ledger.weight)

    @contextmanager
    def _cells(self) -> Generator[dict[Site, Cells]]:
        """While open, each pass leaves the cells of every head gate in the dictionary given."""
        seen: dict[Site, Cells] = {}
        if not self.head_gates:
            yield seen
            return
        with attention_cells(self.model, shows_for(self.head_gates, seen)):
            yield seen


def reference_run(
    model: PreTrainedModel, batch: Batch, gates: Sequence[Gate]
) -> tuple[dict[Site, Tensor], Float[Tensor, " B"]]:
    """What every gate's leaves are in the reference run, at the clean positions, and the readout there."""
    frozen: dict[Site, Tensor] = {}
    with torch.no_grad(), tapped(model, actions_of(gates, partial(_keep, frozen, batch))):
        logits = logits_at(model, batch.reference, batch.reference_reads.positions)
    return frozen, metric_of(logits, batch.reference_reads)


def _keep(frozen: dict[Site, Tensor], batch: Batch, gate: Gate, live: Tensor) -> None:
    frozen[gate.site] = on_clean_positions(live, batch).clone()


def strength_at(strength: float, batch: Batch, dtype: torch.dtype) -> float | Float[Tensor, "B T 1"]:
    """The strength of all gates, or by place where only some positions are gated: the others are live."""
    return strength if batch.gated is None else torch.where(batch.gated, strength, 1.0).to(dtype)[..., None]


def shows_for(gates: Sequence[Gate], seen: dict[Site, Cells]) -> Mapping[str, Show]:
    """For each attending module, what keeps its latest cells in `seen` under its gate's site."""
    return {gate.attends: partial(_show, seen, gate.site) for gate in gates if gate.attends is not None}


def _show(seen: dict[Site, Cells], site: Site, weights: Tensor, values: Tensor) -> None:
    seen[site] = Cells(weights.detach(), values.detach())
