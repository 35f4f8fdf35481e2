"""The engine: resumes, stops on signals with nothing half, says what it will take, and refuses what cannot fit."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from mesolens.errors import BadInput, Incomplete
from mesolens.evidence.reading import from_json
from mesolens.evidence.shards import Cost, Shard, Tables
from mesolens.model.loaded import LoadedModel
from mesolens.runs import chapters, estimate
from mesolens.runs.local import run_shards
from mesolens.runs.progress import Reporter, bar, lines, silent
from mesolens.runs.signals import interruptible
from mesolens.runs.store import Store

from . import fake
from .card import card
from .test_store import files

SHARDS = fake.plan(None, 5)


def nothing_loaded() -> LoadedModel:
    found = object.__new__(LoadedModel)
    object.__setattr__(found, "card", card())
    return found


@pytest.mark.parametrize("reporter", [silent, lines, bar])
def test_every_shard_is_measured_once_over_two_runs(tmp_path: Path, reporter: Reporter) -> None:
    store, seen = fake.begun(tmp_path / "run", 5), list[str]()

    def measure(shard: Shard) -> Tables:
        seen.append(shard.key)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return fake.measure(None, shard)

    with pytest.raises(Incomplete, match="2 of 5 shards kept; the same command resumes"):
        run_shards(SHARDS, measure, store, reporter)
    run_shards(SHARDS, measure, store, reporter)
    assert seen == [shard.key for shard in (*SHARDS[:3], *SHARDS[2:])]
    assert not (store.run / "scratch").exists()


def test_out_of_memory_is_incomplete_and_other_failures_are_theirs(tmp_path: Path) -> None:
    def greedy(_: Shard) -> Tables:
        torch.empty(1 << 60, dtype=torch.uint8)
        return {}

    def broken(_: Shard) -> Tables:
        raise RuntimeError("shapes differ")

    with pytest.raises(Incomplete, match="out of memory: 0 of 5 shards kept"):
        run_shards(SHARDS, greedy, fake.begun(tmp_path / "run", 5), silent)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run_shards(SHARDS, broken, fake.begun(tmp_path / "run", 5), silent)


def test_handlers_are_put_back_and_the_second_signal_is_deadly() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    with interruptible():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == before[0]


def test_outside_the_main_thread_signals_are_left_alone(tmp_path: Path) -> None:
    failures = list[Exception]()

    def work() -> None:
        try:
            run_shards(SHARDS, lambda shard: fake.measure(None, shard), fake.begun(tmp_path / "run", 5), silent)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []


CHILD = """
import sys
from pathlib import Path
from mesolens.errors import MesolensError
from mesolens.runs.local import run_shards
from mesolens.runs.progress import silent
from tests.runs import fake
try:
    run_shards(fake.plan(None, 5), lambda shard: fake.measure(None, shard), fake.begun(Path(sys.argv[1]), 5), silent)
except MesolensError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_with_3_and_the_same_command_resumes(tmp_path: Path, number: signal.Signals) -> None:
    run, log = tmp_path / "run", tmp_path / "log"
    env = os.environ | {"MESOLENS_FAKE_LOG": str(log), "MESOLENS_FAKE_SECONDS": "0.2"}
    command = [sys.executable, "-c", CHILD, str(run)]
    place = Path(__file__).parents[2]
    child = subprocess.Popen(command, env=env, cwd=place, stdout=subprocess.PIPE)
    while not log.exists() or len(log.read_text().split()) < 2:
        time.sleep(0.01)
    child.send_signal(number)
    said, _ = child.communicate()
    assert child.returncode == 3
    assert b"of 5 shards kept; the same command resumes" in said
    assert subprocess.run(command, env=os.environ, cwd=place, check=False).returncode == 0
    calm = fake.begun(tmp_path / "calm", 5)
    run_shards(SHARDS, lambda shard: fake.measure(None, shard), calm, silent)
    assert files(run) == files(calm.run)


def test_a_chapter_leaves_a_reading_that_opens_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "run")
    assert chapters.foresee(fake, card(), 3, store) is not None
    store.write_json("run", {"format": 1})
    reading = chapters.run_chapter(fake, nothing_loaded(), 3, store)
    assert from_json(store.read_json("readings/fake")) == reading
    assert chapters.run_chapter(fake, nothing_loaded(), 3, store) == reading
    assert chapters.foresee(fake, card(), 3, store) is None


def test_a_second_stage_is_planned_from_the_first_ones_tables_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("MESOLENS_FAKE_FOLLOWS", "1")
    monkeypatch.setenv("MESOLENS_FAKE_LOG", str(log))
    store = fake.begun(tmp_path / "run", 3)
    reading = chapters.run_chapter(fake, nothing_loaded(), 3, store)
    assert len(store.plan("fake")) == 4
    assert chapters.run_chapter(fake, nothing_loaded(), 3, store) == reading
    assert log.read_text().split() == ["0", "1", "2", "after"]


def test_what_cannot_be_done_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "run")
    with pytest.raises(BadInput, match="nothing to compute"):
        chapters.foresee(fake, card(), 0, store)
    monkeypatch.setattr(fake, "cost", lambda card, spec: Cost(flops=1e9, bytes=1e18))
    with pytest.raises(BadInput, match=r"needs 1e\+06 TB of memory on cpu"):
        chapters.foresee(fake, card(), 3, store)
    assert not store.run.exists()


def test_a_run_that_kept_nothing_can_be_abandoned_and_no_other(tmp_path: Path) -> None:
    fake.begun(tmp_path / "run", 5).abandon()
    assert list(tmp_path.iterdir()) == []
    store = fake.begun(tmp_path / "run", 5)
    run_shards(SHARDS, lambda shard: fake.measure(None, shard), store, silent)
    before = files(store.run)
    store.abandon()
    assert files(store.run) == before


def test_the_estimate_is_flops_over_the_speed_measured_here(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = estimate.matmul_speed("cpu", "torch.float32")
    assert 1e8 < speed < 1e13
    monkeypatch.setattr(estimate, "matmul_speed", lambda device, dtype: 2e9)
    assert estimate.estimate(Cost(1e10, 1e6), "cpu", "float32").seconds == pytest.approx(5)


def test_a_container_s_limit_is_the_memory_that_counts(tmp_path: Path) -> None:
    assert estimate._container_free(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("max\n")
    assert estimate._container_free(tmp_path) == float("inf")
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert estimate._container_free(tmp_path) == 600
