"""The logit lens: for the true last states it is the model itself, in every family whose stream is found."""

import pytest
import torch

from mesolens.model import lens as room
from mesolens.model.lens import lens
from mesolens.model.load import adopt
from mesolens.model.taps import Point, tapped
from tests.model.families import ALL, FAST, build

UNREADABLE = ("gemma3n", "xlstm")
"""No one residual stream, and a model that does not run on ids alone."""


def last_states(name: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The lens of the last block's states, what the model says there, and the states."""
    model = adopt(build(name))
    seen: list[torch.Tensor] = []
    ids = torch.arange(14).reshape(2, 7) * 3 % 40
    last = Point(model.anatomy.blocks[-1].module, "out")
    with torch.no_grad(), tapped(model.module, {last: lambda states: seen.append(states.clone())}):
        truth = model.module(input_ids=ids, use_cache=False).logits
    return lens(model, seen[0].flatten(0, 1)), truth.flatten(0, 1), seen[0]


@pytest.mark.parametrize("name", [*FAST, "gemma3"])
def test_of_the_last_states_it_is_the_models_own_logits(name: str) -> None:
    found, truth, _ = last_states(name)
    assert float((found - truth).abs().max()) <= 1e-5 * max(1.0, float(truth.abs().max()))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(ALL) - {*FAST, "gemma3", *UNREADABLE}))
def test_of_every_other_family_too(name: str) -> None:
    found, truth, _ = last_states(name)
    assert float((found - truth).abs().max()) <= 1e-5 * max(1.0, float(truth.abs().max()))


def test_soft_caps_and_scales_behind_the_head_are_the_models_own() -> None:
    """By another road: norm, head and cap written out for one family, on states of an earlier block."""
    model = adopt(build("gemma2"))
    states = torch.randn(5, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        plain = model.module.lm_head(model.module.model.norm(states))
    cap = float(model.module.config.final_logit_softcapping)
    torch.testing.assert_close(lens(model, states), cap * torch.tanh(plain / cap), atol=1e-5, rtol=1e-5)
    assert float(plain.abs().max()) > cap / 2  # the cap does something here


def test_parts_are_the_whole_and_leave_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    model = adopt(build("llama"))
    states = torch.randn(11, 32, generator=torch.Generator().manual_seed(0))
    whole = lens(model, states)
    monkeypatch.setattr(room, "_ROWS", 3)
    torch.testing.assert_close(lens(model, states), whole, atol=1e-6, rtol=1e-5)
    parts = room.lens_parts(model, states)
    next(parts)
    parts.close()
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in model.module.modules())
