"""The proof of a tree: each check against what it must find where the truth is planted, and its null."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle import MiddleSpec, follow, measure, plan, read
from mesolens.instruments.middle.checked import checked
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.proof import curves, labels, nulls, others, parity, stability
from mesolens.instruments.middle.proof.coalition import Coalition, Orders, Values
from mesolens.instruments.middle.proof.ground import Ground
from mesolens.instruments.middle.spec import Proof, Refereeing
from mesolens.instruments.middle.verdict import largest_fifth, verdict_of
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.taps import Point, tapped
from mesolens.slides.circuits import build
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import EncodedContrast, encode
from tests.instruments import tiny

SMALL = Proof(contrasts=6, parity=30, nulls=100, orders=2, shuffles=40, opened=2, seen=1)


def found_with(leaves: np.ndarray, templates: list[str], sites: list[str] | None = None) -> Found:
    """Shares as if they had been measured."""
    deltas = leaves.sum(1)
    items = pa.table({"item": range(len(leaves)), "template": templates, "delta": deltas, "total": deltas})
    names = sites or ["embed", *(f"L{k // 8}.mlp.n{k % 8}" for k in range(leaves.shape[1] - 1))]
    return Found("gated", items, tuple(names), leaves)


def ground_with(leaves: np.ndarray, templates: list[str], norms: np.ndarray | None = None) -> Ground:
    """The ground of checks on shares that are given."""
    blank = EncodedContrast("", "", (1,), (2,), (3,), (4,), (), (), (), ())
    spec = MiddleSpec((blank,) * len(leaves), proof=SMALL, resamples=100)
    return Ground(found_with(leaves, templates), spec, SMALL, norms)


def whole(model: LoadedModel, spec: MiddleSpec) -> Tables:
    """Every table of every stage."""
    tables: Tables = {}
    shards = plan(model.card, spec)
    while shards:
        parts = [measure(model, shard) for shard in shards]
        tables |= {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
        shards = follow(model.card, spec, tables)
    return tables


def proved(name: str, spec: MiddleSpec | None = None) -> dict[str, dict[str, Any]]:
    """The proof of a circuit's tree."""
    module, contrast, _ = build(name)
    model = adopt(module)
    two = [replace(contrast, id=f"{k}", template=f"{k}") for k in range(2)]
    asked = replace(spec or MiddleSpec(()), contrasts=tuple(encode(two, model)), proof=SMALL, resamples=50)
    found = read(whole(model, asked), asked, model.card).data["proof"]
    assert isinstance(found, dict)
    return found


@given(st.integers(3, 12), st.integers(0, 99), st.data())
@settings(max_examples=40, deadline=None)
def test_a_coalition_and_its_complement_share_out_the_leaves_that_play(
    leaves: int, seed: int, data: st.DataObject
) -> None:
    ranked = tuple(np.random.default_rng(seed).permutation(leaves)[1:].tolist())
    orders = Orders(leaves, ranked, seed)
    size, order = data.draw(st.integers(1, leaves - 1)), data.draw(st.integers(0, 3))
    kept = orders.live(Coalition("keep", 0, size=size, order=order, alone=True))
    held = orders.live(Coalition("remove", 0, size=size, order=order))
    always = next(leaf for leaf in range(leaves) if leaf not in ranked)
    assert kept[always]
    assert held[always]
    assert kept.sum() == size + 1
    playing = list(ranked)
    assert np.array_equal(kept[playing], ~held[playing])
    if order == 0:
        assert kept[list(ranked[:size])].all()


def test_patching_one_leaf_at_either_end_is_what_plain_hooks_give() -> None:
    torch.manual_seed(0)
    model = adopt(tiny.gpt2())
    contrast = Contrast((5, 6, 7, 8), (5, 9, 7, 10), (3,), (4,))
    spec = MiddleSpec(tuple(encode([contrast], model)), proof=replace(SMALL, parity=10_000))
    points = {p["site"]: p for p in _found(whole(model, spec), spec, model)["parity"]["points"]}
    point = points["L1.attn.h2"]
    path, columns = "transformer.h.1.attn.c_proj", slice(8, 12)
    clean, reference = torch.tensor([contrast.clean]), torch.tensor([contrast.reference])
    kept: dict[str, torch.Tensor] = {}
    for name, ids in (("clean", clean), ("reference", reference)):
        with tapped(model.module, {Point(path, "in"): lambda live, name=name: kept.__setitem__(name, live.clone())}):
            model.module(ids)

    def patched(ids: torch.Tensor, name: str) -> float:
        def put(live: torch.Tensor) -> torch.Tensor:
            changed = live.clone()
            changed[..., columns] = kept[name][..., columns]
            return changed

        with tapped(model.module, {Point(path, "in"): put}):
            logits = model.module(ids).logits[0, -1].double().log_softmax(-1)
        return float(logits[3] - logits[4])

    assert point["removed"] == pytest.approx(patched(clean, "clean") - patched(clean, "reference"), abs=1e-5)
    assert point["restored"] == pytest.approx(patched(reference, "clean") - patched(reference, "reference"), abs=1e-5)


