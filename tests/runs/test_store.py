"""What the run folder promises: whole or not at all, once, in order, and the same bytes for the same numbers."""

import errno
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput, Incomplete
from mesolens.evidence.shards import Shard, Tables
from mesolens.runs import disk, parquet
from mesolens.runs.store import Store

from . import fake

SHARDS = fake.plan(None, 3)


def commit(store: Store, shard: Shard, tables: Tables) -> bool:
    with store.claim(shard, wait=False) as claim:
        assert claim is not None
        return claim.commit(tables)


def files(run: Path) -> dict[str, bytes]:
    return {str(p.relative_to(run)): p.read_bytes() for p in sorted(run.rglob("*")) if p.is_file()}


def test_tables_come_back_joined_in_the_order_of_the_plan(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    for shard in reversed(SHARDS):
        assert commit(store, shard, fake.measure(None, shard))
    expected = [fake.measure(None, shard)["fake-leaves"] for shard in SHARDS]
    found = store.load("fake-leaves")
    assert found["site"].to_pylist() == [site for table in expected for site in table["site"].to_pylist()]
    assert found["share"].to_pylist() == [share for table in expected for share in table["share"].to_pylist()]
    assert set(store.tables(fake.NAME)) == {"fake-items", "fake-leaves"}


def test_a_reader_that_is_not_ours_reads_the_same_numbers(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    tables = fake.measure(None, SHARDS[0])
    commit(store, SHARDS[0], tables)
    rows = duckdb.sql(f"select site, share from '{store.run}/tables/fake-leaves/*.parquet'").fetchall()
    assert rows == list(zip(*tables["fake-leaves"].to_pydict().values(), strict=True))


def test_the_second_result_is_dropped(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    assert commit(store, SHARDS[0], fake.measure(None, SHARDS[0]))
    before = files(store.run)
    assert not commit(store, SHARDS[0], fake.measure(None, SHARDS[1]))
    assert files(store.run) == before


def test_unfinished_is_incomplete_and_unknown_is_named(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    commit(store, SHARDS[0], fake.measure(None, SHARDS[0]))
    with pytest.raises(Incomplete, match="1 of 3 shards"):
        store.tables(fake.NAME)
    with pytest.raises(BadInput, match="no table 'nobody'"):
        store.load("nobody")


def test_a_changed_table_is_refused(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    commit(store, SHARDS[0], fake.measure(None, SHARDS[0]))
    place = store.run / "tables" / "fake-items" / f"{SHARDS[0].key}.parquet"
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with pytest.raises(BadInput, match="was changed"):
        store.load("fake-items")


@pytest.mark.parametrize("full_at", range(1, 4))
def test_a_full_disk_leaves_no_trace_of_the_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_at: int
) -> None:
    store = fake.begun(tmp_path / "run", 3)
    commit(store, SHARDS[0], fake.measure(None, SHARDS[0]))
    before = files(store.run)
    calls = 0

    def fsync(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == full_at + 1:  # the first syncs the scratch folder itself
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Incomplete, match="no space left"):
        commit(store, SHARDS[1], fake.measure(None, SHARDS[1]))
    monkeypatch.undo()
    assert files(store.run) == before
    assert commit(store, SHARDS[1], fake.measure(None, SHARDS[1]))


@pytest.mark.parametrize("after", [1, 2])
def test_an_interrupt_between_the_links_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    store = fake.begun(tmp_path / "run", 3)
    before = files(store.run)
    link, calls = os.link, 0

    def cut(source: Path, place: Path) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        link(source, place)

    monkeypatch.setattr(os, "link", cut)
    with pytest.raises(KeyboardInterrupt):
        commit(store, SHARDS[0], fake.measure(None, SHARDS[0]))
    assert files(store.run) == before


def test_what_the_dead_left_is_swept_and_what_the_living_hold_is_not(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    before = files(store.run)
    with store.claim(SHARDS[0], wait=False) as claim:
        assert claim is not None
        (claim.folder / "half").write_bytes(b"alive")
        dead = store.run / "scratch" / SHARDS[1].key
        dead.mkdir()
        (dead / "half").write_bytes(b"dead")
        orphan = store.run / "tables" / "fake-items" / f"{SHARDS[1].key}.parquet"
        orphan.parent.mkdir(parents=True)
        orphan.write_bytes(b"half of a shard")
        store.sweep()
        assert (claim.folder / "half").read_bytes() == b"alive"
        assert not dead.exists()
        assert not orphan.exists()
        with store.claim(SHARDS[0], wait=False) as second:
            assert second is None
    assert files(store.run) == before


def test_a_folder_with_other_things_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(BadInput, match="not a run folder"):
        Store(tmp_path)
    with pytest.raises(BadInput, match="is a file"):
        Store(tmp_path / "thesis.tex")
    with pytest.raises(BadInput, match=r"no run\.json"):
        Store(tmp_path / "nowhere").read_json("run")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(disk.os, "open", forbidden)
    with pytest.raises(BadInput, match="cannot be written"):
        Store(tmp_path / "run").write_json("run", {})


def test_a_folder_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be a folder"):
        Store(tmp_path / "file" / "run").write_json("run", {})


@given(st.lists(st.sampled_from(["embed", "L0", "L1.attn.h1"]), min_size=1, max_size=20), st.data())
def test_equal_tables_give_equal_bytes(sites: list[str], data: st.DataObject) -> None:
    shares = data.draw(st.lists(st.floats(allow_nan=False), min_size=len(sites), max_size=len(sites)))
    cut = data.draw(st.integers(0, len(sites)))
    whole = pa.table({"site": pa.array(sites).dictionary_encode(), "share": shares})
    pieces = [
        pa.table(
            {
                "site": pa.array(sites[part], pa.string()).dictionary_encode(),
                "share": pa.array(shares[part], pa.float64()),
            }
        )
        for part in (slice(0, cut), slice(cut, None))
    ]
    chunked = pa.concat_tables(pieces).replace_schema_metadata({"pandas": "whatever"})
    assert parquet.to_bytes(whole) == parquet.to_bytes(chunked)
    assert parquet.from_bytes(parquet.to_bytes(chunked)).to_pydict() == {"site": sites, "share": shares}


WORKER = """
import sys
import time
from pathlib import Path
from mesolens.runs.store import Store
from tests.runs import fake
store = Store(Path(sys.argv[1]))
store.write_json("run", {"format": 1})
store.write_plan("fake", fake.plan(None, 8))
store.sweep()
for shard in fake.plan(None, 8):
    with store.claim(shard, wait=True) as claim:
        if not store.done(shard.key):
            claim.commit(fake.measure(None, shard))
"""


def start(run: Path, log: Path, seconds: float = 0.0) -> subprocess.Popen[bytes]:
    env = os.environ | {"MESOLENS_FAKE_LOG": str(log), "MESOLENS_FAKE_SECONDS": str(seconds)}
    return subprocess.Popen([sys.executable, "-c", WORKER, str(run)], env=env, cwd=Path(__file__).parents[2])


def test_processes_in_one_folder_share_the_work(tmp_path: Path) -> None:
    log = tmp_path / "log"
    workers = [start(tmp_path / "run", log, 0.02) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert sorted(map(int, log.read_text().split())) == list(range(8))
    assert not (tmp_path / "run" / "scratch").exists()


@pytest.mark.slow
def test_killed_at_random_moments_the_resumed_run_has_the_same_bytes(tmp_path: Path) -> None:
    assert start(tmp_path / "calm", tmp_path / "log-calm").wait() == 0
    calm, rng, halves = files(tmp_path / "calm"), random.Random(2), 0
    for trial in range(12):
        run, log = tmp_path / f"run{trial}", tmp_path / f"log{trial}"
        worker = start(run, log, 0.005 * (trial % 3))
        while not (run / "run.json").exists():
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.12))
        worker.kill()
        worker.wait()
        halves += 0 < len(files(run)) < len(calm)
        assert start(run, log).wait() == 0
        assert files(run) == calm
        lines = log.read_text().split()
        assert len(lines) - len(set(lines)) <= 1, "only the shard in flight is computed again"
    assert halves >= 8, "most kills must fall into the work"


def test_marks_name_the_tables_they_vouch_for(tmp_path: Path) -> None:
    store = fake.begun(tmp_path / "run", 3)
    commit(store, SHARDS[0], fake.measure(None, SHARDS[0]))
    mark = json.loads((store.run / "shards" / f"{SHARDS[0].key}.json").read_text())
    assert set(mark["tables"]) == {"fake-items", "fake-leaves"}
    assert mark["rows"] == 4
