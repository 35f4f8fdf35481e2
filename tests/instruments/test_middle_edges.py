"""Edges: they add up to the share, follow the wiring, and are what autograd says along one path."""

import dataclasses
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.instruments.middle.flow import edges, feeding
from mesolens.instruments.middle.found import found_in
from mesolens.instruments.middle.opened import opened as largest
from mesolens.instruments.middle.spec import Proof
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.slides.circuits import build as circuit
from mesolens.slides.circuits.wiring import NATS
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from tests.instruments.onepath import OnePath
from tests.instruments.tiny import SHAPES, build, contrasts
from tests.model.families import build as family_model

MODELS = {shape: build(shape) for shape in SHAPES}
SUMS = 1e-6
shapes = pytest.mark.parametrize("shape", SHAPES)
Edges = dict[tuple[str, str], float]


def measured(model: LoadedModel, items: list[Contrast], opened: int, **protocol: object) -> tuple[MiddleSpec, Tables]:
    """The shares and the edges of contrasts; the sums hold at every node, so two are enough where nothing is said."""
    protocol = {"steps": 2, "most_steps": 2, **protocol}
    spec = MiddleSpec(tuple(encode(items, model)), tokens=False, proof=Proof(opened=opened), **protocol)
    parts = [measure(model, shard) for shard in plan(model.card, spec)]
    tables = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
    found = [measure(model, shard) for shard in feeding.edge_shards(model.card, spec, found_in(tables), tables)]
    return spec, tables | {feeding.TABLE: pa.concat_tables([part[feeding.TABLE] for part in found])}


def of_item(tables: Tables, item: int = 0) -> Edges:
    rows = tables[feeding.TABLE].to_pylist()
    return {(row["source"], row["reader"]): row["share"] for row in rows if row["item"] == item}


def by_writer(reader: str) -> bool:
    return reader.count(".") < 2


@shapes
@settings(max_examples=3, deadline=None)
@given(
    seed=st.integers(0, 1000),
    lengths=st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9)), min_size=1, max_size=2),
    target=st.integers(1, 3),
    foil=st.integers(0, 3),
    opened=st.integers(1, 4),
)
def test_edges_and_the_direct_effect_add_up_to_the_share(
    shape: str, seed: int, lengths: list[tuple[int, int]], target: int, foil: int, opened: int
) -> None:
    items = contrasts(seed, lengths=lengths, target=target, foil=foil)
    spec, tables = measured(MODELS[shape], items, opened)
    found = found_in(tables)
    assert found.direct is not None
    leaves = [str(site) for leaf in ("h", "n") for site in largest(found, spec, leaf)]
    assert len(leaves) == 2 * opened
    for item, delta in enumerate(found.deltas):
        flow, bar = of_item(tables, item), SUMS * max(1.0, abs(delta))
        for source in ("embed", *leaves):
            place = found.sites.index(source)
            total = sum(share for (one, reader), share in flow.items() if one == source and by_writer(reader))
            assert total == pytest.approx(found.leaves[item, place], abs=bar)
            assert flow.get((source, "readout"), 0.0) == pytest.approx(found.direct[item, place], abs=bar)
        inner: dict[tuple[str, str], float] = defaultdict(float)
        for (source, reader), share in flow.items():
            if not by_writer(reader):
                inner[source, reader.rpartition(".")[0]] += share
        for pair, total in inner.items():
            assert total == pytest.approx(flow.get(pair, 0.0), abs=1e-12)
    assert feeding.worst_gap(tables[feeding.TABLE], found) <= SUMS


@shapes
def test_everybody_reads_what_was_written_before_and_nothing_else(shape: str) -> None:
    _, tables = measured(MODELS[shape], contrasts(4, lengths=[(5, 5)]), 200, steps=1, most_steps=1)
    rest = [share for (_, reader), share in of_item(tables).items() if reader.endswith(".rest")]
    assert max(map(abs, rest), default=0.0) <= SUMS, "all leaves are opened"
    order = ["embed", "L0.attn", "L0.mlp", "L1.attn", "L1.mlp", "readout"]
    stage = {name: at for at, name in enumerate(order)}
    if shape == "neox":  # attention and MLP of a layer read the same stream
        stage = {"embed": 0, "L0.attn": 1, "L0.mlp": 1, "L1.attn": 2, "L1.mlp": 2, "readout": 3}
    pairs = {(source, reader) for source, reader in of_item(tables) if by_writer(reader)}
    writers = {(source if source == "embed" else source.rpartition(".")[0], reader) for source, reader in pairs}
    assert writers == {(a, b) for a in order[:-1] for b in order[1:] if stage[a] < stage[b]}