def _found(tables: Tables, spec: MiddleSpec, model: LoadedModel) -> dict[str, dict[str, list[dict[str, Any]]]]:
    return read(tables, spec, model.card).data["proof"]


def test_a_backup_has_a_share_that_removal_does_not_show_and_restoring_does() -> None:
    points = {p["site"]: p for p in proved("or")["parity"]["points"]}
    assert points["L0.attn.h1"]["share"] > 0.1
    assert abs(points["L0.attn.h1"]["removed"]) < 1e-3
    assert points["L0.attn.h1"]["restored"] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("engine", ["gated", "owen"])
def test_a_circuit_is_kept_by_its_few_leaves_and_nulls_take_nothing_away(engine: str) -> None:
    proof = proved("distractor", MiddleSpec((), engine=engine))
    curve = proof["curves"]
    assert curve["keep"][0] == pytest.approx(0.0, abs=1e-4)
    assert curve["keep"][2] == pytest.approx(1.0, abs=1e-3)
    assert curve["remove"][1] == pytest.approx(0.0, abs=1e-3)
    assert curve["keep"][-1] == pytest.approx(1.0)
    assert curve["remove"][-1] == pytest.approx(curve["keep"][0])
    assert proof["nulls"]["effect"] == pytest.approx(1.0, abs=1e-3)
    assert proof["nulls"]["p"] == pytest.approx(1 / 101)
    assert max(proof["nulls"]["nulls"]) < 0.01
    assert proof["parity"]["missed"] == 0
    assert proof["contrasts"] == 2


@given(st.integers(2, 9))
@settings(max_examples=8, deadline=None)
def test_areas_are_one_when_one_leaf_does_all_and_zero_when_only_all_do(power: int) -> None:
    steps = curves.sizes(2**power)
    assert curves.area(steps, np.array([0.0, *np.ones(len(steps) - 1)])) == pytest.approx(1.0)
    last = np.zeros(len(steps))
    last[-1] = 1.0
    assert curves.area(steps, last) == pytest.approx(0.5 / power)


def test_null_sets_match_layer_kind_and_norm_and_leave_the_largest_alone() -> None:
    rng = np.random.default_rng(0)
    leaves = rng.normal(size=(6, 33)) * 0.01
    leaves[:, 1:4] += 5.0
    norms = np.array([1.0, *np.tile(np.arange(1.0, 9.0), 4)])
    ground = ground_with(leaves, list("abcdef"), norms)
    sets, matched = nulls.matches(ground)
    sites = ground.found.sites
    assert len(sets) == 100
    assert matched == 1.0
    assert all(not set(some) & {*ground.largest, 0} for some in sets)
    assert all(len(set(some)) == len(ground.largest) for some in sets)
    assert all(sites[leaf].startswith("L0.mlp.") for some in sets for leaf in some)
    assert len({tuple(sorted(some)) for some in sets}) > 3


def test_traits_with_leaves_of_their_own_show_on_the_diagonal() -> None:
    leaves = np.zeros((8, 33))
    leaves[:4, 1:3], leaves[4:, 3:5] = 1.0, 1.0
    ground = ground_with(leaves, [f"{'ab'[k // 4]}/{k % 2}" for k in range(8)])
    asked = others.asks(ground)
    assert [one.leaves for one in asked] == [(1,), (3,)]
    live = np.array([ground.orders.live(one) for one in asked])
    ends = np.array([leaves.sum(1), np.zeros(8)])
    told = others.told(ground, Values(tuple(range(8)), {"ends": ends, "others": live @ leaves.T * 1.0}))
    assert told["traits"] == ["a", "b"]
    own, other = others.own_and_other(told) or (0.0, 0.0)
    assert own == pytest.approx(0.5)
    assert other == pytest.approx(0.0)
    alone = ground_with(leaves, ["a/x", "a/y"] * 4)
    assert others.asks(alone) == []
    assert "refused" in others.told(alone, Values((), {}))


