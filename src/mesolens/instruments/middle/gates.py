"""Gates: where leaves are blended, and the one differentiable step that blends them.

At gate strength α a leaf passes on  α·a + (1−α)·a_ref,  where a is what the leaf computes on the blended stream and
a_ref what it was in the reference run. The share of the leaf is  ∫₀¹ ⟨∂m/∂(blended a), a − a_ref⟩ dα  (Aumann and
Shapley, 1974, over gates of components). The gradient meets the difference inside the backward pass and both are
dropped there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import torch
from torch import Tensor

from mesolens.model.anatomy import Anatomy, Block, Writer
from mesolens.model.sites import EMBED, Site
from mesolens.model.taps import Action, Point

Receive = Callable[[Tensor, Tensor, Tensor], None]


@dataclass(frozen=True, slots=True)
class Gate:
    """One place where leaves are blended together.

    Attributes:
        site: the writer, block or `embed` whose leaves these are.
        module: dotted path of the module that is tapped.
        side: `in` and `out` blend what enters or leaves it; `change` blends the difference that a block makes.
        leaves: how many heads or neurons, of `width` columns each; 0 when the site itself is the only leaf.
        writer: what the anatomy knows of it; None for `embed` and for whole blocks.
        block: dotted path of the block that it stands in; "" for what stands around the blocks.
    """

    site: Site
    module: str
    side: Literal["in", "out", "change"]
    leaves: int = 0
    width: int = 1
    writer: Writer | None = None
    block: str = ""

    @property
    def attends(self) -> str | None:
        """The attention module whose cells split this gate's leaves by source token."""
        return None if self.writer is None or not self.leaves else self.writer.attends

    @property
    def count(self) -> int:
        """How many leaves the gate has; 1 when it is one itself."""
        return self.leaves or 1

    @property
    def names(self) -> tuple[str, ...]:
        """The sites of its leaves as text: fast, where there are very many."""
        if not self.leaves or self.writer is None:
            return (str(self.site),)
        return tuple(f"{self.site}.{self.writer.leaf}{i}" for i in range(self.leaves))

    @property
    def sites(self) -> tuple[Site, ...]:
        """The gate's leaves, in the order of the columns."""
        if not self.leaves or self.writer is None:
            return (self.site,)
        leaf, site = self.writer.leaf, self.site
        return tuple(Site(layer=site.layer, writer=site.writer, leaf=leaf, index=i) for i in range(self.leaves))


def gates_of(anatomy: Anatomy) -> tuple[Gate, ...]:
    """Every gate of a model, in the order of the stream; together they hold all that the stream is made of."""
    entry = Gate(EMBED, anatomy.blocks[0].module, "in")
    return (entry, *(gate for block in anatomy.blocks for gate in _of_block(block)))


def shape_of(anatomy: Anatomy) -> tuple[tuple[object, ...], ...]:
    """What two models must share to be blended gate by gate: places and leaves, not the errors measured there."""
    return tuple((gate.site, gate.module, gate.side, gate.leaves, gate.width) for gate in gates_of(anatomy))


def _of_block(block: Block) -> list[Gate]:
    if not block.writers:
        return [Gate(Site(layer=block.layer), block.module, "change", block=block.module)]
    return [_of_writer(writer, block.module) for writer in block.writers]


def _of_writer(writer: Writer, block: str) -> Gate:
    site = Site(layer=writer.layer, writer=writer.name)
    if writer.linear is None or not writer.leaves:
        return Gate(site, writer.module, "out", writer=writer, block=block)
    return Gate(site, writer.linear, "in", writer.leaves, writer.width, writer, block)


def actions_of(gates: Sequence[Gate], touch: Callable[[Gate, Tensor], Tensor | None]) -> dict[Point, Action]:
    """Taps that hand each gate's live value to `touch` and let its answer take the value's place."""
    actions: dict[Point, Action] = {}
    for gate in gates:
        if gate.side == "change":
            entered: list[Tensor] = []
            add_action(actions, Point(gate.module, "in"), entered.append)
            add_action(actions, Point(gate.module, "out"), partial(_changed, gate, entered, touch))
        else:
            add_action(actions, Point(gate.module, gate.side), partial(touch, gate))
    return actions


def end_of(gates: Sequence[Gate]) -> Point:
    """Where the stream leaves the last block."""
    return Point([gate.block for gate in gates if gate.block][-1], "out")


def add_action(actions: dict[Point, Action], point: Point, action: Action) -> None:
    """Let `action` follow what is done at the point already."""
    earlier = actions.get(point)
    actions[point] = action if earlier is None else partial(_both, earlier, action)


def _both(first: Action, second: Action, live: Tensor) -> Tensor | None:
    once = first(live)
    twice = second(live if once is None else once)
    return once if twice is None else twice


def _changed(
    gate: Gate, entered: list[Tensor], touch: Callable[[Gate, Tensor], Tensor | None], live: Tensor
) -> Tensor | None:
    before = entered.pop()
    write = touch(gate, live - before)
    return None if write is None else before + write


class Blend(torch.autograd.Function):
    """`lerp(reference, live, strength)` whose backward pass hands the gradient to a receiver on its way.

    `strength` is a number, or a tensor that is 1 where nothing is gated. The receiver gets (gradient, live, reference)
    and must not keep them.
    """

    @staticmethod
    def forward(ctx: Any, live: Tensor, reference: Tensor, strength: float | Tensor, receive: Receive) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(live, reference)
        ctx.strength, ctx.receive = strength, receive
        return torch.lerp(reference, live, strength)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:  # noqa: ANN401
        (grad,) = grads
        live, reference = ctx.saved_tensors
        ctx.receive(grad, live, reference)
        to_live = grad * ctx.strength if ctx.needs_input_grad[0] else None
        to_reference = grad * (1 - ctx.strength) if ctx.needs_input_grad[1] else None
        return to_live, to_reference, None, None


def blend(strength: float | Tensor, receive: Receive, live: Tensor, reference: Tensor) -> Tensor:
    """The blended value, with `receive` told of its gradient when the backward pass comes by."""
    return cast(Callable[..., Tensor], Blend.apply)(live, reference, strength, receive)
