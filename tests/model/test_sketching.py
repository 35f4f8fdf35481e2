"""Sketched gradients: inner products kept, tokens sum to documents, and draws that make the Gauss–Newton matrix."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float
from transformers import LlamaConfig, LlamaForCausalLM

from mesolens.errors import BadInput
from mesolens.evidence.influence import influences, newton
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row
from mesolens.model.sketching import Sketch, document_gradients, places, sketch, sketched, token_gradients

VOCABULARY = 10
ROW = Row((1,), (4, 7, 7, 2, 9))


@cache
def model() -> LoadedModel:
    shape = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=4,
        intermediate_size=6,
        num_hidden_layers=1,
        num_attention_heads=2,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.4,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return adopt(LlamaForCausalLM(shape))


def whole(loaded: LoadedModel) -> Sketch:
    """A sketch that keeps every coordinate in a bucket of its own, in the order of the parameters."""
    sizes = {name: p.numel() for name, p in loaded.module.named_parameters()}
    starts = np.cumsum([0, *sizes.values()]).tolist()
    own = {
        name: 2 * torch.arange(start, start + size, dtype=torch.int32)
        for (name, size), start in zip(sizes.items(), starts[:-1], strict=True)
    }
    return Sketch(starts[-1], own)


def plain(loaded: LoadedModel, row: Row, place: int, token: int, temperature: float = 1.0) -> Float[np.ndarray, " P"]:
    """The gradient of log p of one token at one place of a row, by backward and nothing else."""
    module = loaded.module
    for parameter in module.parameters():
        parameter.requires_grad_(True)
        parameter.grad = None
    ids = torch.tensor([[*row.prompt, *row.continuation]])
    logits = module(ids).logits[0, len(row.prompt) - 1 + place] / temperature
    logits.log_softmax(-1)[token].backward()  # pyright: ignore[reportUnknownMemberType]
    found = [torch.zeros(p.numel()) if p.grad is None else p.grad.flatten().double() for p in module.parameters()]
    module.requires_grad_(False)
    return torch.cat([each.double() for each in found]).numpy()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 60), st.integers(1, 40))
def test_inner_products_are_kept_in_the_mean_with_the_spread_that_is_told(seed: int, size: int, buckets: int) -> None:
    rng, times = np.random.default_rng(seed), 300
    one, other = rng.normal(size=size), rng.normal(size=size)
    products = np.empty(times)
    for number in range(times):
        into = Sketch(buckets, {"w": places("w", size, buckets, seed + number)})
        sides = [sketched({"w": torch.from_numpy(side)}, into) for side in (one, other)]
        products[number] = sides[0] @ sides[1]
    spread = np.sqrt(((one @ one) * (other @ other) + (one @ other) ** 2) / buckets)
    assert abs(products.mean() - one @ other) <= 6 * spread / np.sqrt(times) + 1e-9


def test_tokens_gradients_are_those_of_plain_backward_and_sum_to_the_documents() -> None:
    tokens = token_gradients(model(), ROW, whole(model()))
    told = np.stack([plain(model(), ROW, place, token) for place, token in enumerate(ROW.continuation)])
    assert np.abs(tokens - told).max() < 1e-5
    own, drawn = document_gradients(model(), ROW, whole(model()))
    assert np.abs(own - tokens.sum(0)).max() < 1e-5
    assert drawn.shape == (0, len(own))


def test_at_a_temperature_they_are_those_of_flatter_logits_and_draws_are_flatter_too() -> None:
    tokens = token_gradients(model(), ROW, whole(model()), temperature=2.5)
    told = np.stack([plain(model(), ROW, place, token, 2.5) for place, token in enumerate(ROW.continuation)])
    assert np.abs(tokens - told).max() < 1e-5
    own, drawn = document_gradients(model(), ROW, whole(model()), draws=2000, seed=1, temperature=2.5)
    assert np.abs(own - tokens.sum(0)).max() < 1e-5
    wrong = document_gradients(model(), ROW, whole(model()), draws=2000, seed=1)[1]
    size = np.sqrt((drawn**2).sum(1).mean() / len(drawn))
    assert np.linalg.norm(drawn.mean(0)) < 4 * size, "a drawn token's gradient has mean 0"
    assert (drawn**2).sum() < (wrong**2).sum()


def test_a_sketch_of_the_gradient_is_the_gradient_sketched() -> None:
    into = sketch(model(), 16, seed=3)
    tokens = token_gradients(model(), ROW, whole(model()))
    placed = torch.cat([into.places[name] for name, _ in model().module.named_parameters()]).numpy()
    wanted = np.zeros((len(tokens), 16))
    for row, gradient in zip(wanted, tokens, strict=True):
        np.add.at(row, placed // 2, gradient * (1 - 2 * (placed % 2)))
    assert np.abs(token_gradients(model(), ROW, into) - wanted).max() < 1e-6


def test_drawn_gradients_have_mean_zero_and_make_the_gauss_newton_matrix() -> None:
    row = Row((1,), (4, 7))
    into = sketch(model(), 6, seed=1)
    _, drawn = document_gradients(model(), row, into, draws=2000, seed=5)
    exact, scale = np.zeros((6, 6)), 0.0
    with torch.no_grad():
        chances = model().module(torch.tensor([[1, 4]])).logits[0].softmax(-1).double().numpy()
    for place in range(2):
        for token in range(VOCABULARY):
            said = Row(row.prompt, (*row.continuation[:place], token))
            gradient = token_gradients(model(), said, into)[-1]
            exact += chances[place, token] * np.outer(gradient, gradient)
    scale = np.abs(exact).max()
    assert np.abs(drawn.T @ drawn / len(drawn) - exact).max() < 0.12 * scale
    assert np.abs(drawn.mean(0)).max() < 5 * np.sqrt(scale / len(drawn))


def test_influence_is_that_of_the_exact_gauss_newton_matrix_without_a_projection() -> None:
    rng = np.random.default_rng(2)
    rows = [Row((1,), tuple(rng.integers(3, VOCABULARY, 4).tolist())) for _ in range(6)]
    into = whole(model())
    pairs = [document_gradients(model(), row, into, draws=250, seed=n) for n, row in enumerate(rows)]
    own, drawn = np.stack([own for own, _ in pairs]), np.concatenate([drawn for _, drawn in pairs])
    tokens = token_gradients(model(), ROW, into)
    # With λ as large as the mean of those eigenvalues that can be seen, what few draws leave unseen weighs little.
    found = newton(own, drawn, part=1.0)
    exact = np.zeros((into.buckets, into.buckets))
    for row in rows:
        ids = torch.tensor([[*row.prompt, *row.continuation[:-1]]])
        with torch.no_grad():
            chances = model().module(ids).logits[0].softmax(-1).double().numpy()
        for place in range(len(row.continuation)):
            every = np.stack([plain(model(), row, place, token) for token in range(VOCABULARY)])
            exact += every.T @ (chances[place, :, None] * every) / len(rows)
    told = np.linalg.solve(exact + found.damping * np.eye(into.buckets), own.T / len(rows))
    assert np.corrcoef(influences(found, tokens).ravel(), (tokens @ told).ravel())[0, 1] > 0.99


def test_a_seed_draws_the_same_again_and_parameters_are_left_frozen() -> None:
    into = sketch(model(), 8, seed=0)
    twice = [document_gradients(model(), ROW, into, draws=3, seed=9)[1] for _ in range(2)]
    assert (twice[0] == twice[1]).all()
    assert not (twice[0] == document_gradients(model(), ROW, into, draws=3, seed=10)[1]).all()
    assert not any(parameter.requires_grad for parameter in model().module.parameters())


@pytest.mark.parametrize("row", [Row((), (1,)), Row((1,), ()), Row((1,), (VOCABULARY,))])
def test_a_row_that_has_no_gradient_is_said(row: Row) -> None:
    with pytest.raises(BadInput):
        token_gradients(model(), row, sketch(model(), 4, seed=0))
    with pytest.raises(BadInput, match="0 buckets hold no gradient"):
        sketch(model(), 0, seed=0)
