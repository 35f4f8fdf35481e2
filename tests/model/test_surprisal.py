"""Surprisal: the numbers are those of the distribution written out, however many are reckoned at a time."""

import math
from unittest.mock import patch

import torch
from hypothesis import given
from hypothesis import strategies as st

from mesolens.model import surprisal
from mesolens.model.surprisal import expectations, log_normalisers, log_probabilities


@st.composite
def logits(draw: st.DrawFn) -> torch.Tensor:
    """Logits of some places, a few of them impossible."""
    places, tokens, seed = draw(st.integers(0, 9)), draw(st.integers(2, 30)), draw(st.integers(0, 10**6))
    generator = torch.Generator().manual_seed(seed)
    found = torch.randn(places, tokens, generator=generator) * draw(st.sampled_from([0.0, 1.0, 30.0]))
    found[:, 1:][torch.rand(places, tokens - 1, generator=generator) < 0.1] = -math.inf
    return found


def one_by_one(row: torch.Tensor) -> tuple[float, float, float]:
    """Normaliser, entropy and variance of one place, by plain arithmetic."""
    values = [float(value) for value in row]
    top = max(values)
    total = sum(math.exp(value - top) for value in values)
    p = [math.exp(value - top) / total for value in values]
    surprises = [(q, -math.log(q)) for q in p if q > 0]
    entropy = sum(q * s for q, s in surprises)
    return top + math.log(total), entropy, sum(q * (s - entropy) ** 2 for q, s in surprises)


@given(logits(), st.sampled_from([1, 40, 10**6]))
def test_every_place_has_its_own_numbers(logits_NV: torch.Tensor, cells: int) -> None:
    with patch.object(surprisal, "CELLS", cells):
        normaliser_N, (entropy_N, variance_N) = log_normalisers(logits_NV), expectations(logits_NV)
    assert len(normaliser_N) == len(entropy_N) == len(variance_N) == len(logits_NV)
    for row, *found in zip(logits_NV, normaliser_N, entropy_N, variance_N, strict=True):
        for value, expected in zip(found, one_by_one(row), strict=True):
            assert abs(float(value) - expected) <= 1e-9 * max(1.0, abs(expected))


@given(logits(), st.data())
def test_tokens_are_read_at_the_places_that_are_named(logits_NV: torch.Tensor, data: st.DataObject) -> None:
    if not len(logits_NV):
        return
    pair = st.tuples(st.integers(0, len(logits_NV) - 1), st.integers(0, logits_NV.shape[1] - 1))
    pairs = data.draw(st.lists(pair, min_size=1, max_size=8))
    places, tokens = torch.tensor(pairs).T
    for (place, token), value in zip(pairs, log_probabilities(logits_NV, places, tokens), strict=True):
        logit, normaliser = float(logits_NV[place, token]), one_by_one(logits_NV[place])[0]
        assert (
            value == -math.inf
            if logit == -math.inf
            else abs(float(value) - (logit - normaliser)) <= 1e-9 * max(1.0, abs(normaliser))
        )


def test_an_even_distribution_is_as_surprising_as_it_expects_and_a_sure_one_never() -> None:
    entropy_N, variance_N = expectations(torch.tensor([[0.0] * 8, [0.0] + [-math.inf] * 7]))
    assert torch.allclose(entropy_N, torch.tensor([math.log(8), 0.0], dtype=torch.float64))
    assert variance_N.abs().max() <= 1e-12
