"""Logits at some places are those of a plain pass at these places."""

from functools import cache
from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mesolens.model import heads
from mesolens.model.heads import Places, head_of, logits_at
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from tests.model import families, tiny

VOCABULARY = 40


@cache
def model(name: str) -> LoadedModel:
    return adopt(families.build(name))


@pytest.mark.parametrize("name", families.FAST)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), min_size=1, max_size=12), st.booleans())
@settings(max_examples=8, deadline=None)
def test_logits_at_places_are_those_of_the_whole_pass(
    name: str, wanted: list[tuple[int, int]], through_the_head: bool
) -> None:
    loaded = model(name)
    ids_BT = (torch.arange(27).reshape(3, 9) * 7 + 1) % VOCABULARY
    rows, positions = torch.tensor(wanted).T
    with torch.no_grad():
        plain = loaded.module(ids_BT).logits[rows, positions]
        head = head_of(loaded.module, loaded.anatomy, VOCABULARY) if through_the_head else None
        found = logits_at(loaded.module, ids_BT, Places(rows, positions), head, use_cache=False)
    assert (found - plain).abs().max() <= 1e-5 * plain.abs().max()


def test_the_head_runs_on_the_wanted_places_alone() -> None:
    loaded = adopt(tiny.llama())
    head = head_of(loaded.module, loaded.anatomy, tiny.VOCABULARY)
    assert head == "lm_head"
    seen: list[tuple[int, ...]] = []
    handle = loaded.module.get_submodule(head).register_forward_hook(lambda _, args, out: seen.append(tuple(out.shape)))
    logits_at(
        loaded.module, torch.ones(4, 6, dtype=torch.long), Places(torch.tensor([3, 0]), torch.tensor([5, 2])), head
    )
    handle.remove()
    assert seen == [(1, 2, tiny.VOCABULARY)]


class Centred(nn.Module):
    """A head whose logits depend on what else is projected beside them."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, states: Tensor) -> Tensor:
        logits = self.inner(states)
        return logits - logits.mean((0, 1), keepdim=True)


def test_a_head_that_looks_at_other_places_is_found_out() -> None:
    loaded = adopt(tiny.llama())
    module = tiny.llama()
    module.lm_head = Centred(module.lm_head)
    assert head_of(module, loaded.anatomy, tiny.VOCABULARY) is None


def test_hooks_are_gone_when_a_pass_fails() -> None:
    loaded = adopt(tiny.llama())
    ids = torch.ones(1, 4, dtype=torch.long)
    with pytest.raises(IndexError):
        logits_at(loaded.module, ids, Places(torch.tensor([0]), torch.tensor([4])), "lm_head")
    assert not any(part._forward_pre_hooks or part._forward_hooks for part in loaded.module.modules())


def test_a_model_that_cannot_be_told_what_to_keep_gives_the_same() -> None:
    loaded = adopt(tiny.gpt2())
    ids, places = torch.arange(12).reshape(2, 6), Places(torch.tensor([1, 0, 1]), torch.tensor([2, 5, 0]))
    with torch.no_grad(), patch.object(heads, "accepted", lambda module: frozenset()):
        full = logits_at(loaded.module, ids, places, None)
    assert (full - logits_at(loaded.module, ids, places, None)).abs().max() <= 1e-5
