"""Scoring: the numbers are those of one row at a time on plain transformers, however rows are batched and shared."""

import json
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import GemmaConfig, GemmaForCausalLM, MistralConfig, MistralForCausalLM, PreTrainedModel

from mesolens.errors import BadInput
from mesolens.model import cache as caching
from mesolens.model import heads, passes, prefix
from mesolens.model.chat import encode_continuation, encode_prompt
from mesolens.model.load import adopt, load
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, next_token_logits, score, score_moments
from mesolens.model.taps import Point
from tests.model import tiny

CLOSE = 1e-5
Scores = list[tuple[float, ...]]


@cache
def model(family: str) -> LoadedModel:
    return adopt(tiny.FAMILIES[family]())


@torch.no_grad()
def alone(module: PreTrainedModel, row: Row) -> tuple[float, ...]:
    """The plain way: one row, no padding, no cache, the softmax written out."""
    ids = torch.tensor([row.prompt + row.continuation])
    logits = module(ids).logits[0].double()
    probabilities = logits.exp() / logits.exp().sum(-1, keepdim=True)
    first = len(row.prompt)
    return tuple(float(probabilities[first + n - 1, token].log()) for n, token in enumerate(row.continuation))


def furthest(one: Scores, other: Scores) -> float:
    assert [len(row) for row in one] == [len(row) for row in other]
    return max((abs(a - b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True)), default=0.0)


TOKEN = st.integers(0, tiny.VOCABULARY - 1)
SMALL = st.integers(0, 2)
BEGINNINGS = st.lists(st.lists(TOKEN, max_size=40).map(tuple), min_size=1, max_size=2)


Pairs = list[tuple[tuple[int, ...], tuple[int, ...]]]


@st.composite
def batches(draw: st.DrawFn) -> Pairs:
    """Prompts and continuations of every length, many with a common beginning, some twice, some in another."""
    starts = draw(BEGINNINGS)
    rest = st.lists(st.one_of(SMALL, TOKEN), min_size=1, max_size=12).map(tuple)
    more = st.lists(SMALL, min_size=1, max_size=4).map(tuple)
    row = st.builds(lambda a, b, c: (a + b, c), st.sampled_from(starts), rest, more)
    rows = draw(st.lists(row, min_size=1, max_size=24))
    return rows + draw(st.lists(st.sampled_from(rows), max_size=4))


@pytest.mark.parametrize("family", tiny.FAMILIES)
@given(pairs=batches(), budget=st.sampled_from([1, 64, 4096]), worth=st.sampled_from([1, 30, 10**9]))
@settings(max_examples=15, deadline=None)
def test_batching_padding_and_sharing_change_nothing(family: str, pairs: Pairs, budget: int, worth: int) -> None:
    loaded, rows = model(family), [Row(*pair) for pair in pairs]
    with patch.object(passes, "sharings", lambda starts: prefix.sharings(starts, worth)):
        together = score(loaded, rows, batch_tokens=budget)
    assert furthest(together, [alone(loaded.module, row) for row in rows]) <= CLOSE


