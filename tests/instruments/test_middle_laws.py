"""Laws of the middle that hold for any weights: sums, ends, symmetry, independence of batching."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mesolens.api as ml
from mesolens.errors import BadInput
from mesolens.instruments.middle import MiddleSpec, measure, plan, read
from mesolens.instruments.middle.gated import nodes_of
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from tests.instruments.tiny import SHAPES, build, contrasts

MODELS = {shape: build(shape) for shape in SHAPES}
shapes = pytest.mark.parametrize("shape", SHAPES)


def shares(tree: ml.Tree) -> dict[str, float]:
    return {node.site: node.share for node in tree.nodes}


def log_probability(model: LoadedModel, prompt: tuple[int, ...], continuation: tuple[int, ...]) -> float:
    ids = torch.tensor([prompt + continuation])
    with torch.no_grad():
        scores = torch.log_softmax(model.module(ids).logits[0].double(), -1)
    return sum(float(scores[len(prompt) + k - 1, token]) for k, token in enumerate(continuation))


@shapes
@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 1000),
    lengths=st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9)), min_size=1, max_size=3),
    target=st.integers(1, 3),
    foil=st.integers(0, 3),
)
def test_every_level_adds_up_and_the_total_is_the_difference(
    shape: str, seed: int, lengths: list[tuple[int, int]], target: int, foil: int
) -> None:
    model, items = MODELS[shape], contrasts(seed, lengths=lengths, target=target, foil=foil)
    tree = ml.middle(model, items, budget=None)
    expected = []
    for item in items:
        ends = [
            log_probability(model, prompt, item.target)
            - (0.0 if item.foil is None else log_probability(model, prompt, item.foil))
            for prompt in (item.clean, item.reference)
        ]
        expected.append(ends[0] - ends[1])
    rows = tree.tables["middle-items"]
    # Eager attention, which shows its cells, takes its softmax in float32 whatever the model's type.
    np.testing.assert_allclose(rows["delta"].to_numpy(), expected, atol=1e-6)
    leaves = tree.tables["middle-leaves"]["share"].to_numpy().reshape(len(items), -1)
    scale = np.maximum(np.abs(expected), 0.1 * np.abs(leaves).sum(1))
    assert np.all(np.abs(rows["total"].to_numpy() - rows["delta"].to_numpy()) <= 3e-4 * scale)
    assert tree.conservation * (abs(tree.delta) or 1) <= 1e-12 * max(1.0, np.abs(expected).max())


@shapes
def test_source_tokens_add_up_to_their_leaf_for_each_contrast(shape: str) -> None:
    tree = ml.middle(MODELS[shape], contrasts(3, lengths=[(6, 6), (7, 4), (3, 8)], target=2), budget=None)
    leaves = {(r["item"], r["site"]): r["share"] for r in tree.tables["middle-leaves"].to_pylist()}
    sums: dict[tuple[int, str], float] = {}
    for row in tree.tables["middle-tokens"].to_pylist():
        key = (row["item"], row["site"].split("@")[0])
        sums[key] = sums.get(key, 0.0) + row["share"]
    heads = {key for key in leaves if ".attn.h" in key[1]}
    assert heads <= set(sums), "every head is opened"
    for key, total in sums.items():
        assert total == pytest.approx(leaves[key], abs=1e-12)
    assert max(tree.tables["middle-items"]["source_gap"].to_pylist()) <= 1e-12


def gate_scalars(model: LoadedModel, item: Contrast, steps: int) -> dict[str, float]:
    """The same shares by another road: each head or neuron gets a scalar gate, and autograd differentiates it."""
    points = [("embed", model.anatomy.blocks[0].module, 1, None)]
    points += [
        (f"L{w.layer}.{w.name}.{w.leaf}", w.linear, w.leaves, w.width) for w in model.anatomy.writers if w.linear
    ]
    frozen: dict[str, torch.Tensor] = {}

    def run(ids: tuple[int, ...], hook: object) -> torch.Tensor:
        handles = [
            model.module.get_submodule(path).register_forward_pre_hook(
                lambda _, args, name=name: (hook(name, args[0]), *args[1:])  # type: ignore[operator]
            )
            for name, path, _, _ in points
        ]
        try:
            logits = model.module(torch.tensor([ids])).logits[0, -1].double()
        finally:
            for handle in handles:
                handle.remove()
        scores = torch.log_softmax(logits, -1)
        assert item.foil is not None
        return scores[item.target[0]] - scores[item.foil[0]]

    def keep(name: str, live: torch.Tensor) -> torch.Tensor:
        frozen[name] = live.detach().clone()
        return live

    run(item.reference, keep)  # type: ignore[arg-type]
    total = {name: torch.zeros(count, dtype=torch.float64) for name, _, count, _ in points}
    for strength, weight in nodes_of(steps):
        gates = {
            name: torch.full((count,), strength, dtype=torch.float64, requires_grad=True)
            for name, _, count, _ in points
        }

        def blend(name: str, live: torch.Tensor, gates: dict[str, torch.Tensor] = gates) -> torch.Tensor:
            gate = gates[name].repeat_interleave(live.shape[-1] // len(gates[name]))
            return frozen[name] + gate * (live - frozen[name])

        grads = torch.autograd.grad(run(item.clean, blend), list(gates.values()))  # type: ignore[arg-type]
        for name, grad in zip(gates, grads, strict=True):
            total[name] += weight * grad
    return {
        name if name == "embed" else f"{name}{k}": float(v)
        for name, values in total.items()
        for k, v in enumerate(values)
    }


@shapes
def test_shares_equal_the_integral_of_gate_derivatives(shape: str) -> None:
    model, item = MODELS[shape], contrasts(11, lengths=[(7, 7)])[0]
    spec = MiddleSpec(tuple(encode([item], model)), most_steps=8, tokens=False)
    table = measure(model, plan(model.card, spec)[0])["middle-leaves"].to_pylist()
    expected = gate_scalars(model, item, 8)
    assert {row["site"] for row in table} == set(expected)
    for row in table:
        assert row["share"] == pytest.approx(expected[row["site"]], abs=1e-10)


@shapes
def test_a_contrast_has_the_same_shares_alone_and_in_company(shape: str) -> None:
    model = MODELS[shape]
    items = contrasts(5, lengths=[(4, 4), (9, 9), (6, 3), (2, 7)], target=2)
    together = ml.middle(model, items, tokens=False, budget=None).tables["middle-leaves"].to_pylist()
    for k, item in enumerate(items):
        alone = ml.middle(model, [item], tokens=False, budget=None).tables["middle-leaves"].to_pylist()
        mine = [row for row in together if row["item"] == k]
        for one, other in zip(alone, mine, strict=True):
            assert one["site"] == other["site"]
            assert one["share"] == pytest.approx(other["share"], abs=1e-7)


def test_in_float32_batches_change_no_share_by_more_than_rounding() -> None:
    model = build("llama", dtype=torch.float32)
    items = contrasts(5, lengths=[(n, n) for n in range(2, 18)])
    spec = MiddleSpec(tuple(encode(items, model)), shard_items=16, most_steps=8)
    tables = [
        measure(model, plan(model.card, dataclasses.replace(spec, batch_tokens=tokens))[0])["middle-leaves"]
        for tokens in (1, 4096)
    ]
    one, other = (table["share"].to_numpy() for table in tables)
    np.testing.assert_allclose(one, other, atol=1e-5)


@shapes
def test_against_another_model_is_antisymmetric(shape: str) -> None:
    one, other = MODELS[shape], build(shape, seed=1)
    items = [dataclasses.replace(item, reference=None) for item in contrasts(2, lengths=[(5, 5), (8, 8)], target=2)]
    forth, back = (
        shares(ml.middle(one, items, against=other, budget=None)),
        shares(ml.middle(other, items, against=one, budget=None)),
    )
    assert forth.keys() == back.keys()
    for site, share in forth.items():
        assert share == pytest.approx(-back[site], abs=1e-6)


@shapes
@pytest.mark.parametrize("part", ["attn", "mlp"])
def test_against_a_model_that_differs_in_one_writer_only_that_writer_has_a_share(shape: str, part: str) -> None:
    model, changed = MODELS[shape], build(shape)
    writer = next(w for w in model.anatomy.writers if w.layer == 1 and w.name == part)
    assert writer.linear is not None
    with torch.no_grad():
        for weight in changed.module.get_submodule(writer.linear).parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(9)) * 0.3)
    changed = adopt(changed.module, name="changed")
    items = [dataclasses.replace(item, reference=None) for item in contrasts(2, lengths=[(5, 5), (8, 8)])]
    tree = ml.middle(model, items, against=changed, budget=None)
    place = f"L1.{part}"
    for site, share in shares(tree).items():
        if site == place or site.startswith(f"{place}.") or site in ("model", "L1"):
            continue
        assert share == 0.0, site
    assert shares(tree)[place] == pytest.approx(tree.delta, rel=1e-3)


def test_with_a_model_as_reference_a_reference_prompt_plays_no_part() -> None:
    one, other = MODELS["llama"], build("llama", seed=1)
    items = contrasts(6, lengths=[(5, 8), (7, 3)])
    bare = [dataclasses.replace(item, reference=None) for item in items]
    assert shares(ml.middle(one, items, against=other, budget=None)) == shares(
        ml.middle(one, bare, against=other, budget=None)
    )


def test_a_model_of_another_shape_cannot_be_the_reference() -> None:
    with pytest.raises(BadInput, match="neox-0 is not of the shape of llama-0"):
        ml.middle(MODELS["llama"], contrasts(6, lengths=[(5, 5)]), against=MODELS["neox"], budget=None)
    with pytest.raises(BadInput, match="the very model"):
        ml.middle(MODELS["llama"], contrasts(6, lengths=[(5, 5)]), against=MODELS["llama"], budget=None)


def test_the_same_prompt_on_both_sides_gives_nothing_to_divide() -> None:
    item = contrasts(4, lengths=[(6, 6)])[0]
    tree = ml.middle(MODELS["llama"], [dataclasses.replace(item, reference=item.clean)], budget=None)
    assert tree.delta == 0
    assert tree.verdict == "not determined"
    assert all(node.share == 0 for node in tree.nodes)


def test_what_does_not_close_is_refused_and_gives_no_share() -> None:
    model = MODELS["llama"]
    spec = MiddleSpec(tuple(encode(contrasts(1, lengths=[(6, 6), (5, 5)]), model)), steps=1, most_steps=1)
    reading = read(measure(model, plan(model.card, spec)[0]), spec, model.card)
    assert reading.verdict == "refused"
    assert reading.data["completeness"] > 0.01
    assert [node["site"] for node in reading.data["nodes"]] == ["model"]


def test_doubling_stops_as_soon_as_an_item_closes() -> None:
    model = MODELS["gemma2"]
    tree = ml.middle(model, contrasts(8, lengths=[(k, k) for k in range(3, 11)]), budget=None)
    steps = tree.tables["middle-items"]["steps"].to_pylist()
    assert all(tree.tables["middle-items"]["closes"].to_pylist())
    assert set(steps) <= {8, 16, 32, 64}


def test_reading_again_from_stored_tables_gives_the_same_reading() -> None:
    model = MODELS["gpt2"]
    spec = MiddleSpec(tuple(encode(contrasts(1, lengths=[(6, 6), (5, 5)]), model)))
    tables = measure(model, plan(model.card, spec)[0])
    again = measure(model, plan(model.card, spec)[0])
    assert all(tables[name].equals(again[name]) for name in tables)
    assert read(tables, spec, model.card) == read(again, spec, model.card)


def test_children_follow_their_parents_in_the_list_of_nodes() -> None:
    nodes = ml.middle(MODELS["neox"], contrasts(1, lengths=[(4, 4)]), budget=None).nodes
    seen: set[str] = set()
    for node in nodes:
        assert node.parent is None or node.parent in seen
        seen.add(node.site)
    assert nodes[0].site == "model"
    assert len(seen) == len(nodes)


def test_quadrature_is_exact_for_polynomials() -> None:
    nodes = nodes_of(8)
    for degree in range(16):
        assert sum(w * x**degree for x, w in nodes) == pytest.approx(1 / (degree + 1), rel=1e-13)
    assert all(a < b for (a, _), (b, _) in pairwise(nodes))
