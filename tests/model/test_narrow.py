"""The perceptron at the read positions alone gives what it gives there beside all others, or is not used so."""

from functools import cache, partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mesolens.model.heads import Places
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.narrow import alone, narrow_of
from mesolens.model.taps import Point, tapped
from tests.model import families, tiny

NARROW = {"llama", "gpt2", "gpt_neox", "gpt_neox-sequential", "qwen3", "gemma2", "olmo2", "bloom", "gptj"}
NARROW |= {"granite", "mixtral"}
"""Falcon's adds in place, OPT's runs on rows and tokens in one axis, and Mamba has none."""


@cache
def model(name: str) -> LoadedModel:
    return adopt(families.build(name))


@pytest.mark.parametrize("name", families.FAST)
def test_the_families_that_may_be_narrowed_are_found(name: str) -> None:
    assert (narrow_of(model(name)) is not None) == (name in NARROW)


@pytest.mark.parametrize("name", sorted(NARROW))
@given(positions=st.lists(st.integers(0, 6), min_size=1, max_size=4))
@settings(max_examples=5, deadline=None)
def test_narrowing_changes_nothing_where_it_is_read(name: str, positions: list[int]) -> None:
    loaded, point = model(name), narrow_of(model(name))
    assert point is not None
    rows = len(positions)
    ids_BT = (torch.arange(rows * 7).reshape(rows, 7) * 11 + 2) % 40
    places = Places(torch.arange(rows), torch.tensor(positions))
    with torch.no_grad():
        plain = places.of(loaded.module(ids_BT).logits)
        with tapped(loaded.module, {point: partial(alone, places)}):
            found = places.of(loaded.module(ids_BT).logits)
    assert (found - plain).abs().max() <= 1e-5 * plain.abs().max()


class Mixing(nn.Module):
    """A perceptron that looks at other positions."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, states: Tensor) -> Tensor:
        return self.inner(states.cumsum(1))


class Counting(nn.Module):
    """A perceptron that cannot work on one position."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, states: Tensor) -> Tensor:
        assert states.shape[1] > 1
        return self.inner(states)


@pytest.mark.parametrize("kind", [Mixing, Counting])
def test_a_perceptron_that_is_none_is_found_out(kind: type[nn.Module]) -> None:
    loaded = adopt(tiny.llama())
    assert narrow_of(loaded) == Point("model.layers.1.mlp", "in")
    layer = loaded.module.get_submodule("model.layers.1")
    layer.mlp = kind(layer.mlp)
    assert narrow_of(loaded) is None