@given(pairs=batches(), key=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_changes_only_the_order_of_scores(pairs: Pairs, key: int) -> None:
    rows = [Row(*pair) for pair in pairs]
    places = sorted(range(len(rows)), key=lambda place: hash((place, key)))
    straight, mixed = score(model("llama"), rows), score(model("llama"), [rows[place] for place in places])
    assert furthest([straight[place] for place in places], mixed) <= CLOSE


@pytest.mark.parametrize("name", ["stories260K", "babyllama105"])
def test_real_models_score_real_text_alike_alone_and_in_a_batch_of_64(shared: Path, name: str) -> None:
    loaded = load(shared / "models" / name)
    stories = json.loads((shared / "data" / "text" / "tinystories_1000.json").read_text("utf-8"))
    rows = []
    for number in range(64):
        piece = stories[number][: 40 + number]
        prompt = encode_prompt(loaded.tokenizer, piece).ids
        rows.append(Row(prompt, encode_continuation(loaded.tokenizer, piece, " and so")))
    one_by_one = [score(loaded, [row])[0] for row in rows]
    largest = max(abs(value) for scores in one_by_one for value in scores)
    assert (
        furthest(score(loaded, rows), one_by_one) <= CLOSE * largest
    )  # float32 itself is 2e-5 nats off the truth here
    assert furthest(one_by_one, [alone(loaded.module, row) for row in rows]) <= CLOSE * largest


@pytest.mark.parametrize("name", ["stories260K", "babyllama105", "nano-sort"])
def test_in_float64_batching_is_exact_on_any_tokens(shared: Path, name: str) -> None:
    loaded = load(shared / "models" / name, dtype="float64")
    size, window = loaded.card.vocabulary, min(loaded.card.window or 60, 60)
    generator = torch.Generator().manual_seed(0)
    rows = []
    for number in range(64):
        length = int(torch.randint(2, window, (), generator=generator))
        ids = torch.randint(0, size, (length,), generator=generator).tolist()
        ids[: length // 2] = [(7 * n + number % 2) % size for n in range(length // 2)]
        rows.append(Row(tuple(ids[:-1]), (ids[-1], 0)))
    one_by_one = [score(loaded, [row])[0] for row in rows]
    assert furthest(score(loaded, rows), one_by_one) <= 1e-11


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_probabilities_over_the_whole_vocabulary_sum_to_one(family: str) -> None:
    rows = [Row((5, 6, 7), (token,)) for token in range(tiny.VOCABULARY)]
    total = sum(float(torch.tensor(scores[0]).exp()) for scores in score(model(family), rows))
    assert abs(total - 1) <= 1e-6


def counted(loaded: LoadedModel, rows: list[Row]) -> list[tuple[int, ...]]:
    """The shapes of the inputs that the model was run on."""
    seen: list[tuple[int, ...]] = []
    point = Point("model.embed_tokens" if hasattr(loaded.module, "model") else "transformer.wte", "in")
    handle = loaded.module.get_submodule(point.module).register_forward_pre_hook(
        lambda _, args: seen.append(tuple(args[0].shape))
    )
    score(loaded, rows)
    handle.remove()
    return seen


def test_rows_with_one_prompt_run_it_once() -> None:
    rows = [Row((1, 2, 3), (token,)) for token in range(50)] + [Row((1, 2), (3, 7))]
    assert counted(model("llama"), rows) == [(1, 3)]


def test_a_long_common_beginning_runs_once() -> None:
    start = tuple(range(50))
    rows = [Row((*start, 100 + n), (n, n)) for n in range(20)]
    seen = counted(model("llama"), rows)
    assert (1, 50) in seen
    assert (20, 2) in seen
    assert sum(b * t for b, t in seen if (b, t) != (2, 3)) <= 50 + 20 * 2 + 50


def sliding() -> PreTrainedModel:
    torch.manual_seed(0)
    sizes = {"vocab_size": 320, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    config = MistralConfig(**sizes, num_attention_heads=4, num_key_value_heads=2, sliding_window=8)
    return MistralForCausalLM(config).eval()


def test_a_sliding_window_is_not_shared_and_still_scored_right() -> None:
    loaded = adopt(sliding())
    assert not caching.shares_prefixes(loaded.module, 320)
    rows = [Row((*range(60), n), (n, n)) for n in range(20)]
    assert furthest(score(loaded, rows), [alone(loaded.module, row) for row in rows]) <= CLOSE


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_lying_cache_is_found_out(family: str) -> None:
    module = model(family).module
    assert caching.shares_prefixes(module, tiny.VOCABULARY)
    with patch.object(caching, "copied", lambda cache, owners: caching.DynamicCache()):
        assert not caching.shares_prefixes(module, tiny.VOCABULARY)


def test_a_model_that_cannot_project_fewer_positions_scores_alike() -> None:
    loaded, rows = model("gpt2"), [Row((1, 2, 3, n), (4, n)) for n in range(9)]
    with patch.object(heads, "accepted", lambda module: frozenset()):
        full = score(loaded, rows)
    assert furthest(full, score(loaded, rows)) <= CLOSE


def test_another_family_with_its_own_head_width() -> None:
    torch.manual_seed(0)
    sizes = {"vocab_size": 320, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    loaded = adopt(GemmaForCausalLM(GemmaConfig(**sizes, num_attention_heads=2, head_dim=24, num_key_value_heads=1)))
    rows = [Row((*range(60), n), (n, n)) for n in range(20)]
    assert caching.shares_prefixes(loaded.module, 320)
    assert furthest(score(loaded, rows), [alone(loaded.module, row) for row in rows]) <= CLOSE


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_next_token_logits_are_the_models(family: str) -> None:
    loaded = model(family)
    prompts = [(3,), tuple(range(30)), (3, 4, 5), (3,), (3, 4)]
    with torch.no_grad():
        plain = torch.stack([loaded.module(torch.tensor([prompt])).logits[0, -1] for prompt in prompts])
    assert (next_token_logits(loaded, prompts) - plain).abs().max() <= CLOSE * plain.abs().max()
    assert next_token_logits(loaded, []).shape[0] == 0


def test_taps_see_whole_rows_and_can_change_the_scores() -> None:
    loaded, start = model("llama"), tuple(range(50))
    rows, seen = [Row((*start, n), (n, n)) for n in range(20)], []

    def silence(tensor: Tensor) -> Tensor:
        seen.append(tuple(tensor.shape))
        return torch.zeros_like(tensor)

    changed = score(loaded, rows, taps={Point("model.layers.1.mlp", "out"): silence})
    assert seen == [(20, 52, 32)]
    assert furthest(changed, score(loaded, rows)) > 0.01
    assert not loaded.module.get_submodule("model.layers.1.mlp")._forward_hooks


def test_prompts_of_one_length_run_side_by_side_and_their_replies_go_on_from_them() -> None:
    rows = [Row(tuple(range(n, n + 30)), (7, reply, reply, 5)) for n in range(20) for reply in range(6)]
    seen = counted(model("llama"), rows)
    assert (20, 29) in seen
    assert (120, 4) in seen
    assert furthest(score(model("llama"), rows), [alone(model("llama").module, row) for row in rows]) <= CLOSE


@pytest.mark.parametrize("family", tiny.FAMILIES)
@given(pairs=batches(), budget=st.sampled_from([64, 4096]))
@settings(max_examples=8, deadline=None)
def test_moments_are_those_of_the_distribution_written_out(family: str, pairs: Pairs, budget: int) -> None:
    loaded, rows = model(family), [Row(*pair) for pair in pairs]
    found = score_moments(loaded, rows, batch_tokens=budget)
    assert furthest([each.logp for each in found], score(loaded, rows)) <= CLOSE
    for row, each in zip(rows, found, strict=True):
        with torch.no_grad():
            logits_TV = loaded.module(torch.tensor([row.prompt + row.continuation])).logits[0].double()
        p_TV = (logits_TV.exp() / logits_TV.exp().sum(-1, keepdim=True))[len(row.prompt) - 1 : -1]
        entropy = -(p_TV * p_TV.log()).sum(-1)
        variance = (p_TV * p_TV.log() ** 2).sum(-1) - entropy**2
        assert torch.allclose(torch.tensor(each.entropy).double(), entropy, atol=1e-5)
        assert torch.allclose(torch.tensor(each.variance).double(), variance, atol=1e-4)


def test_progress_counts_every_different_row_once() -> None:
    told: list[tuple[int, int]] = []
    rows = [Row((1, n), (2,)) for n in range(5)] * 2
    score(model("llama"), rows, batch_tokens=4, progress=lambda done, of: told.append((done, of)))
    assert told == [(n, 5) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (Row((1,), ()), "row 1 has no continuation"),
        (Row((), (1, 2)), "row 1 has no prompt"),
        (Row((), (1,)), "row 1 has no"),
        (Row((1, 320), (2,)), "320"),
        (Row((1,), (-1,)), "-1"),
        (Row((1,) * 90, (2,) * 8), "97 tokens and the model's window is 96"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused_with_numbers(row: Row, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        score(model("llama"), [Row((1,), (2,)), row])


def test_a_row_that_just_fits_is_scored() -> None:
    loaded, row = model("gpt2"), Row((1,) * 90, (2,) * 7)
    assert len(score(loaded, [row])[0]) == 7


def test_no_rows_give_no_scores() -> None:
    assert score(model("llama"), []) == []
