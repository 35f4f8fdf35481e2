"""Taps: what is read is what passed, what is put in is what flows on, and nothing stays behind."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mesolens.model.taps import Point, first_tensor, tapped
from tests.instruments.tiny import opt


class Pair(nn.Module):
    """Gives a tuple or a list whose second member must survive, and takes its input by any way."""

    def __init__(self, kind: Callable[[tuple[object, ...]], object] = tuple) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor, scale: float = 2.0) -> object:
        return self.kind((x * scale, "kept"))


class Net(nn.Module):
    """first → pair → last, the middle called by keyword."""

    def __init__(self, kind: Callable[[tuple[object, ...]], object] = tuple) -> None:
        super().__init__()
        self.first, self.pair, self.last = nn.Linear(3, 3), Pair(kind), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden, kept = self.pair(scale=3.0, x=self.first(x))
        assert kept == "kept"
        return self.last(hidden)


def hooks_of(net: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in net.modules())


points = st.builds(Point, st.sampled_from(["first", "pair", "last"]), st.sampled_from(["in", "out"]))


@given(st.lists(points, unique=True), st.integers(0, 2**31))
@settings(deadline=None)
def test_reading_changes_nothing_and_leaves_nothing(chosen: list[Point], seed: int) -> None:
    torch.manual_seed(seed)
    net, x = Net(), torch.randn(2, 3)
    seen: dict[Point, Tensor] = {}

    def keep(point: Point) -> Callable[[Tensor], None]:
        return lambda tensor: seen.update({point: tensor})

    with torch.no_grad():
        plain = net(x)
        with tapped(net, {point: keep(point) for point in chosen}):
            assert torch.equal(net(x), plain)
    assert set(seen) == set(chosen)
    assert hooks_of(net) == 0


@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize(
    "point", [Point("pair", "in"), Point("pair", "out"), Point("last", "in"), Point("first", "out")]
)
def test_what_is_put_in_is_what_flows_on(kind: type, point: Point) -> None:
    net, value = Net(kind), torch.tensor([[1.0, -2.0, 0.5]])
    scale = 3.0 if point in (Point("pair", "in"), Point("first", "out")) else 1.0
    with torch.no_grad(), tapped(net, {point: lambda _: value}):
        found = net(torch.randn(1, 3))
    assert torch.allclose(found, net.last(scale * value))


@given(st.floats(0, 1), st.integers(0, 2**31))
@settings(deadline=None)
def test_blending_moves_between_two_runs_and_is_exact_at_both_ends(alpha: float, seed: int) -> None:
    torch.manual_seed(seed)
    net, x, other = Net().double(), torch.randn(1, 3).double(), torch.randn(1, 3).double()
    with torch.no_grad():
        start, end, reference = net(other), net(x), net.first(other)
        with tapped(net, {Point("first", "out"): lambda own: alpha * own + (1 - alpha) * reference}):
            assert torch.allclose(net(x), alpha * end + (1 - alpha) * start, atol=1e-12)


def test_gradients_flow_through_what_was_put_in() -> None:
    net, gate = Net(), torch.ones(3, requires_grad=True)
    with tapped(net, {Point("last", "in"): lambda tensor: tensor * gate}):
        net(torch.ones(1, 3)).sum().backward()
    assert gate.grad is not None
    assert gate.grad.abs().sum() > 0


@pytest.mark.parametrize("side", ["in", "out"])
def test_hooks_are_gone_after_an_exception_in_an_action(side: str) -> None:
    net = Net()

    def fail(_: Tensor) -> None:
        raise RuntimeError("in the action")

    with pytest.raises(RuntimeError, match="in the action"), tapped(net, {Point("pair", side): fail}):
        net(torch.ones(1, 3))
    assert hooks_of(net) == 0


def test_a_module_that_is_not_there_leaves_nothing_hooked() -> None:
    net = Net()
    actions = {Point("first", "out"): lambda _: None, Point("nowhere", "out"): lambda _: None}
    with pytest.raises(AttributeError, match="nowhere"), tapped(net, actions):
        pass
    assert hooks_of(net) == 0


def test_taps_nest_and_each_removes_only_its_own() -> None:
    net, x = Net(), torch.ones(1, 3)
    with torch.no_grad():
        plain = net.first(x)
        with tapped(net, {Point("first", "out"): lambda tensor: tensor + 1}):
            with tapped(net, {Point("first", "out"): lambda tensor: tensor * 10}):
                assert torch.allclose(net.first(x), (plain + 1) * 10)
            assert torch.allclose(net.first(x), plain + 1)
    assert hooks_of(net) == 0


def test_what_holds_no_tensor_is_refused_by_name() -> None:
    for passing in ({}, None, ("text", 3), []):
        with pytest.raises(TypeError, match="no tensor among what passes here"):
            first_tensor(passing)


def test_an_action_gets_rows_and_tokens_apart_where_a_module_runs_on_both_in_one_axis() -> None:
    torch.manual_seed(0)
    model, ids = opt().eval(), torch.tensor([[3, 4, 5], [6, 7, 8]])
    seen: list[tuple[int, ...]] = []

    def silence(live: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(live.shape))
        changed = live.clone()
        changed[1] = 0.0
        return changed

    plain = model(input_ids=ids).logits
    with tapped(model, {Point("model.decoder.layers.0.fc2", "out"): silence}):
        touched = model(input_ids=ids).logits
    assert seen == [(2, 3, 16)]
    assert torch.equal(touched[0], plain[0])
    assert not torch.allclose(touched[1], plain[1])