PAIRS = [
    ("embed", "L0.attn.h1"),
    ("embed", "L1.mlp"),
    ("L0.attn.h2", "L0.mlp.n3"),
    ("L0.attn.h2", "L1.attn.h0"),
    ("L0.mlp.n7", "L1.attn.h3"),
    ("L0.mlp.n7", "L1.mlp.n5"),
    ("L1.attn.h1", "L1.mlp"),
]


@shapes
def test_an_edge_is_the_derivative_along_its_one_path(shape: str) -> None:
    model, item = MODELS[shape], contrasts(11, lengths=[(7, 7)])[0]
    _, tables = measured(model, [item], 200)
    found = of_item(tables)
    for source, reader in PAIRS:
        if shape == "neox" and source[:7] == reader[:2] + ".attn":
            continue
        expected = OnePath(model, item, source, reader).edge(2)
        assert found[source, reader] == pytest.approx(expected, abs=1e-7), (source, reader)
    assert max(abs(found[pair]) for pair in PAIRS if pair in found) > 1e-3


# Parts of the readout, over its two nats, from its polynomial in the gates.
WIRES: dict[str, Edges] = {
    # e h0 n0 h1 n1: a fifth to each part, all of it to the next link.
    "chain": {
        ("embed", "L0.attn.h0"): 1 / 5,
        ("L0.attn.h0", "L0.mlp.n0"): 1 / 5,
        ("L0.mlp.n0", "L1.attn.h0"): 1 / 5,
        ("L1.attn.h0", "L1.mlp.n0"): 1 / 5,
        ("L1.mlp.n0", "readout"): 1 / 5,
    },
    # e h0 − ½ e h0 h1: the second term, a sixth to each part, flows through h1.
    "negative-head": {
        ("embed", "L0.attn.h0"): 1 / 2 - 1 / 6,
        ("L0.attn.h0", "readout"): 1 / 2,
        ("L0.attn.h0", "L1.attn.h0"): -1 / 6,
        ("L1.attn.h0", "readout"): -1 / 6,
    },
    # e² h0 h1 n: of the embedding's two fifths one flows through either head.
    "and": {
        ("embed", "L0.attn.h0"): 1 / 5,
        ("embed", "L0.attn.h1"): 1 / 5,
        ("L0.attn.h0", "L0.mlp.n0"): 1 / 5,
        ("L0.attn.h1", "L0.mlp.n0"): 1 / 5,
        ("L0.mlp.n0", "readout"): 1 / 5,
    },
    # e h0 + n (1 − e h0) e h1: the backup neuron hears the head that answers, and takes it off.
    "or": {
        ("embed", "L0.attn.h0"): 1 / 2 - 1 / 5,
        ("embed", "L0.attn.h1"): 1 / 3 - 1 / 5,
        ("L0.attn.h0", "readout"): 1 / 2,
        ("L0.attn.h0", "L1.mlp.n0"): -1 / 5,
        ("L0.attn.h1", "L1.mlp.n0"): 1 / 3 - 1 / 5,
        ("L1.mlp.n0", "readout"): 1 / 3 - 1 / 5,
    },
}


@pytest.mark.parametrize("rotated_seed", [None, 1])
@pytest.mark.parametrize("name", WIRES)
def test_edges_of_a_circuit_are_its_wires(name: str, rotated_seed: int | None) -> None:
    module, contrast, _ = circuit(name, rotated_seed=rotated_seed)
    _, tables = measured(adopt(module, name=name), [contrast], 100, steps=3, most_steps=3)
    wiring = WIRES[name]
    found = {pair: share for pair, share in of_item(tables).items() if not by_writer(pair[1]) or pair[1] == "readout"}
    for pair in {*found, *wiring}:
        expected = wiring.get(pair, 0.0) * NATS
        assert found.get(pair, 0.0) == pytest.approx(expected, abs=1e-4), pair


