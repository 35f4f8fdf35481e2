"""The middle against the circuits: shares equal the closed form, whatever the rotation of the stream."""

import pytest
import torch

from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.model.load import adopt
from mesolens.slides.circuits import CircuitTruth, build, names
from mesolens.traits.encode import encode

CLOSED_FORM = 1e-3


def found(name: str, rotated_seed: int | None) -> tuple[dict[str, float], bool, CircuitTruth]:
    """Shares of every leaf, whether the total closed, and the truth."""
    module, contrast, truth = build(name, rotated_seed=rotated_seed)
    model = adopt(module, name=name)
    (shard,) = plan(model.card, MiddleSpec(tuple(encode([contrast], model))))
    tables = measure(model, shard)
    leaves = tables["middle-leaves"]
    shares = dict(zip(leaves["site"].to_pylist(), leaves["share"].to_pylist(), strict=True))
    return shares, tables["middle-items"]["closes"][0].as_py(), truth


@pytest.mark.parametrize("rotated_seed", [None, 0, 1])
@pytest.mark.parametrize("name", names())
def test_shares_equal_the_closed_form_or_the_item_stays_open(name: str, rotated_seed: int | None) -> None:
    shares, closes, truth = found(name, rotated_seed)
    worst = max(abs(shares.get(leaf, 0.0) - truth.nodes.get(leaf, 0.0)) for leaf in {*shares, *truth.nodes})
    print(f"{name:14} rotation {rotated_seed}: worst |share − closed form| = {worst / truth.delta:.1e} of Δ, {closes=}")
    if truth.smooth:
        assert closes
    if closes:
        assert worst <= CLOSED_FORM * abs(truth.delta)


@pytest.mark.parametrize("name", ["or", "saturation"])
def test_what_ablations_and_end_slopes_miss_is_found(name: str) -> None:
    shares, _, truth = found(name, rotated_seed=2)
    ranked = sorted(shares, key=lambda leaf: -abs(shares[leaf]))
    assert set(ranked[: len(truth.causal)]) == truth.causal


def test_loud_leaves_get_nothing() -> None:
    shares, _, truth = found("distractor", rotated_seed=2)
    assert all(abs(shares[leaf]) <= CLOSED_FORM * truth.delta for leaf in truth.distractor)


def test_the_circuit_itself_is_left_as_it_was() -> None:
    module, contrast, _ = build("or")
    before = module(torch.tensor([contrast.clean])).logits
    model = adopt(module)
    (shard,) = plan(model.card, MiddleSpec(tuple(encode([contrast], model))))
    measure(model, shard)
    assert torch.equal(module(torch.tensor([contrast.clean])).logits, before)
