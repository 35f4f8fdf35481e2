"""Projections: what is read at the last position is what a row alone has there in float64, by a pass of its own."""

from copy import deepcopy
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.model import passes, prefix
from mesolens.model.batches import Ids
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.projecting import project, states
from mesolens.model.scoring import Row, score
from tests.model import families, tiny

VOCABULARY, DIRECTIONS = 40, 3
CLOSE = 1e-5
EXACT = [name for name in families.FAST if name != "mixtral"]
"""torch multiplies experts' matrices in float32 at most."""


@cache
def model(name: str) -> LoadedModel:
    return adopt(families.build(name))


@cache
def exact(name: str) -> torch.nn.Module:
    """The same model in float64."""
    return deepcopy(model(name).module).double()


@cache
def alone(name: str, row: Ids) -> np.ndarray:
    """The state after every block at a row's last position, by hooks of its own on one unpadded row in float64."""
    seen: list[torch.Tensor] = []
    blocks = [exact(name).get_submodule(block.module) for block in model(name).anatomy.blocks]
    hooks = [
        block.register_forward_hook(
            lambda _, args, out: seen.append((out if isinstance(out, torch.Tensor) else out[0])[0, -1])
        )
        for block in blocks
    ]
    with torch.no_grad():
        exact(name)(torch.tensor([row]))
    for hook in hooks:
        hook.remove()
    return torch.stack(seen).numpy()


def directions(loaded: LoadedModel) -> np.ndarray:
    shape = (len(loaded.anatomy.blocks), loaded.anatomy.stream_width, DIRECTIONS)
    return np.random.default_rng(0).standard_normal(shape)


TOKEN = st.integers(0, VOCABULARY - 1)
STARTS = st.sampled_from([(), (3, 1, 4, 1, 5, 9, 2, 6, 5, 3), (3, 1, 4, 1, 5, 9, 7)])
ROWS = st.lists(
    st.builds(lambda a, b: a + b, STARTS, st.lists(TOKEN, min_size=1, max_size=9).map(tuple)), min_size=1, max_size=14
)


@pytest.mark.parametrize("name", EXACT)
@given(rows=ROWS, budget=st.sampled_from([1, 40, 4096]), worth=st.sampled_from([1, 10**9]))
@settings(max_examples=6, deadline=None)
def test_projections_are_those_of_a_row_alone_in_float64(name: str, rows: list[Ids], budget: int, worth: int) -> None:
    loaded, d_LWR = model(name), directions(model(name))
    with patch.object(passes, "sharings", lambda starts: prefix.sharings(starts, worth)):
        found = project(loaded, rows, d_LWR, batch_tokens=budget)
        raw_ILW = states(loaded, rows, batch_tokens=budget)
    truth_ILW = np.stack([alone(name, row) for row in rows])
    size = np.abs(truth_ILW).max()
    assert np.abs(raw_ILW - truth_ILW).max() <= CLOSE * size
    truth_ILR = np.einsum("ilw,lwr->ilr", truth_ILW, d_LWR)
    assert np.abs(found.along - truth_ILR).max() <= CLOSE * max(size, np.abs(truth_ILR).max())
    assert found.logp == ((),) * len(rows)


def test_states_are_those_that_transformers_hands_out() -> None:
    loaded, rows = adopt(tiny.gpt2()), [(5, 6, 7), (8, 9), (5, 6, 7, 1)]
    for row, states_LW in zip(rows, states(loaded, rows), strict=True):
        with torch.no_grad():
            hidden = loaded.module(torch.tensor([row]), output_hidden_states=True).hidden_states
        assert np.abs(states_LW[0] - hidden[1][0, -1].numpy()).max() <= 1e-5


@given(rows=ROWS, data=st.data(), budget=st.sampled_from([1, 4096]))
@settings(max_examples=15, deadline=None)
def test_tokens_are_as_likely_as_the_scoring_engine_says(rows: list[Ids], data: st.DataObject, budget: int) -> None:
    loaded = model("llama")
    tokens = [tuple(data.draw(st.lists(TOKEN, max_size=3))) for _ in rows]
    found = project(loaded, rows, directions(loaded), tokens=tokens, batch_tokens=budget).logp
    expected = [[score(loaded, [Row(row, (t,))])[0][0] for t in asked] for row, asked in zip(rows, tokens, strict=True)]
    assert [len(each) for each in found] == [len(each) for each in expected]
    for one, other in zip(found, expected, strict=True):
        assert np.allclose(one, other, atol=CLOSE)


def test_what_rows_share_runs_once_and_equal_rows_run_once() -> None:
    loaded, shapes = adopt(tiny.llama()), []
    rows = [(*range(50), 100 + n) for n in range(20)] * 2
    with patch.object(loaded.module, "forward", _counted(loaded, shapes)):
        project(loaded, rows, directions(loaded))
    assert (1, 50) in shapes
    assert (20, 1) in shapes
    assert sum(b * t for b, t in shapes if t in (50, 51)) == 50


def _counted(loaded: LoadedModel, shapes: list[tuple[int, ...]]) -> object:
    inner = type(loaded.module).forward

    def forward(  # transformers looks at these names
        input_ids: torch.Tensor, past_key_values: object = None, logits_to_keep: object = 0, **options: object
    ) -> object:
        shapes.append(tuple(input_ids.shape))
        return inner(
            loaded.module, input_ids, past_key_values=past_key_values, logits_to_keep=logits_to_keep, **options
        )

    return forward


def test_progress_counts_different_rows() -> None:
    loaded, told = adopt(tiny.llama()), []
    rows = [(1, n) for n in range(5)] * 2
    project(loaded, rows, directions(loaded), batch_tokens=4, progress=lambda done, of: told.append((done, of)))
    assert told == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("place", ["projecting.log_probabilities", "heads.Places.of"])
def test_hooks_are_gone_after_an_exception(place: str) -> None:
    loaded = adopt(tiny.llama())
    failing = patch(f"mesolens.model.{place}", side_effect=RuntimeError("in the pass"))
    with failing, pytest.raises(RuntimeError, match="in the pass"):
        project(loaded, [(1, 2)], directions(loaded), tokens=[(3,)])
    assert not any(part._forward_pre_hooks or part._forward_hooks for part in loaded.module.modules())


def test_no_rows_give_nothing_in_the_right_shape() -> None:
    loaded = adopt(tiny.llama())
    assert project(loaded, [], directions(loaded)).along.shape == (0, 2, DIRECTIONS)
    assert states(loaded, []).shape == (0, 2, 32)


@pytest.mark.parametrize(
    ("rows", "tokens", "says"),
    [
        ([(1,), ()], (), "row 1 has no tokens"),
        ([(1,), (320,)], (), "row 1 has token id 320"),
        ([(1,), (2,)], [(1,), (-1,)], "row 1 has token id -1"),
        ([(1,), (2,)], [(1,)], "1 rows and 2 rows"),
        ([(1,) * 97], (), "97 tokens and the model's window is 96"),
    ],
)
def test_rows_that_cannot_be_read_are_refused_with_numbers(rows: list[Ids], tokens: list[Ids], says: str) -> None:
    loaded = adopt(tiny.llama())
    with pytest.raises(BadInput, match=says):
        project(loaded, rows, directions(loaded), tokens=tokens)


def test_directions_of_another_model_are_refused() -> None:
    with pytest.raises(BadInput, match="3 blocks of width 32, and the model has 2 of width 32"):
        project(adopt(tiny.llama()), [(1,)], np.zeros((3, 32, 1)))