def test_sets_that_hold_in_every_template_are_stable_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(12, 65))
    planted = noise * 0.01
    planted[:, 1:5] += np.array([8.0, 6.0, 5.0, 0.1])
    names = [str(k // 2) for k in range(12)]
    firm, loose = (stability.told(ground_with(leaves, names)) for leaves in (planted, noise))
    assert firm["jaccard"] == pytest.approx(1.0)
    assert loose["jaccard"] < 0.6
    assert "refused" in stability.told(ground_with(noise, ["t"] * 12))


@given(st.integers(0, 20))
@settings(max_examples=6, deadline=None)
def test_shuffled_labels_call_at_most_a_twentieth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leaves = rng.normal(size=(24, 200)) + 2.0 * (rng.random(200) < 0.2)
    told = labels.told(ground_with(leaves, [str(k // 2) for k in range(24)]))
    assert told["called"] <= labels.BAR
    assert told["called_true"] > 0.1


def test_deciles_are_sampled_evenly_and_nothing_is_bounded_below_what_was_seen() -> None:
    leaves = np.random.default_rng(2).normal(size=(4, 201))
    ground = ground_with(leaves, list("abcd"))
    sample = parity.sampled(ground)
    assert [sum(decile == d for _, decile in sample) for d in range(10)] == [3] * 10
    sizes = np.abs(ground.found.means)
    assert {ground.ranked[0], ground.ranked[1]} <= {leaf for leaf, d in sample if d == 9}
    assert min(sizes[leaf] for leaf, d in sample if d == 9) >= max(sizes[leaf] for leaf, d in sample if d == 0)
    effects = np.full((30, 4), 1e-9)
    values = Values(
        (0, 1, 2, 3), {"ends": np.array([[1.0] * 4, [0.0] * 4]), "removed": 1 - effects, "restored": effects}
    )
    told = parity.told(ground, values)
    assert told["missed"] == 0
    assert told["missed_bound"] == pytest.approx(1 - 0.05 ** (1 / 24))


def test_checks_are_spread_over_templates() -> None:
    leaves = np.ones((9, 5))
    found = found_with(leaves, list("aaaaabbcd"))
    spec = MiddleSpec((), proof=replace(SMALL, contrasts=5))
    assert checked(found, spec) == [0, 1, 5, 7, 8]
    assert checked(found, MiddleSpec(())) == []


def test_every_verdict_can_be_reached() -> None:
    rng = np.random.default_rng(3)
    names = [str(k) for k in range(8)]
    sharp, flat = np.full((8, 40), 1e-3), np.ones((8, 40))
    sharp[:, 3] = 2.0
    noise = rng.normal(size=(8, 40))
    noise -= noise.mean()
    assert verdict_of(found_with(sharp, names), 8, 0.0, 0.0).word == "closed"
    assert verdict_of(found_with(flat, names), 8, 0.0, 0.0).word == "diffuse"
    assert verdict_of(found_with(noise, names), 8, 0.0, 0.0).word == "not determined"
    missed = found_with(sharp, names)
    place = missed.items.column_names.index("total")
    off = replace(missed, items=missed.items.set_column(place, "total", pa.array(missed.deltas * 1.02)))
    assert verdict_of(off, 64, 0.0, 0.0).word == "refused"
    wide = replace(missed, engine="owen")
    assert verdict_of(wide, 0, 0.02, 1.0).word == "refused"
    assert verdict_of(wide, 0, 0.02, 0.01).word == "closed"


@given(st.integers(1, 60), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_fifth_of_equal_leaves_carries_a_fifth(leaves: int, seed: int) -> None:
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], leaves)
    assert largest_fifth(signs) == pytest.approx(np.ceil(0.2 * leaves) / leaves)


def test_the_shares_of_an_untrained_model_are_diffuse_and_its_nulls_come_out_null() -> None:
    torch.manual_seed(5)
    model = adopt(tiny.llama())
    rng = np.random.default_rng(0)
    asked = [
        Contrast(
            tuple(rng.integers(3, 48, 6).tolist()), tuple(rng.integers(3, 48, 6).tolist()), (3,), (4,), template=f"{k}"
        )
        for k in range(6)
    ]
    spec = MiddleSpec(tuple(encode(asked, model)), proof=SMALL, referee=Refereeing(), resamples=50)
    reading = read(whole(model, spec), spec, model.card)
    assert reading.verdict in ("diffuse", "not determined")
    assert reading.data["proof"]["shuffled"]["called_true"] <= 0.05
