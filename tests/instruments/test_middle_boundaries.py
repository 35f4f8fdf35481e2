"""Rows at a layer's boundary: what crosses is what was written before, and each token's part is its own."""

import dataclasses
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle import MiddleSpec, measure, plan
from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.flow import boundaries, crossing
from mesolens.instruments.middle.flow.words import flow_words
from mesolens.instruments.middle.found import found_in
from mesolens.instruments.middle.gated import reference_run
from mesolens.instruments.middle.gates import Gate, actions_of, gates_of
from mesolens.instruments.middle.readout import logits_at
from mesolens.instruments.middle.rows import rows_of
from mesolens.instruments.middle.spec import Proof
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import Site
from mesolens.model.taps import Point, tapped
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from tests.instruments.tiny import SHAPES, build, contrasts

MODELS = {shape: build(shape) for shape in SHAPES}
SUMS = 1e-6
shapes = pytest.mark.parametrize("shape", SHAPES)


def measured(model: LoadedModel, items: list[Contrast], **protocol: object) -> tuple[MiddleSpec, Tables]:
    protocol = {"steps": 2, "most_steps": 2, **protocol}
    spec = MiddleSpec(tuple(encode(items, model)), proof=Proof(), **protocol)
    parts = [measure(model, shard) for shard in plan(model.card, spec)]
    tables = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
    found = [measure(model, shard) for shard in crossing.row_shards(model.card, spec, found_in(tables), tables)]
    return spec, tables | {crossing.TABLE: pa.concat_tables([part[crossing.TABLE] for part in found])}


@shapes
@settings(max_examples=3, deadline=None)
@given(
    seed=st.integers(0, 1000),
    lengths=st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9)), min_size=1, max_size=2),
    target=st.integers(1, 3),
    foil=st.integers(0, 3),
)
def test_what_crosses_is_the_sum_of_what_was_written_before(
    shape: str, seed: int, lengths: list[tuple[int, int]], target: int, foil: int
) -> None:
    items = contrasts(seed, lengths=lengths, target=target, foil=foil)
    _, tables = measured(MODELS[shape], items, tokens=False)
    found, rows = found_in(tables), tables[crossing.TABLE].to_pylist()
    for item, delta in enumerate(found.deltas):
        for boundary in range(3):
            crossing_here = sum(r["share"] for r in rows if r["item"] == item and r["layer"] == boundary)
            before = ["embed", *(site for site in found.sites if site[0] == "L" and int(site[1]) < boundary)]
            written = sum(found.leaves[item, found.sites.index(site)] for site in before)
            assert crossing_here == pytest.approx(written, abs=SUMS * max(1.0, abs(delta)))
    assert crossing.worst_gap(tables[crossing.TABLE], found) <= SUMS


@shapes
def test_the_first_boundary_is_the_embedding_token_by_token(shape: str) -> None:
    _, tables = measured(MODELS[shape], contrasts(3, lengths=[(6, 6), (7, 4)], target=2), tokens=True)
    rows = {(r["item"], r["token"]): r["share"] for r in tables[crossing.TABLE].to_pylist() if r["layer"] == 0}
    embed = {
        (r["item"], int(r["site"].partition("@")[2])): r["share"]
        for r in tables["middle-tokens"].to_pylist()
        if r["site"].startswith("embed@")
    }
    assert rows == pytest.approx(embed, abs=SUMS)


def stream_at(model: LoadedModel, batch: Batch, frozen: dict[Site, torch.Tensor], strength: float) -> list[np.ndarray]:
    """The stream at every boundary of the pass at one strength."""
    seen: list[np.ndarray] = []

    def blend(gate: Gate, live: torch.Tensor) -> torch.Tensor:
        return torch.lerp(frozen[gate.site], live, strength)

    actions = dict(actions_of(gates_of(model.anatomy), blend))
    paths = [block.module for block in model.anatomy.blocks]
    with torch.no_grad(), tapped(model.module, actions):
        points = [*(Point(path, "in") for path in paths), Point(paths[-1], "out")]
        with tapped(model.module, {point: partial(_see, seen) for point in points}):
            logits_at(model.module, batch.clean, batch.clean_reads.positions)
    return seen


def _see(seen: list[np.ndarray], stream: torch.Tensor) -> None:
    seen.append(stream.numpy().copy())


@pytest.mark.parametrize("shape", ["gpt2", "neox"])
def test_the_stream_moves_as_differences_say(shape: str) -> None:
    """In float64 throughout, which the norms of the other shapes are not."""
    model, item = MODELS[shape], contrasts(9, lengths=[(6, 6)])[0]
    (batch,) = batches_of(rows_of(0, encode([item], model)[0]), 100, "cpu")
    gates = gates_of(model.anatomy)
    frozen, _ = reference_run(model.module, batch, gates)
    moves = boundaries._tangents(model.module, batch, gates, frozen, 0.3)
    up, down = (stream_at(model, batch, frozen, 0.3 + step) for step in (1e-5, -1e-5))
    assert len(moves) == len(up) == 3
    for move, high, low in zip(moves, up, down, strict=True):
        np.testing.assert_allclose(move.numpy(), (high - low) / 2e-5, atol=1e-7)
        assert move.abs().max() > 0.1


def test_only_positions_that_are_divided_have_rows() -> None:
    _, tables = measured(MODELS["llama"], contrasts(3, lengths=[(7, 4)], target=3, foil=1), tokens=False)
    tokens = set(tables[crossing.TABLE]["token"].to_pylist())
    assert tokens <= {6, 7, 8}
    assert tokens


def test_neither_batches_nor_room_change_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    items = contrasts(5, lengths=[(4, 4), (9, 9), (6, 3)], target=2)
    _, whole = measured(MODELS["gpt2"], items, tokens=False)
    monkeypatch.setattr(crossing, "ROOM", 1)
    _, pieces = measured(MODELS["gpt2"], items, tokens=False, shard_items=1)
    one, other = (
        {(r["item"], r["layer"], r["token"]): r["share"] for r in tables[crossing.TABLE].to_pylist()}
        for tables in (whole, pieces)
    )
    assert one == pytest.approx(other, abs=1e-9)


def test_a_row_that_is_lost_is_seen() -> None:
    _, tables = measured(MODELS["gpt2"], contrasts(5, lengths=[(4, 4)]), tokens=False)
    table, found = tables[crossing.TABLE], found_in(tables)
    worst = int(np.abs(table["share"].to_numpy()).argmax())
    lost = pa.concat_tables([table.slice(0, worst), table.slice(worst + 1)])
    gap = abs(table["share"][worst].as_py()) / max(1.0, abs(found.deltas[0]))
    assert crossing.worst_gap(lost, found) == pytest.approx(gap, abs=SUMS)


def test_what_cannot_be_carried_forwards_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError("no forward derivative")

    monkeypatch.setattr(crossing, "rows_across", refuse)
    spec, tables = measured(MODELS["gpt2"], contrasts(5, lengths=[(4, 4)]), tokens=False)
    assert tables[crossing.TABLE].num_rows == 0
    assert "no forward derivative" in str(flow_words(tables, spec, found_in(tables))["rows"])
    away = dataclasses.replace(spec, against="0" * 16)
    assert crossing.row_shards(MODELS["gpt2"].card, away, found_in(tables), {}) == []
