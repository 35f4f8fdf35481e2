"""Close-ups come through as the tables have them, row by row, and the laws of the tables hold in the page's blocks."""

import base64
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from mesolens.errors import BadInput
from mesolens.report import closeups
from mesolens.report.middle_chapter import chapter
from mesolens.report.tables import readings
from mesolens.runs.store import Store
from tests.report.synthetic import Shape, make_run
from tests.report.synthetic_proof import SEEN

SMALL = Shape(layers=2, heads=3, neurons=6, items=5)
WRITERS = {f"L{layer}.{writer}" for layer in range(SMALL.layers) for writer in ("attn", "mlp")}
Block = dict[str, Any]


def unpacked(text: object, kind: str = "<f8") -> list[float]:
    return np.frombuffer(base64.b64decode(cast(str, text)), kind).tolist()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(make_run(tmp_path_factory.mktemp("run"), SMALL))


@pytest.fixture(scope="module")
def blocks(store: Store) -> dict[str, Block]:
    return cast(dict[str, Block], chapter(readings(store)["middle"], store.tables("middle")).blocks)


def grouped(block: Block, *columns: list[Any]) -> list[tuple[Any, ...]]:
    """The rows of a block whose rows stand by sites."""
    starts = [0, *block["ends"][:-1]]
    owners = [s for s, a, b in zip(block["sites"], starts, block["ends"], strict=True) for _ in range(a, b)]
    return list(zip(owners, *columns, strict=True))


def test_attention_is_the_tables(store: Store, blocks: dict[str, Block]) -> None:
    rows = store.load("middle-attention").to_pylist()
    for item in range(SEEN):
        part = blocks[f"middle-near-{item}"]["attention"]
        there, here = (unpacked(part[name], "<i4") for name in ("destination", "source"))
        found = grouped(part, there, here, unpacked(part["weight"], "<f4"))
        mine = [
            (r["site"], r["destination"], r["source"], float(np.float32(r["weight"])))
            for r in rows
            if r["item"] == item
        ]
        assert sorted(found) == sorted(mine)


def test_edges_of_a_contrast_and_their_mean_are_the_tables(store: Store, blocks: dict[str, Block]) -> None:
    rows = store.load("middle-edges").to_pylist()
    mean: dict[tuple[str, str], float] = {}
    for item in range(SEEN):
        found = edges(blocks[f"middle-near-{item}"]["edges"])
        assert found == {(r["source"], r["reader"]): r["share"] for r in rows if r["item"] == item}
        for pair, share in found.items():
            mean[pair] = mean.get(pair, 0.0) + share / SEEN
    part = blocks["middle-closeups"]["edges"]
    assert part["items"] == SEEN
    assert edges(part) == pytest.approx(mean)


def edges(part: Block) -> dict[tuple[str, str], float]:
    """Share by source and reader."""
    names = part["names"]
    ends = [[names[k] for k in map(int, unpacked(part[name], "<i4"))] for name in ("source", "reader")]
    return dict(zip(zip(*ends, strict=True), unpacked(part["share"]), strict=True))


def test_the_edges_of_a_leaf_sum_to_its_share(store: Store, blocks: dict[str, Block]) -> None:
    leaves = {(r["item"], r["site"]): r["share"] for r in store.load("middle-leaves").to_pylist()}
    for item in range(SEEN):
        sums: dict[str, float] = {}
        for (source, reader), share in edges(blocks[f"middle-near-{item}"]["edges"]).items():
            sums[source] = sums.get(source, 0.0) + share * (reader not in WRITERS)
        assert sums == pytest.approx({site: leaves[item, site] for site in sums})


def test_promoted_tokens_and_waking_items_are_the_tables(store: Store, blocks: dict[str, Block]) -> None:
    promoted, woken = (blocks["middle-closeups"][name] for name in ("promoted", "activations"))
    found = grouped(promoted, unpacked(promoted["rank"], "<i4"), promoted["token"], unpacked(promoted["value"]))
    assert found == [(r["site"], r["rank"], r["token"], r["value"]) for r in store.load("middle-promoted").to_pylist()]
    places = [unpacked(woken[name], "<i4") for name in ("item", "position")]
    sizes = [unpacked(woken[name]) for name in ("activation", "change")]
    found = grouped(woken, *places, woken["token"], *sizes)
    rows = store.load("middle-activations").to_pylist()
    assert found == [tuple(r[c] for c in ("site", "item", "position", "token", "activation", "change")) for r in rows]


def test_boundary_rows_are_a_matrix_of_layers_by_tokens(store: Store, blocks: dict[str, Block]) -> None:
    rows = store.load("middle-rows").to_pylist()
    for item in range(SEEN):
        part = blocks[f"middle-near-{item}"]["rows"]
        mine = [r for r in rows if r["item"] == item]
        dense = np.array(unpacked(part["share"])).reshape(len(part["layers"]), -1)
        assert part["layers"] == sorted({r["layer"] for r in mine})
        assert all(dense[part["layers"].index(r["layer"]), r["token"]] == r["share"] for r in mine)
        assert dense.sum() == pytest.approx(sum(r["share"] for r in mine))


def test_whole_contrasts_are_left_out_beyond_the_budget(store: Store) -> None:
    tables, tokens = store.tables("middle"), [200] * SMALL.items
    rows = tables["middle-edges"].num_rows
    found = closeups.by_contrast({"middle-edges": tables["middle-edges"]}, tokens, rows // SEEN * 2)
    assert sorted(found) == [0, 1]


def attention(**changed: Any) -> pa.Table:
    columns = {"item": [0], "site": ["L0.attn.h0"], "destination": [1], "source": [0], "weight": [0.5]} | changed
    return pa.table(columns)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"site": ["</script>"]}, "no site"),
        ({"item": [9]}, "item 9"),
        ({"source": [-1]}, "source -1"),
        ({"destination": [4]}, "destination 4"),
        ({"weight": [float("nan")]}, "weight"),
    ],
)
def test_a_table_that_names_what_is_not_there_is_refused(changed: dict[str, Any], match: str) -> None:
    closeups.by_contrast({"middle-attention": attention()}, [4], 9)
    with pytest.raises(BadInput, match=match):
        closeups.by_contrast({"middle-attention": attention(**changed)}, [4], 9)


def test_an_edge_ends_at_a_site_or_the_readout() -> None:
    rows = {"item": [0], "source": ["embed"], "reader": ["readout"], "share": [1.0]}
    assert closeups.by_site({"middle-edges": pa.table(rows)}, 1) is not None
    with pytest.raises(BadInput, match="no site"):
        closeups.by_site({"middle-edges": pa.table(rows | {"source": ["readout "]})}, 1)


def test_a_place_without_a_reference_has_a_change_of_nan() -> None:
    columns = {"site": ["L0.mlp.n1"] * 2, "item": [0, 0], "position": [0, 1], "token": ["a", "b"]}
    rows = pa.table(columns | {"activation": [1.0, 2.0], "change": [None, -0.5]})
    found: Block = closeups.by_site({"middle-activations": rows}, 1)["activations"]
    assert np.isnan(unpacked(found["change"])).tolist() == [True, False]
    assert unpacked(found["change"])[1] == -0.5
    with pytest.raises(BadInput, match="no finite number"):
        closeups.by_site({"middle-activations": rows.set_column(5, "change", pa.array([float("inf"), 1.0]))}, 1)