@shapes
def test_neither_chunks_nor_batches_change_an_edge(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items = contrasts(5, lengths=[(4, 4), (9, 9), (6, 3)], target=2)
    _, whole = measured(MODELS[shape], items, 5)
    monkeypatch.setattr(edges, "CHUNK", 1)
    monkeypatch.setattr(feeding, "ROOM", 1)
    _, pieces = measured(MODELS[shape], items, 5, shard_items=1)
    for item in range(len(items)):
        one, other = of_item(whole, item), of_item(pieces, item)
        assert one == pytest.approx(other, abs=1e-7)
        assert one.keys() == other.keys()


def test_items_are_taken_with_the_nodes_that_their_shares_took() -> None:
    items = contrasts(8, lengths=[(5, 5), (4, 4)])
    items.append(dataclasses.replace(items[0], reference=items[0].clean))  # nothing to divide: it closes at once
    _, tables = measured(MODELS["gpt2"], items, 2, steps=1, most_steps=4)
    found = found_in(tables)
    assert len(set(found.items["steps"].to_pylist())) > 1
    assert feeding.worst_gap(tables[feeding.TABLE], found) <= SUMS


def test_an_edge_that_is_lost_is_seen() -> None:
    _, tables = measured(MODELS["gpt2"], contrasts(5, lengths=[(4, 4)]), 4)
    table, found = tables[feeding.TABLE], found_in(tables)
    row = max(range(len(table)), key=lambda k: abs(table["share"][k].as_py()) * by_writer(table["reader"][k].as_py()))
    lost = pa.concat_tables([table.slice(0, row), table.slice(row + 1)])
    gap = abs(table["share"][row].as_py()) / max(1.0, abs(found.deltas[0]))
    assert feeding.worst_gap(lost, found) == pytest.approx(gap, abs=SUMS)


def test_there_are_none_for_another_model_or_for_the_referees_values() -> None:
    model = MODELS["llama"]
    spec, tables = measured(model, contrasts(5, lengths=[(4, 4)]), 2)
    found = found_in(tables)
    away, owen = dataclasses.replace(spec, against="0" * 16), dataclasses.replace(found, engine="owen")
    bare = dataclasses.replace(spec, proof=None)
    for asked, stated in ((away, found), (spec, owen), (bare, found)):
        assert feeding.edge_shards(model.card, asked, stated, {}) == []
    assert "a model as the reference" in str(feeding.edge_words({}, away, found))
    assert "the referee" in str(feeding.edge_words({}, spec, owen))
    assert feeding.edge_words({}, bare, found) == {}


FAMILIES = ("qwen3", "olmo2", "glm4", "bloom", "falcon", "gptj", "granite", "phi3", "mixtral", "deepseek_v3", "mamba")

EXPERTS = ("mixtral", "deepseek_v3")
"""Their grouped products exist in single precision only."""


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_sums_hold_in_every_family(family: str) -> None:
    module = family_model(family)
    module = module if family in EXPERTS else module.double()
    model, items = adopt(module, name=family), contrasts(3, lengths=[(6, 6), (7, 4)], target=2)
    small = [
        Contrast(
            *(tuple(i % 36 + 2 for i in ids) for ids in (c.clean, c.reference, c.target, c.foil)), c.template, c.id
        )
        for c in items
    ]
    _, tables = measured(model, small, 100)
    found = found_in(tables)
    assert feeding.worst_gap(tables[feeding.TABLE], found) <= SUMS
    assert np.abs(found.leaves).max() > 0.01


def test_in_float32_the_sums_still_hold() -> None:
    model = build("llama", dtype=torch.float32)
    _, tables = measured(model, contrasts(5, lengths=[(n, n) for n in range(2, 14)]), 8, steps=8, most_steps=8)
    assert feeding.worst_gap(tables[feeding.TABLE], found_in(tables)) <= SUMS


def test_rows_of_the_table_are_finite_and_named_once() -> None:
    _, tables = measured(MODELS["neox"], contrasts(5, lengths=[(4, 4), (5, 7)]), 3)
    table = tables[feeding.TABLE]
    keys = list(zip(*(table[name].to_pylist() for name in ("item", "source", "reader")), strict=True))
    assert len(keys) == len(set(keys))
    assert np.isfinite(table["share"].to_numpy()).all()
