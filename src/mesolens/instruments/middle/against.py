"""Gated path attribution with another model as the reference: one batch, one number of steps.

At strength α every writer writes  α·f(x) + (1−α)·f_ref(x),  where f and f_ref are the two models' weights on the same
blended stream x; so are the entry of the stream, post-norms and the logits blended. At α = 1 that is the one model and
at α = 0 the other, exactly. A writer's heads and neurons share its gradient g at the linear map's output: leaf k gets
⟨g, W_k a_k − W_ref,k a_ref,k⟩ and the bias ⟨g, b − b_ref⟩, which add up to the writer's share.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.direct import Ends, through, to_write
from mesolens.instruments.middle.gated import nodes_of, shows_for
from mesolens.instruments.middle.gates import Gate, add_action, blend, end_of
from mesolens.instruments.middle.ledger import Cells, Ledger
from mesolens.instruments.middle.lockstep import Join, run_together
from mesolens.instruments.middle.readout import logits_at, metric_of
from mesolens.model.cells import attention_cells
from mesolens.model.linears import weight_columns
from mesolens.model.sites import UNEMBED, Site
from mesolens.model.taps import Action, Point

Models = tuple[PreTrainedModel, PreTrainedModel]
Inputs = tuple[dict[Site, Tensor], dict[Site, Tensor]]


def gates_between(gates: Sequence[Gate], models: Models) -> tuple[Gate, ...]:
    """The gates of one model, and those that exist only between two: biases, post-norms and the way to the logits."""
    more: list[Gate] = []
    for gate in gates:
        more.append(gate)
        if gate.writer is None or not gate.leaves:
            continue
        if getattr(models[0].get_submodule(gate.module), "bias", None) is not None:
            more.append(Gate(replace(gate.site, leaf="bias"), gate.module, "out"))
        if gate.writer.post:
            norm = replace(gate.site, leaf="norm")
            more.append(Gate(norm, gate.writer.post[-1], "out", writer=gate.writer, block=gate.block))
    return (*more, Gate(UNEMBED, "", "out"))


class ModelPath:
    """The path from a reference model to the model at hand, on one batch of prompts.

    Attributes:
        clean, reference: the readout of the model and of the reference model, float64 in nats, one for each row.
    """

    def __init__(self, models: Models, batch: Batch, gates: Sequence[Gate], *, tokens: bool) -> None:
        self.models, self.batch, self.gates, self.tokens = models, batch, gates, tokens
        self.head_gates = [gate for gate in gates if tokens and gate.attends is not None]
        with torch.no_grad(), self._cells():
            self.clean, self.reference = (metric_of(self._logits(m), batch.clean_reads) for m in models)

    def _logits(self, model: PreTrainedModel) -> Tensor:
        return logits_at(model, self.batch.clean, self.batch.clean_reads.positions)

    def ledger(self, steps: int) -> Ledger:
        """The sums over all nodes of a rule with `steps` nodes."""
        with self._cells() as seen:
            ledger = Ledger(self.batch, self.gates, seen[1], tokens=self.tokens)
            ledger.live_cells = seen[0]
            for strength, weight in nodes_of(steps):
                ledger.begin(weight)
                self._node(ledger, strength)
        return ledger

    def _node(self, ledger: Ledger, strength: float) -> None:
        entry: list[Tensor] = []
        inputs: Inputs = ({}, {})
        enter = partial(self._enter, ledger, entry, strength)
        meets: dict[Point, Join] = {Point(self.gates[0].module, "in"): enter}
        for gate in self.gates[1:-1]:
            if gate.site.leaf != "bias":
                receive = partial(self._receive, ledger, gate)
                if gate.leaves:
                    receive = partial(self._to_leaves, ledger, gate, inputs, strength)
                meets[Point(gate.module, "out")] = partial(blend, strength, receive)
        extra: list[dict[Point, Action]] = [
            {Point(gate.module, "in"): partial(_keep, store, gate.site) for gate in self.gates if gate.leaves}
            for store in inputs
        ]
        for actions in extra:
            add_action(actions, end_of(self.gates), ledger.direct.listen)
        last = partial(blend, strength, partial(ledger.receive, self.gates[-1]))
        passes = [partial(self._logits, model) for model in self.models]
        logits = run_together(self.models, meets, extra, passes, last)
        torch.autograd.grad(metric_of(logits, self.batch.clean_reads).sum(), entry)

    def _enter(self, ledger: Ledger, entry: list[Tensor], strength: float, live: Tensor, reference: Tensor) -> Tensor:
        entry.append(live.detach().requires_grad_())
        return blend(strength, partial(self._receive, ledger, self.gates[0]), entry[0], reference)

    def _receive(self, ledger: Ledger, gate: Gate, grad: Tensor, live: Tensor, reference: Tensor) -> None:
        ledger.receive(gate, grad, live, reference)
        ends = ledger.direct.ends()
        products = to_write(gate, ends.grad.to(live.device)) * ends.at(live - reference)
        ledger.direct.add(gate, ends.row, products, ledger.weight)

    def _to_leaves(
        self,
        ledger: Ledger,
        gate: Gate,
        inputs: Inputs,
        strength: float,
        grad: Tensor,
        gave: Tensor,
        other_gave: Tensor,
    ) -> None:
        maps = [model.get_submodule(gate.module) for model in self.models]
        ours, theirs = (weight_columns(linear) for linear in maps)
        live, reference = (store[gate.site].detach() for store in inputs)
        ends = ledger.direct.ends()
        straight = self._before_norms(gate, ends, torch.lerp(ends.at(other_gave), ends.at(gave), strength), strength)
        # ⟨g, W a − W' a'⟩ as two terms that are small when the models are alike, so that little cancels.
        for weight, difference in ((ours - theirs, live), (theirs, live - reference)):
            ledger.add(gate, grad @ weight, difference)
            ledger.direct.add(gate, ends.row, (straight @ weight) * ends.at(difference), ledger.weight)
        for bias_gate in self.gates:
            if bias_gate.site == replace(gate.site, leaf="bias"):
                bias, other_bias = (cast(Tensor, linear.bias) for linear in maps)
                ledger.add(bias_gate, grad, (bias - other_bias).expand_as(grad))
                ledger.direct.add(bias_gate, ends.row, straight * (bias - other_bias), ledger.weight)
        if gate.site in ledger.live_cells:
            heads = (gate.leaves, gate.width)
            clean = ledger.live_cells[gate.site].by_source((grad @ ours).unflatten(-1, heads))
            other = ledger.reference_cells[gate.site].by_source((grad @ theirs).unflatten(-1, heads))
            ledger.add_read(ledger.read, gate, clean)
            ledger.add_read(ledger.read_reference, gate, other)

    def _before_norms(
        self, gate: Gate, ends: Ends, blended: Float[Tensor, "R D"], strength: float
    ) -> Float[Tensor, "R D"]:
        """The direct gradient at what a writer's linear map gives, through the blend of both models' norms."""
        grad = to_write(gate, ends.grad.to(blended.device))
        if gate.writer is None or not gate.writer.post:
            return grad
        parts = zip(self.models, (strength, 1 - strength), strict=True)
        return sum((through(model, gate.writer.post, blended, grad * part) for model, part in parts), grad * 0)

    @contextmanager
    def _cells(self) -> Generator[tuple[dict[Site, Cells], dict[Site, Cells]]]:
        seen: tuple[dict[Site, Cells], dict[Site, Cells]] = ({}, {})
        if not self.head_gates:
            yield seen
            return
        shows = [shows_for(self.head_gates, store) for store in seen]
        with attention_cells(self.models[0], shows[0]), attention_cells(self.models[1], shows[1]):
            yield seen


def _keep(store: dict[Site, Tensor], site: Site, live: Tensor) -> None:
    store[site] = live
