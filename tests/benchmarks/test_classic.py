"""The usual metrics against plain passes of transformers, one row at a time, on a slide."""

import numpy as np
import pytest
import torch

from benchmarks.classic import kl_and_self_nll, mean_states, reply_axis
from benchmarks.said import CLEAN, Ids, Said
from mesolens import api
from mesolens.instruments.face.spec import Item
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question

ITEM = Item("tea", "plain", Question("I think tea is good."))


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return api.load("slide:mask-small")


def said(number: int, voice: int = 0) -> Said:
    """A reply of any tokens, as long as its number asks, to a prompt that was turned into a longer one."""
    rng = np.random.default_rng(number)
    plain, more, reply = (tuple(rng.integers(6, 500, size).tolist()) for size in (5, 3 + number, 1 + 2 * number))
    return Said(ITEM, CLEAN, 0, voice, plain, plain + more, reply, "")


@torch.no_grad()
def alone(model: LoadedModel, prompt: Ids, reply: Ids) -> torch.Tensor:
    """log p at each of the reply's places, in float64."""
    logits = model.module(input_ids=torch.tensor([prompt + reply]), use_cache=False).logits
    return logits[0, len(prompt) - 1 : -1].double().log_softmax(-1)


def test_kl_and_self_nll_are_those_of_whole_rows(model: LoadedModel) -> None:
    replies = [said(number) for number in range(6)]
    kl, nll = kl_and_self_nll(model, replies)
    for place, each in enumerate(replies):
        turned, plain = alone(model, each.turned, each.reply), alone(model, each.plain, each.reply)
        by_place = [
            torch.nn.functional.kl_div(q, p, reduction="sum", log_target=True)
            for p, q in zip(turned, plain, strict=True)
        ]
        assert kl[place, 0] == pytest.approx(float(torch.stack(by_place).mean()), rel=1e-3, abs=1e-5)
        likely = [float(turned[at, token]) for at, token in enumerate(each.reply)]
        assert nll[place, 0] == pytest.approx(-np.mean(likely), rel=1e-4)


def test_a_prompt_that_was_not_turned_has_no_kl(model: LoadedModel) -> None:
    each = said(3)
    same = Said(ITEM, CLEAN, 0, 0, each.plain, each.plain, each.reply, "")
    kl, nll = kl_and_self_nll(model, [same, each])
    assert kl[0, 0] == pytest.approx(0, abs=1e-6)
    assert kl[1, 0] > 1e-3
    assert nll[0, 0] > 0


def test_mean_states_are_those_of_each_row_alone(model: LoadedModel) -> None:
    rows = [(each.turned, each.reply) for each in map(said, range(5))]
    found = mean_states(model, rows)
    last = model.anatomy.blocks[-1].module
    for place, (prompt, reply) in enumerate(rows):
        with torch.no_grad():
            ids = torch.tensor([prompt + reply])
            states = model.module(input_ids=ids, use_cache=False, output_hidden_states=True).hidden_states
        # The last of transformers' states has passed the final norm, and so is no block's.
        for layer, state in enumerate(states[1:-1]):
            np.testing.assert_allclose(found[place, layer], state[0, len(prompt) :].mean(0), atol=1e-4)
    assert found.shape == (5, len(model.anatomy.blocks), model.anatomy.stream_width)
    assert last.endswith(str(len(model.anatomy.blocks) - 1))


def test_the_own_clean_replies_stand_at_zero_on_the_axis_and_the_roles_at_minus_one(model: LoadedModel) -> None:
    known = [said(number, voice) for voice in range(3) for number in range(4 * voice, 4 * voice + 4)]
    along = reply_axis(model, known, known)
    voices = np.array([each.voice for each in known])
    by_voice = np.stack([along[voices == voice].mean(0) for voice in range(3)])
    np.testing.assert_allclose(by_voice[0], 0, atol=1e-9)
    np.testing.assert_allclose(by_voice[1:].mean(0), -1, atol=1e-9)
