"""Replies: transformers' own tokens, whatever is replied to beside them; drawn tokens as often as they are likely."""

from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from mesolens import api
from mesolens.errors import BadInput
from mesolens.model import generating, heads, speaking
from mesolens.model.generating import Generated, Ids, chosen, endings, generate, uniforms
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.speaking import Remembering, Whole, mouth_of
from mesolens.slides import replies
from mesolens.slides.grid import plain
from tests.model import families, tiny

MOST = 12
NONE: frozenset[int] = frozenset()
WAYS = {"llama": "padded", "gpt2": "padded", "opt": "padded", "bloom": "padded", "mpt": "even", "gpt_neo": "even"}
WAYS |= {"gemma2": "whole", "mistral": "whole", "mamba": "whole"}
"""How models of a family may go on. MPT's and GPT-Neo's positions do not follow a mask; the last three keep a window or
a state."""


@cache
def model(family: str) -> LoadedModel:
    return adopt(tiny.FAMILIES[family]() if family in tiny.FAMILIES else families.build(family))


def alone(loaded: LoadedModel, prompt: Ids, most: int, stop: frozenset[int] = NONE) -> Generated:
    """The plain way: the whole row again for every token, nothing beside it."""
    ids = list(prompt)
    while len(ids) < len(prompt) + most:
        with torch.no_grad():
            ids.append(int(loaded.module(torch.tensor([ids])).logits[0, -1].argmax()))
        if ids[-1] in stop:
            return Generated(tuple(ids[len(prompt) :]), True)
    return Generated(tuple(ids[len(prompt) :]), False)


PROMPTS = st.lists(st.lists(st.integers(0, 39), min_size=1, max_size=14).map(tuple), min_size=1, max_size=12)


@pytest.mark.parametrize("family", WAYS)
@given(prompts=PROMPTS, stop=st.frozensets(st.integers(0, 39), max_size=6), budget=st.sampled_from([1, 64, 4096]))
@settings(max_examples=6, deadline=None)
def test_replies_are_those_of_whole_rows_alone(
    family: str, prompts: list[Ids], stop: frozenset[int], budget: int
) -> None:
    loaded = model(family)
    found = generate(loaded, prompts, most=MOST, seeds=range(len(prompts)), stop=stop, batch_tokens=budget)
    assert found == [alone(loaded, prompt, MOST, stop) for prompt in prompts]


@pytest.mark.parametrize("family", WAYS)
def test_the_way_that_a_family_goes_on_is_found(family: str) -> None:
    assert mouth_of(model(family)).way == WAYS[family]


@pytest.mark.parametrize("family", ["llama", "mpt", "mamba"])
@given(prompts=PROMPTS, seed=st.integers(-(2**70), 2**70), temperature=st.sampled_from([0.3, 1.0, 2.5]))
@settings(max_examples=8, deadline=None)
def test_a_drawn_reply_depends_on_prompt_and_seed_alone(
    family: str, prompts: list[Ids], seed: int, temperature: float
) -> None:
    loaded = model(family)

    def drawn(those: list[Ids], most: int = MOST) -> list[Generated]:
        return generate(
            loaded, those, most=most, seeds=[seed] * len(those), stop=frozenset({7}), temperature=temperature
        )

    together = drawn(prompts + [tuple(range(n, n + 9)) for n in range(20)])[: len(prompts)]
    assert together == [drawn([prompt])[0] for prompt in prompts]
    assert [each.ids[:4] for each in together] == [each.ids for each in drawn(prompts, 4)]


def test_a_slide_replies_as_transformers_generates() -> None:
    loaded = api.load("slide:mask")
    assert loaded.tokenizer is not None
    slide = replies.Slide(loaded.module, loaded.tokenizer)
    chats = [ask.messages() for ask in plain(64, "generating")]
    prompts = [tuple(replies.prompt_ids(slide, chat)) for chat in chats]
    assert len({len(prompt) for prompt in prompts}) > 4
    found = generate(loaded, prompts, most=replies.LONGEST, seeds=[0] * 64, stop=endings(loaded))
    assert [loaded.tokenizer.decode(each.said) for each in found] == replies.replies(slide, chats)
    assert all(each.ended for each in found)


def test_drawn_tokens_come_as_often_as_they_are_likely() -> None:
    logits, temperature = torch.tensor([0.0, 2.0, -1.0, 1.0, -float("inf"), 0.5]), 1.7
    weights = np.exp(logits.double().numpy() / temperature)
    draws = torch.from_numpy(np.concatenate([uniforms((1, n), 5, 40) for n in range(500)]))
    counts = torch.bincount(chosen(logits.expand(len(draws), -1), temperature, draws), minlength=6).numpy()
    likely = weights > 0
    assert counts[~likely].sum() == 0
    assert chisquare(counts[likely], weights[likely] / weights.sum() * len(draws)).pvalue > 1e-3


def test_the_ends_of_the_unit_interval_draw_the_first_and_the_last_likely_token() -> None:
    logits = torch.tensor([[-float("inf"), 1.0, 2.0, -float("inf")]]).expand(2, -1)
    assert chosen(logits, 1.0, torch.tensor([0.0, 1 - 2.0**-52], dtype=torch.float64)).tolist() == [1, 2]


def test_numbers_to_draw_by_are_even_and_apart_for_every_prompt_seed_and_step() -> None:
    many = np.stack([uniforms((prompt,), seed, 8) for prompt in range(40) for seed in range(-20, 20)])
    assert many.min() >= 0
    assert many.max() < 1
    assert len(np.unique(many)) == many.size
    assert kstest(many.ravel(), "uniform").pvalue > 1e-3


