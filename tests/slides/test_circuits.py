"""The circuits do what their truth says: checked by enumeration and by integration over plain forward passes."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from mesolens.errors import BadInput
from mesolens.slides.circuits import LEAVES, build, names, save
from tests.slides.game import enumerated_shapley, integrated_shares, played

ROTATIONS = (None, 0, 1)
EXACT = 1e-4


@pytest.mark.parametrize("rotated_seed", ROTATIONS)
@pytest.mark.parametrize("name", names())
def test_shapley_values_are_those_of_all_coalitions(name: str, rotated_seed: int | None) -> None:
    model, contrast, truth = build(name, rotated_seed=rotated_seed)
    # All leaves once; on the rotated copies those that could matter, the others staying live.
    players = [leaf for leaf in LEAVES if rotated_seed is None or leaf in truth.causal | truth.distractor]
    found = enumerated_shapley(model, contrast, players)
    known = {leaf: truth.shapley[leaf] for leaf in players}
    assert found == pytest.approx(known, abs=EXACT * abs(truth.delta))


@pytest.mark.parametrize("rotated_seed", ROTATIONS)
@pytest.mark.parametrize("name", names())
def test_shares_are_the_path_integrals(name: str, rotated_seed: int | None) -> None:
    model, contrast, truth = build(name, rotated_seed=rotated_seed)
    found = integrated_shares(model, contrast, nodes=1024)
    # The midpoint rule itself errs by 1e-7 on a smooth path and by up to one step at a kink.
    assert found == pytest.approx(truth.nodes, abs=(EXACT if truth.smooth else 2e-3) * abs(truth.delta))


@pytest.mark.parametrize("name", names())
def test_both_divisions_are_complete(name: str) -> None:
    model, contrast, truth = build(name)
    for shares in (truth.nodes, truth.shapley):
        assert set(shares) == set(LEAVES)
        assert sum(shares.values()) == pytest.approx(truth.delta)
    everything = played(model, contrast, torch.ones(1, len(LEAVES)))
    assert everything.item() == pytest.approx(truth.delta, rel=EXACT)


@given(name=st.sampled_from(names()), seed=st.integers(0, 2**31 - 1))
@settings(max_examples=10, deadline=None)
def test_a_rotation_changes_the_weights_and_nothing_else(name: str, seed: int) -> None:
    plain, contrast, truth = build(name)
    turned, same_contrast, same_truth = build(name, rotated_seed=seed)
    assert (contrast, truth) == (same_contrast, same_truth)
    assert not torch.allclose(plain.model.embed_tokens.weight, turned.model.embed_tokens.weight, atol=0.1)
    ids = torch.tensor([contrast.clean, contrast.reference])
    torch.testing.assert_close(plain(ids).logits, turned(ids).logits, atol=1e-4, rtol=0)


@given(name=st.sampled_from(names()), first=st.lists(st.integers(0, 7), min_size=1, max_size=12))
@settings(max_examples=10, deadline=None)
def test_any_tokens_give_finite_logits(name: str, first: list[int]) -> None:
    assert torch.isfinite(build(name)[0](torch.tensor([first])).logits).all()


@pytest.mark.parametrize("rotated_seed", ROTATIONS)
def test_no_single_ablation_finds_the_backup(rotated_seed: int | None) -> None:
    model, contrast, truth = build("or", rotated_seed=rotated_seed)
    gates = torch.ones(len(LEAVES), len(LEAVES)).fill_diagonal_(0.0)
    effect = dict(zip(LEAVES, (truth.delta - played(model, contrast, gates)).tolist(), strict=True))
    assert truth.backup <= truth.causal
    assert all(abs(effect[leaf]) < EXACT for leaf in truth.backup)


@pytest.mark.parametrize("rotated_seed", ROTATIONS)
def test_slopes_at_the_clean_end_miss_the_saturated_leaves(rotated_seed: int | None) -> None:
    model, contrast, truth = build("saturation", rotated_seed=rotated_seed)
    gates = torch.ones(1, len(LEAVES)).requires_grad_()
    (slopes,) = torch.autograd.grad(played(model, contrast, gates).sum(), gates)
    slope = dict(zip(LEAVES, slopes[0].tolist(), strict=True))
    missed = truth.causal - {"L1.mlp.n0"}
    assert all(abs(slope[leaf]) < 1e-3 < truth.nodes[leaf] for leaf in missed)


def test_distractors_are_loud_and_other_leaves_are_not() -> None:
    model, contrast, truth = build("distractor")
    norms = {leaf: _write(model, contrast.clean, leaf) - _write(model, contrast.reference, leaf) for leaf in LEAVES[1:]}
    loud = {leaf for leaf, change in norms.items() if change.norm() > 50}
    assert loud == truth.distractor
    assert all(truth.nodes[leaf] == 0.0 for leaf in loud)


def _write(model: torch.nn.Module, ids: object, leaf: str) -> torch.Tensor:
    """What a leaf adds to the stream at the last position."""
    layer, writer, index = leaf[1], leaf.split(".")[1], int(leaf.split(".")[2][1:])
    path = {"attn": "self_attn.o_proj", "mlp": "mlp.down_proj"}[writer]
    linear = model.get_submodule(f"model.layers.{layer}.{path}")
    seen: list[torch.Tensor] = []
    hook = linear.register_forward_pre_hook(lambda _, args: seen.append(args[0][0, -1]))
    model(torch.tensor([ids]))
    hook.remove()
    width = seen[0].shape[0] // sum(x.startswith(f"L{layer}.{writer}.") for x in LEAVES)
    columns = slice(index * width, (index + 1) * width)
    return linear.weight[:, columns] @ seen[0][columns]


def test_a_saved_circuit_loads_as_a_stock_model(tmp_path: Path) -> None:
    save("or", tmp_path, rotated_seed=3)
    model, contrast, truth = build("or", rotated_seed=3)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, use_safetensors=True)
    ids = torch.tensor([contrast.clean])
    assert torch.equal(loaded(ids).logits, model(ids).logits)
    item = json.loads((tmp_path / "contrasts.jsonl").read_text("utf-8"))
    assert tuple(item["clean_ids"]) == contrast.clean
    assert json.loads((tmp_path / "truth.json").read_text("utf-8"))["nodes"] == truth.nodes


def test_building_leaves_torchs_random_stream_alone() -> None:
    torch.manual_seed(5)
    first = torch.rand(1)
    torch.manual_seed(5)
    build("and", rotated_seed=1)
    assert torch.equal(torch.rand(1), first)


def test_an_unknown_name_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(BadInput, match=r"'nand'.*negative-head"):
        build("nand")
