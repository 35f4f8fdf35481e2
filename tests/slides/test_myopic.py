"""Myopic training: the same numbers as plain attention, and gradients that reach no earlier state."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.slides.myopic import NAME, myopic
from mesolens.slides.pointed import newborn
from mesolens.slides.pointer import MOST, apart, asked

LENGTH = 9


def ids(seed: int) -> Tensor:
    return torch.randint(4, 20, (2, LENGTH), generator=torch.Generator().manual_seed(seed))


def reached(module: PreTrainedModel, place: int, seed: int) -> Tensor:
    """How much the loss at one place moves the embedding of each place."""
    whole: Any = module
    states = whole.model.embed_tokens(ids(seed)).detach().requires_grad_()
    whole(inputs_embeds=states).logits[:, place].square().sum().backward()
    return states.grad.abs().sum((0, 2))


@given(st.integers(0, 99), st.integers(1, LENGTH - 1))
@settings(max_examples=8, deadline=None)
def test_a_loss_reaches_its_own_state_and_no_earlier_one(seed: int, place: int) -> None:
    module = newborn(seed)
    plain = reached(module, place, seed)
    assert bool((plain[: place + 1] > 0).all())
    with myopic(module):
        found = reached(module, place, seed)
    assert float(found[place]) > 0
    assert float(found[:place].sum() + found[place + 1 :].sum()) == 0


def test_numbers_are_those_of_plain_attention_under_any_mask() -> None:
    module, batch = newborn(3).eval(), asked(2, MOST, torch.Generator().manual_seed(1))
    mask, places, _ = apart()
    whole: Any = module

    def logits() -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            under = whole(
                batch.ids, attention_mask=mask.expand(2, 1, *mask.shape[2:]), position_ids=places.expand(2, -1)
            )
            return whole(batch.ids).logits, under.logits

    plain = logits()
    with myopic(module):
        assert whole.config._attn_implementation == NAME
        for one, other in zip(plain, logits(), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_a_model_of_one_block_learns_the_same_but_for_its_embedding() -> None:
    """Nothing stands between its keys and the words, so weights of its block have the gradients that they had."""
    module = newborn(5)
    whole: Any = module
    del whole.model.layers[1:]
    names = [f"model.layers.0.self_attn.{each}_proj.weight" for each in "qkvo"]

    def gradients() -> dict[str, Tensor]:
        module.zero_grad()
        whole(ids(2)).logits.square().sum().backward()
        return {name: weight.grad.clone() for name, weight in module.named_parameters() if weight.grad is not None}

    plain = gradients()
    with myopic(module):
        found = gradients()
    for name in names:
        torch.testing.assert_close(found[name], plain[name], rtol=1e-3, atol=1e-4 * float(plain[name].abs().max()))
    assert not torch.allclose(found["model.embed_tokens.weight"], plain["model.embed_tokens.weight"], rtol=1e-2)


def test_afterwards_the_model_is_as_it_was() -> None:
    module = newborn(1)
    whole: Any = module
    before = whole.config._attn_implementation
    with pytest.raises(RuntimeError, match="stop"), myopic(module):
        raise RuntimeError("stop")
    assert whole.config._attn_implementation == before
    attention = whole.model.layers[0].self_attn
    assert not attention._forward_pre_hooks
    assert [name for name in vars(attention) if name.startswith("_myopic")] == []
