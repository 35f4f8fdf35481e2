"""The direct effect: the part of a share in which no later block takes part."""

import numpy as np
import pytest
import torch

import mesolens.api as ml
from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.instruments.middle.gated import nodes_of
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.slides.circuits import build as circuit
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from tests.instruments.tiny import SHAPES, build, contrasts

MODELS = {shape: build(shape) for shape in SHAPES}
shapes = pytest.mark.parametrize("shape", SHAPES)


def columns(tree: ml.Tree) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Sites, shares and direct effects of every leaf of every item."""
    table = tree.tables["middle-leaves"]
    return table["site"].to_pylist(), table["share"].to_numpy(), table["direct"].to_numpy()


def cut_gates(model: LoadedModel, item: Contrast, steps: int) -> dict[str, float]:
    """Direct effects by another road: every leaf has a scalar gate, and what it computes is cut from what came before.

    So the derivative by a gate knows no way to the readout but the stream itself.
    """
    points = [("embed", model.anatomy.blocks[0].module, 1)]
    points += [(f"L{w.layer}.{w.name}.{w.leaf}", w.linear, w.leaves) for w in model.anatomy.writers if w.linear]
    frozen: dict[str, torch.Tensor] = {}
    gates: dict[str, torch.Tensor] = {}

    def blend(name: str, live: torch.Tensor) -> torch.Tensor:
        if not gates:
            frozen[name] = live.detach().clone()
            return live
        gate = gates[name].repeat_interleave(live.shape[-1] // len(gates[name]))
        return frozen[name] + gate * (live.detach() - frozen[name])

    def run(ids: tuple[int, ...]) -> torch.Tensor:
        handles = [
            model.module.get_submodule(path).register_forward_pre_hook(
                lambda _, args, name=name: (blend(name, args[0]), *args[1:])
            )
            for name, path, _ in points
        ]
        try:
            scores = torch.log_softmax(model.module(torch.tensor([ids])).logits[0, -1].double(), -1)
        finally:
            for handle in handles:
                handle.remove()
        assert item.foil is not None
        return scores[item.target[0]] - scores[item.foil[0]]

    run(item.reference)
    total = {name: torch.zeros(count, dtype=torch.float64) for name, _, count in points}
    for strength, weight in nodes_of(steps):
        gates.update({n: torch.full((c,), strength, dtype=torch.float64, requires_grad=True) for n, _, c in points})
        for name, grad in zip(gates, torch.autograd.grad(run(item.clean), list(gates.values())), strict=True):
            total[name] += weight * grad
    return {n if n == "embed" else f"{n}{k}": float(v) for n, values in total.items() for k, v in enumerate(values)}


@shapes
def test_it_is_the_derivative_by_a_gate_when_nobody_later_listens(shape: str) -> None:
    model, item = MODELS[shape], contrasts(11, lengths=[(7, 7)])[0]
    spec = MiddleSpec(tuple(encode([item], model)), most_steps=8, tokens=False)
    table = measure(model, plan(model.card, spec)[0])["middle-leaves"].to_pylist()
    expected = cut_gates(model, item, 8)
    assert {row["site"] for row in table} == set(expected)
    for row in table:
        assert row["direct"] == pytest.approx(expected[row["site"]], abs=1e-10)


@shapes
@pytest.mark.parametrize("against", [False, True])
def test_where_the_last_layer_reads_nothing_the_shares_from_the_first_mlp_on_are_direct(
    shape: str, against: bool
) -> None:
    """Also with prompts of other length, and with readouts of several tokens, at several positions."""
    models = [build(shape, seed) for seed in (0, 1)]
    for model in models:
        block = model.anatomy.blocks[1]
        kept = [place for writer in block.writers for place in (str(writer.linear), *writer.post)]
        for name, weight in model.module.named_parameters():
            if name.startswith(f"{block.module}.") and not name.startswith(tuple(f"{place}." for place in kept)):
                weight.data.zero_()
    one, other = (adopt(model.module, name="deaf") for model in models)
    items = contrasts(3, lengths=[(6, 6), (7, 4), (3, 8)], target=3, foil=2)
    sites, shares, direct = columns(ml.middle(one, items, against=other if against else None))
    first = ("L0", "L1") if shape == "neox" else ("L0.mlp", "L1")  # in parallel, nothing reads the first attention
    unread = np.array([site.startswith(first) for site in sites])
    np.testing.assert_allclose(direct[unread], shares[unread], atol=1e-9)
    assert np.abs(shares[unread]).max() > 0.01


@shapes
@pytest.mark.parametrize("against", [False, True])
def test_the_last_writer_is_wholly_direct_and_earlier_ones_are_not(shape: str, against: bool) -> None:
    items = contrasts(5, lengths=[(6, 6), (5, 8)], target=2)
    tree = ml.middle(MODELS[shape], items, against=build(shape, 1) if against else None)
    sites, shares, direct = columns(tree)
    last = np.array([site.startswith("L1.mlp") or site == "unembed" for site in sites])
    np.testing.assert_allclose(direct[last], shares[last], atol=1e-12)
    assert np.abs(direct - shares)[~last].max() > 0.01


def test_the_tree_gives_it_at_every_level() -> None:
    tree = ml.middle(MODELS["llama"], contrasts(5, lengths=[(6, 6), (5, 8)]))
    nodes = {node.site: node for node in tree.nodes}
    for site in ("model", "L0", "L0.attn"):
        children = [node.direct for node in tree.nodes if node.parent == site]
        assert nodes[site].direct == pytest.approx(sum(d for d in children if d is not None), abs=1e-12)
    sites, _, direct = columns(tree)
    assert nodes["embed"].direct == pytest.approx(direct[np.array(sites) == "embed"].mean(), abs=1e-12)


@pytest.mark.parametrize("rotated_seed", [None, 1])
def test_of_a_chain_only_the_last_link_is_direct(rotated_seed: int | None) -> None:
    module, contrast, truth = circuit("chain", rotated_seed=rotated_seed)
    sites, _, direct = columns(ml.middle(adopt(module), [contrast]))
    found = dict(zip(sites, direct, strict=True))
    assert found.pop("L1.mlp.n0") == pytest.approx(truth.nodes["L1.mlp.n0"], abs=1e-4 * truth.delta)
    assert max(abs(part) for part in found.values()) <= 1e-4 * truth.delta


def test_a_head_that_another_takes_back_writes_more_than_its_share() -> None:
    module, contrast, truth = circuit("negative-head", rotated_seed=2)
    sites, shares, direct = columns(ml.middle(adopt(module), [contrast]))
    found = {site: (share, part) for site, share, part in zip(sites, shares, direct, strict=True)}
    # The readout is 2 (e h₀ − ½ e h₀ h₁): of h₀'s share the first term goes straight, the second by way of h₁.
    assert found["L0.attn.h0"] == pytest.approx((truth.nodes["L0.attn.h0"], 2 * 1 / 2), abs=1e-4)
    assert found["L1.attn.h0"] == pytest.approx((truth.nodes["L1.attn.h0"], -2 * 0.5 / 3), abs=1e-4)
