"""The referee: against closed forms, recorded enumerations, brute force over orders, and the laws of the values."""

import json
from collections import defaultdict
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.shards import Tables
from mesolens.instruments.middle import MiddleSpec, follow, measure, plan, read
from mesolens.instruments.middle.batch import batches_of
from mesolens.instruments.middle.ends import gates_for
from mesolens.instruments.middle.exchange import ModelGame
from mesolens.instruments.middle.game import PromptGame
from mesolens.instruments.middle.players import players_of
from mesolens.instruments.middle.rows import rows_of
from mesolens.instruments.middle.shapley import coalitions, exact, owen_order
from mesolens.instruments.middle.spec import Refereeing
from mesolens.model.load import adopt, load
from mesolens.model.loaded import LoadedModel
from mesolens.slides.circuits import build, names
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from tests.instruments import tiny
from tests.instruments.test_middle_compiled import AGREES, PROGRAMS, ZERO, player_of, recorded_site

PAIR = Contrast((5, 6, 7, 8), (5, 9, 7, 10), (3,), (4,))
UNEVEN = Contrast((5, 6, 7, 8), (9, 7, 10), (3, 11), (4,))


def referred(model: LoadedModel, spec: MiddleSpec, against: LoadedModel | None = None) -> Tables:
    """The tables of a specification of one shard."""
    (shard,) = plan(model.card, spec)
    return measure(model, shard, against=against)


def by_site(tables: Tables) -> dict[str, float]:
    """Each player's value, of the first contrast."""
    rows = tables["middle-owen-leaves"].to_pylist()
    return {row["site"]: row["share"] for row in rows if row["item"] == rows[0]["item"]}