def test_the_likeliest_of_equals_is_the_first() -> None:
    assert chosen(torch.tensor([[1.0, 3.0, 3.0]]), 0.0, torch.zeros(1)).tolist() == [1]


def test_equal_prompts_are_replied_to_once_unless_their_seeds_differ() -> None:
    loaded, told = model("llama"), []
    for temperature, seeds, different in ((0.0, [1, 2, 3], 2), (1.0, [1, 1, 3], 2), (1.0, [1, 2, 3], 3)):
        generate(
            loaded,
            [(1, 2), (1, 2), (4,)],
            most=2,
            seeds=seeds,
            stop=NONE,
            temperature=temperature,
            progress=lambda done, of: told.append((done, of)),
        )
        assert told[-1] == (different, different)


def test_rows_that_have_ended_leave_the_batch() -> None:
    loaded, shapes = model("llama"), []
    prompts = [(n, n + 1) for n in range(40)]
    replied = [alone(loaded, prompt, MOST) for prompt in prompts]
    stop = frozenset(each.ids[1] for each in replied[:30])
    handle = loaded.module.register_forward_pre_hook(
        lambda _, args, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    generate(loaded, prompts, most=MOST, seeds=[0] * 40, stop=stop)
    handle.remove()
    sizes = [rows for rows, _ in shapes[shapes.index((40, 2)) :]]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] <= 10


def test_the_window_cuts_a_reply_whose_last_token_needs_no_place() -> None:
    loaded = model("gpt2")
    prompts = [(3,) * tiny.WINDOW, (3,) * (tiny.WINDOW - 2), (3,) * 5]
    found = generate(loaded, prompts, most=6, seeds=[0] * 3, stop=NONE)
    assert [len(each.ids) for each in found] == [1, 3, 6]
    assert not any(each.ended for each in found)


def test_what_ends_a_reply_is_named_by_settings_and_tokenizer() -> None:
    module = tiny.llama()
    module.generation_config.eos_token_id = [9, 11]
    assert endings(adopt(module, tiny.tokenizer())) == {1, 9, 11}
    module.generation_config.eos_token_id = module.config.eos_token_id = None
    assert endings(adopt(module)) == NONE


@pytest.mark.parametrize("lie", ["positions", "mask", "cache"])
def test_a_cache_that_lies_is_found_out(lie: str) -> None:
    loaded, plainly = model("gpt2"), Remembering.after

    def lying(self: Remembering, tokens: torch.Tensor) -> torch.Tensor:
        if lie == "positions":
            self._position_B = self._position_B * 0 + self._mask_BT.shape[1]
        if lie == "mask":
            self._mask_BT = torch.ones_like(self._mask_BT)
        if lie == "cache":
            self._cache.layers[0].keys = self._cache.layers[0].keys.roll(1, -2)
        return plainly(self, tokens)

    with patch.object(Remembering, "after", lying):
        assert mouth_of(loaded).way == ("whole" if lie == "cache" else "even")


def no_head(*_: object) -> None:
    """As for a model whose last linear map was not found."""


def test_a_model_that_cannot_project_fewer_positions_replies_alike() -> None:
    loaded, prompts = model("llama"), [(1, 2, 3), (4,), (5, 6)]
    found = generate(loaded, prompts, most=5, seeds=[0] * 3, stop=NONE)
    with patch.object(heads, "accepted", lambda module: frozenset()), patch.object(speaking, "head_of", no_head):
        assert generate(loaded, prompts, most=5, seeds=[0] * 3, stop=NONE) == found


@pytest.mark.parametrize("kind", [Whole, Remembering])
def test_speakers_go_on_with_the_rows_that_are_kept(kind: type[Whole] | type[Remembering]) -> None:
    module, rows = model("llama").module, [(1, 2, 3), (4, 5), (6, 7, 8, 9)]
    with torch.no_grad():
        speaking_all, speaking_some = kind(module, None, rows), kind(module, None, rows)
        for each in (speaking_all, speaking_some):
            each.first()
        speaking_some.keep(torch.tensor([True, False, True]))
        found = speaking_some.after(torch.tensor([5, 6]))
        assert (found - speaking_all.after(torch.tensor([5, 9, 6]))[[0, 2]]).abs().max() <= 1e-5 * found.abs().max()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"prompts": [(1,), ()]}, "row 1 has no tokens"),
        ({"prompts": [(1,), (320,)]}, "row 1 has token id 320"),
        ({"prompts": [(1,), (4, -2)]}, "row 1 has token id -2"),
        ({"prompts": [(1,), (1,) * 97]}, "row 1 feeds 97 tokens and the model's window is 96"),
        ({"seeds": [1]}, "2 prompts with 1 seeds"),
        ({"most": 0}, "at most 0 tokens"),
        ({"temperature": -1.0}, "temperature -1.0"),
        ({"temperature": float("nan")}, "temperature nan"),
    ],
)
def test_what_cannot_be_replied_to_is_refused_with_numbers(change: dict[str, object], says: str) -> None:
    asked: dict[str, object] = {"prompts": [(1,), (2,)], "most": 3, "seeds": [0, 0], "stop": NONE}
    with pytest.raises(BadInput, match=says):
        generate(model("llama"), **(asked | change))  # pyright: ignore[reportArgumentType]


def test_no_prompts_give_no_replies() -> None:
    assert generate(model("llama"), [], most=3, seeds=[], stop=NONE) == []
    assert generating.BATCH_TOKENS > 0
