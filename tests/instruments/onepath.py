"""An edge by another road: autograd over whole runs of the model, in which only one path is open."""

from collections.abc import Callable
from functools import partial

import torch

from mesolens.instruments.middle.gated import nodes_of
from mesolens.instruments.middle.gates import gates_of
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast

Touch = Callable[[str, torch.Tensor], torch.Tensor]


class OnePath:
    """The edge from a source to a reader of one aligned contrast with one token each as target and foil.

    In a first run the source writes s times its difference more and every other gate is held at its value, so the
    reader hears of it by the stream alone. In a second the reader has that value, and all after it listens. The edge is
    the derivative of the readout by s at 0.
    """

    def __init__(self, model: LoadedModel, item: Contrast, source: str, reader: str) -> None:
        self.model, self.item = model, item
        self.gates = {str(gate.site): gate for gate in gates_of(model.anatomy)}
        (self.writing, self.written), (self.reading, self.read) = self._columns(source), self._columns(reader)
        self.reference: dict[str, torch.Tensor] = {}
        self.live: dict[str, torch.Tensor] = {}
        self.heard: dict[str, torch.Tensor] = {}
        self._run(item.reference, partial(self._keep, self.reference))

    def edge(self, steps: int) -> float:
        """The sum over the nodes of a rule with `steps` nodes."""
        return sum(weight * self._slope(strength) for strength, weight in nodes_of(steps))

    def _slope(self, strength: float) -> float:
        push = torch.zeros((), dtype=torch.float64, requires_grad=True)
        self._run(self.item.clean, partial(self._freeze, strength))
        self._run(self.item.clean, partial(self._speak, strength, push))
        readout = self._run(self.item.clean, partial(self._listen, strength))
        return float(torch.autograd.grad(readout, push)[0])

    def _keep(self, store: dict[str, torch.Tensor], name: str, live: torch.Tensor) -> torch.Tensor:
        store[name] = live.detach()
        return live

    def _blend(self, strength: float, name: str, live: torch.Tensor) -> torch.Tensor:
        return torch.lerp(self.reference[name], live, strength)

    def _freeze(self, strength: float, name: str, live: torch.Tensor) -> torch.Tensor:
        return self._blend(strength, name, self._keep(self.live, name, live))

    def _speak(self, strength: float, push: torch.Tensor, name: str, live: torch.Tensor) -> torch.Tensor:
        self.heard[name] = live
        held = self._blend(strength, name, self.live[name])
        if name != self.writing:
            return held
        more = torch.zeros_like(held)
        more[..., self.written] = (self.live[name] - self.reference[name])[..., self.written]
        return held + push * more

    def _listen(self, strength: float, name: str, live: torch.Tensor) -> torch.Tensor:
        if name == self.reading:
            live = live.clone()
            live[..., self.read] = self.heard[name][..., self.read]
        return self._blend(strength, name, live)

    def _columns(self, leaf: str) -> tuple[str, slice]:
        if leaf in self.gates:
            return leaf, slice(None)
        writer, _, index = leaf.rpartition(".")
        width = self.gates[writer].width
        return writer, slice(int(index[1:]) * width, (int(index[1:]) + 1) * width)

    def _run(self, ids: tuple[int, ...], touch: Touch) -> torch.Tensor:
        module = self.model.module
        handles = [
            module.get_submodule(gate.module).register_forward_pre_hook(
                lambda _, args, name=name: (touch(name, args[0]), *args[1:])
            )
            for name, gate in self.gates.items()
        ]
        try:
            scores = torch.log_softmax(module(torch.tensor([ids])).logits[0, -1].double(), -1)
        finally:
            for handle in handles:
                handle.remove()
        assert self.item.foil is not None
        return scores[self.item.target[0]] - scores[self.item.foil[0]]