@given(st.integers(1, 5), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_exact_values_are_the_mean_gain_over_all_orders(players: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(2**players, 2))
    gains = np.zeros((2, players))
    orders = list(permutations(range(players)))
    for order in orders:
        joined = 0
        for player in order:
            gains[:, player] += values[joined | 1 << player] - values[joined]
            joined |= 1 << player
    np.testing.assert_allclose(exact(values), gains / len(orders), atol=1e-12)
    np.testing.assert_array_equal(coalitions(players) @ (1 << np.arange(players)), np.arange(2**players))


@given(st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_orders_hold_everybody_and_keep_layers_and_blocks_together(seed: int) -> None:
    unions = [[[0]], [[1, 2, 3], [4]], [[5, 6, 7], [8, 9]]]
    order = owen_order(unions, np.random.default_rng(seed))
    assert sorted(order) == list(range(10))
    for union in (
        *([p for block in layer for p in block] for layer in unions),
        *(b for layer in unions for b in layer),
    ):
        places = sorted(order.index(player) for player in union)
        assert places == list(range(places[0], places[0] + len(places)))


@pytest.mark.parametrize("name", names())
def test_circuits_get_their_closed_form_exactly(name: str) -> None:
    module, contrast, truth = build(name, rotated_seed=3)
    model = adopt(module)
    found = by_site(referred(model, MiddleSpec(tuple(encode([contrast], model)), engine="owen")))
    assert found == pytest.approx(dict(truth.shapley), abs=2e-5)


@pytest.mark.filterwarnings("ignore:.*token_id must be:UserWarning")
@pytest.mark.parametrize("program", PROGRAMS)
def test_compiled_programs_get_the_recorded_values(shared: Path, program: str) -> None:
    folder = shared / "tracr" / program
    pairs = json.loads((folder / "circuit.json").read_text("utf-8"))["pairs"]
    model = load(folder)
    asked = [Contrast(tuple(p["clean"]), tuple(p["corrupt"]), tuple(p["target"]), ZERO) for p in pairs]
    tables = referred(model, MiddleSpec(tuple(encode(asked, model)), engine="owen"))
    found: list[dict[str, float]] = [defaultdict(float) for _ in pairs]
    for row in tables["middle-owen-leaves"].to_pylist():
        found[row["item"]][player_of(row["site"])] += row["share"]
    for pair, shares in zip(pairs, found, strict=True):
        gaps = [abs(shares[recorded_site(name)] - value) for name, value in pair["shapley"].items()]
        assert max(gaps) <= AGREES * abs(pair["delta"])


@pytest.mark.parametrize("shape", [tiny.llama, tiny.gpt2, tiny.neox, tiny.gemma2, tiny.opt])
@pytest.mark.parametrize("contrast", [PAIR, UNEVEN])
def test_drawn_orders_add_up_and_resuming_changes_nothing(
    shape: object, contrast: Contrast, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    model = adopt(shape())  # pyright: ignore[reportCallIssue]
    few = Refereeing(alone=2, groups=2, width=10.0)
    spec = MiddleSpec(tuple(encode([contrast], model)), engine="owen", referee=few)
    tables = referred(model, spec)
    (item,) = tables["middle-owen-items"].to_pylist()
    assert item["total"] == pytest.approx(item["delta"], abs=1e-5)
    assert item["delta"] == pytest.approx(_plain(model, contrast), abs=1e-5)
    assert tables["middle-owen"]["orders"].to_pylist() == [8]
    assert PromptGame.resumes.func(_game(model, contrast))
    monkeypatch.setattr(PromptGame, "resumes", False)
    assert by_site(referred(model, spec)) == pytest.approx(by_site(tables), abs=1e-6)


def test_drawn_values_near_the_exact_ones_of_a_game_in_which_unions_make_no_difference() -> None:
    module, contrast, truth = build("negative-head")
    model = adopt(module)
    drawn = Refereeing(alone=2, groups=4, width=0.05)
    spec = MiddleSpec(tuple(encode([contrast], model)), engine="owen", referee=drawn)
    tables = referred(model, spec)
    found = {site.replace(".g", ".n"): share for site, share in by_site(tables).items()}
    assert tables["middle-owen"]["width"].to_pylist()[0] <= 0.05 * truth.delta
    assert found == pytest.approx(dict(truth.shapley), abs=0.1 * truth.delta)


def test_a_game_between_models_has_both_models_at_its_ends_and_is_additive_in_biases() -> None:
    torch.manual_seed(2)
    model, other = adopt(tiny.gpt2()), adopt(tiny.gpt2())
    gates = gates_for(model, other)
    (batch,) = batches_of(rows_of(0, encode([PAIR], model)[0]), 512, "cpu")
    game = ModelGame((model.module, other.module), batch, gates)
    leaves = sum(max(gate.leaves, 1) for gate in gates)
    live = torch.tensor([[True], [False]]).repeat(1, leaves)
    ends = game.value(live).sum(1)
    assert float(ends[0]) == pytest.approx(_readout(model, PAIR), abs=1e-5)
    assert float(ends[1]) == pytest.approx(_readout(other, PAIR), abs=1e-5)
    spec = MiddleSpec(
        tuple(encode([PAIR], model)), engine="owen", against=other.card.weights_hash, referee=Refereeing(alone=2)
    )
    (item,) = referred(model, replace(spec, referee=Refereeing(alone=2, width=9.0)), other)[
        "middle-owen-items"
    ].to_pylist()
    assert item["total"] == pytest.approx(item["delta"], abs=1e-5)


def test_the_gated_engine_hands_over_when_its_total_stays_open_and_only_then() -> None:
    module, contrast, _ = build("cliff")
    model = adopt(module)
    spec = MiddleSpec(tuple(encode([contrast], model)))
    assert follow(model.card, spec, referred(model, spec)) == []
    rough = replace(spec, most_steps=8)
    tables = referred(model, rough)
    (shard,) = follow(model.card, rough, tables)
    assert shard.depends["kind"] == "owen"
    both = {**tables, **measure(model, shard)}
    assert follow(model.card, rough, both) == []
    reading = read(both, rough, model.card)
    assert reading.data["engine"] == "owen"
    assert reading.verdict == "closed"
    assert "referee" in reading.sentence


def test_the_players_of_a_large_model_are_heads_and_groups_of_neurons() -> None:
    model = adopt(tiny.llama())
    gates = gates_for(model, None)
    grouped, whole = players_of(gates, 2, 3), players_of(gates, 2, 1)
    assert [str(site) for site in grouped.sites][5:8] == ["L0.mlp.g0", "L0.mlp.g1", "L0.mlp.g2"]
    assert "L0.mlp" in [str(site) for site in whole.sites]
    assert len(grouped.of_leaf) == len(whole.of_leaf) == sum(max(gate.leaves, 1) for gate in gates)
    assert sorted(set(grouped.of_leaf.tolist())) == list(range(len(grouped.sites)))


def test_an_engine_that_does_not_exist_is_refused() -> None:
    model = adopt(tiny.llama())
    with pytest.raises(BadInput, match="'newton'"):
        plan(model.card, MiddleSpec(tuple(encode([PAIR], model)), engine="newton"))


def _game(model: LoadedModel, contrast: Contrast) -> PromptGame:
    (batch,) = batches_of(rows_of(0, encode([contrast], model)[0]), 512, "cpu")
    return PromptGame(model.module, batch, gates_for(model, None))


def _plain(model: LoadedModel, contrast: Contrast) -> float:
    assert contrast.reference is not None
    return _readout(model, contrast) - _readout(model, replace(contrast, clean=contrast.reference))


def _readout(model: LoadedModel, contrast: Contrast) -> float:
    total = 0.0
    for ids, sign in ((contrast.target, 1.0), (contrast.foil, -1.0)):
        assert isinstance(contrast.clean, tuple)
        assert isinstance(ids, tuple)
        logits = model.module(torch.tensor([[*contrast.clean, *ids]])).logits[0].double().log_softmax(-1)
        start = len(contrast.clean)
        total += sign * sum(float(logits[start + k - 1, token]) for k, token in enumerate(ids))
    return total
