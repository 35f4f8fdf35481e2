"""The chapter carries every sum of the tables, also when leaves are folded, and nothing that was refused."""

import base64
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.report.budget import FILE
from mesolens.report.html import write_report
from mesolens.report.middle_chapter import chapter, fold
from mesolens.report.tables import Leaves, leaves, readings, tokens
from mesolens.report.text import summary
from mesolens.runs.store import Store
from tests.report.synthetic import Shape, make_run

SMALL = Shape(layers=2, heads=2, neurons=6, items=3)


def unpacked(text: object) -> np.ndarray:
    return np.frombuffer(base64.b64decode(cast(str, text)), "<f8")


def site_names(main: dict[str, Any]) -> list[str]:
    runs = main["tree"]["sites"]
    return [stem if first < 0 else f"{stem}{first + k}" for stem, first, count in runs for k in range(count)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"), SMALL)


def test_the_page_gets_the_tables_shares_bit_by_bit(run: Path) -> None:
    store = Store(run)
    made = chapter(readings(store)["middle"], store.tables("middle"))
    sites = site_names(cast(dict[str, Any], made.main))
    rows = {(r["item"], r["site"]): r["share"] for r in store.load("middle-leaves").to_pylist()}
    for item in range(SMALL.items):
        shares = unpacked(cast(dict[str, Any], made.blocks[f"middle-{item}"])["shares"])
        assert shares.tolist() == [rows[item, site] for site in sites]


def test_groups_of_the_reading_are_the_sums_of_the_leaves(run: Path) -> None:
    store = Store(run)
    main = cast(dict[str, Any], chapter(readings(store)["middle"], store.tables("middle")).main)
    mean = dict(zip(site_names(main), unpacked(main["tree"]["mean"]), strict=True))
    for site, (share, *_) in main["tree"]["groups"].items():
        total = sum(x for leaf, x in mean.items() if site == "model" or f"{leaf}.".startswith(f"{site}."))
        assert share == pytest.approx(total, rel=1e-9)


@given(st.data())
def test_folding_keeps_every_writers_sum_and_what_must_be_kept(data: st.DataObject) -> None:
    neurons, room = data.draw(st.integers(1, 12)), data.draw(st.integers(0, 30))
    sites = (*(f"L{k}.mlp.n{n}" for k in range(2) for n in range(neurons)), "L0.mlp.norm", "L1.attn.h0", "unembed")
    shares = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(3, len(sites)))
    kept = frozenset(data.draw(st.lists(st.sampled_from(sites), max_size=3)))
    folded, gone = fold(Leaves(sites, shares), kept, room)
    assert kept | {"L0.mlp.norm", "L1.attn.h0", "unembed"} <= set(folded.sites)
    assert gone == len(sites) - len([s for s in folded.sites if not s.endswith(".rest")])
    assert gone >= min(len(sites) - room, 2 * neurons - len(kept))
    for writer in ("L0.mlp.", "L1.mlp.", "L1.attn."):
        before = shares[:, [s.startswith(writer) for s in sites]].sum(1)
        after = folded.shares_IA[:, [s.startswith(writer) for s in folded.sites]].sum(1)
        assert after == pytest.approx(before, abs=1e-12)


def test_a_large_model_is_folded_and_the_page_says_so(run: Path) -> None:
    store = Store(run)
    small = replace(FILE, fewest_leaves=10, share_bytes=8 * 20 * 2)
    made = chapter(readings(store)["middle"], store.tables("middle"), small)
    main = cast(dict[str, Any], made.main)
    single = {name for name in made.blocks if re.fullmatch(r"middle-\d+", name)}
    assert main["left_out"]["contrasts"] == SMALL.items - len(single) > 0
    total = unpacked(main["tree"]["mean"]).sum()
    assert total == pytest.approx(main["tree"]["groups"]["model"][0], rel=1e-9)


def test_nothing_refused_is_written(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", Shape(refused=True, items=3))
    made = chapter(readings(Store(run))["middle"], Store(run).tables("middle"))
    assert dict(made.blocks) == {}
    assert "tree" not in made.main
    assert all(item["total"] is None for item in cast(list[dict[str, Any]], made.main["items"]))


def table(**columns: list[Any]) -> pa.Table:
    found = pa.table(
        {"item": pa.array(columns["item"], pa.int32()), "site": columns["site"], "share": columns["share"]}
    )
    return found.set_column(1, "site", found["site"].dictionary_encode())


@pytest.mark.parametrize("site", ["L0.attn.h01", "L-1", "", "embed ", "</script>", "L0.attn.h1\n", "L0..h1", "модель"])
def test_a_name_that_is_no_site_is_refused(site: str) -> None:
    with pytest.raises(BadInput, match="no site"):
        leaves(table(item=[0], site=[site], share=[1.0]), 1)


def test_rows_of_items_and_leaves_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match="item 7"):
        leaves(table(item=[7], site=["embed"], share=[1.0]), 2)
    with pytest.raises(BadInput, match="no token"):
        tokens(table(item=[0], site=["L9.attn.h1@3"], share=[1.0]), 1, ("embed",))


def test_tokens_of_both_prompts_keep_their_places() -> None:
    rows = table(item=[1, 0, 1], site=["embed@2", "embed@0", "embed@r3"], share=[0.5, 1.0, -2.0])
    zero, one, two = tokens(rows, 3, ("embed",))
    assert zero is not None
    assert one is not None
    assert two is None
    assert one.position.tolist() == [2, -4]
    assert one.shares.tolist() == [0.5, -2.0]


def test_the_same_run_gives_the_same_page_and_no_half_page(run: Path) -> None:
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert sorted(p.name for p in run.iterdir()) == ["plans", "readings", "report.html", "run.json", "shards", "tables"]


def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no run\.json|not a run folder"):
        write_report(tmp_path / "nowhere")


def test_the_summary_has_five_lines_and_names_the_largest_leaf(run: Path) -> None:
    lines = summary(run).split("\n")
    rows = Store(run).load("middle-leaves").to_pylist()
    mean: dict[str, float] = {}
    for row in rows:
        mean[row["site"]] = mean.get(row["site"], 0.0) + row["share"] / SMALL.items
    largest = max(mean, key=lambda site: abs(mean[site]))
    assert len(lines) == 5
    assert lines[2].startswith(f"largest   {largest} {mean[largest]:+.3f}, ")
