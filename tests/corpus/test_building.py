"""A build survives a kill at any moment, stays within its memory, and refuses what it cannot finish, in plain words."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mesolens.corpus.index import building, engine
from mesolens.corpus.index.building import MEMORY_PER_TOKEN, build, shard_tokens
from mesolens.corpus.index.header import Plan
from mesolens.corpus.index.opening import open_index, verify
from mesolens.errors import BadInput, Incomplete

from .brute import ENGINES, built

ROOT = Path(__file__).parents[2]
BUILDER = """
import sys
from pathlib import Path
from tests.corpus.test_building import drawn, plan
from mesolens.corpus.index.building import build
texts = drawn()
build(lambda first: texts[first:], Path(sys.argv[1]), plan())
"""


def drawn() -> list[list[int]]:
    """Two thousand documents of about a hundred tokens, a Zipfian vocabulary of 500."""
    rng = np.random.default_rng(3)
    tokens = np.minimum(rng.zipf(1.3, 200_000) - 1, 499)
    return [part.tolist() for part in np.split(tokens, np.sort(rng.integers(0, len(tokens), 1999)))]


def plan(**changes: object) -> Plan:
    """The plan of an index of them in some twenty shards."""
    return Plan(
        **{"name": "drawn", "tokenizer": "hash", "vocabulary": 500, "sources": "s", "shard_tokens": 10_000} | changes
    )


def files(folder: Path) -> dict[str, bytes]:
    """What a folder holds."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_shard_that_is_finished_is_never_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, sorts = drawn(), list[int]()
    whole = build(lambda first: texts[first:], tmp_path / "calm", plan())
    sort = engine.sort

    def stopping(text: np.ndarray, fast: bool | None) -> np.ndarray:
        sorts.append(len(text))
        if len(sorts) == 5:
            raise KeyboardInterrupt
        return sort(text, fast)

    monkeypatch.setattr(building, "sort", stopping)
    with pytest.raises(KeyboardInterrupt):
        build(lambda first: texts[first:], tmp_path / "stopped", plan())
    with pytest.raises(Incomplete, match="not finished: the command that built it resumes it"):
        open_index(tmp_path / "stopped")
    asked = list[int]()
    again = build(lambda first: asked.append(first) or texts[first:], tmp_path / "stopped", plan())
    assert asked == [sum(part.documents for part in whole.parts[:4])], "the finished shards' text is not read again"
    assert len(sorts) == 1 + len(whole.parts)
    assert again == whole
    assert files(tmp_path / "stopped") == files(tmp_path / "calm")


@pytest.mark.slow
def test_killed_at_random_moments_the_index_is_the_undisturbed_one(tmp_path: Path) -> None:
    texts, rng, struck = drawn(), random.Random(1), 0
    build(lambda first: texts[first:], tmp_path / "calm", plan())
    folder, finished = tmp_path / "killed", dict[str, int]()
    while not (folder / "index.json").exists():
        child = subprocess.Popen([sys.executable, "-c", BUILDER, str(folder)], cwd=ROOT)
        while not (folder / "build.json").exists() and child.poll() is None:
            time.sleep(0.005)
        shards = len(list(folder.glob("shard.*.json")))
        while struck < 6 and len(list(folder.glob("shard.*.json"))) == shards and child.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.03))
        if struck < 6:
            child.send_signal(signal.SIGKILL)
        struck += child.wait() == -signal.SIGKILL
        for mark in folder.glob("shard.*.json"):
            number = mark.name.split(".")[1]
            for kind in ("tokenized", "table", "offset", "sample"):
                node = (folder / f"{kind}.{number}").stat().st_ino
                assert finished.setdefault(f"{kind}.{number}", node) == node, "a finished shard was built again"
    assert struck >= 4
    assert files(folder) == files(tmp_path / "calm")
    assert verify(folder) == []


@pytest.mark.parametrize("vocabulary", [500, 70_000])
@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("fast", ENGINES)
def test_building_stays_within_its_memory(tmp_path: Path, vocabulary: int, same: bool, fast: bool) -> None:
    memory = 12_000_000
    text = np.minimum(np.random.default_rng(0).zipf(1.2, shard_tokens(memory) - 2) - 1, vocabulary - 1) * (not same)
    tracemalloc.start()
    try:
        made = plan(vocabulary=vocabulary, shard_tokens=shard_tokens(memory))
        build(lambda first: [text][first:], tmp_path, made, fast=fast)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= memory, f"{peak / shard_tokens(memory):.1f} bytes a token"
    assert fast or not same or peak > memory / 2, f"{MEMORY_PER_TOKEN} bytes a token are far too many"


def test_a_full_disk_is_told_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, real, writes = drawn(), os.fsync, list[int]()

    def full(handle: int) -> None:
        writes.append(handle)
        if len(writes) == 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Incomplete, match=r"no space left for .*: free some, then the same command resumes"):
        build(lambda first: texts[first:], tmp_path / "full", plan())
    assert len(writes) == 20
    build(lambda first: texts[first:], tmp_path / "full", plan())
    build(lambda first: texts[first:], tmp_path / "calm", plan())
    assert files(tmp_path / "full") == files(tmp_path / "calm")


@pytest.mark.slow
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        texts = drawn()
        with pytest.raises(Incomplete, match="no space left"):
            build(lambda first: texts[first:], disk / "index", plan())
        assert list((disk / "index").glob("shard.*.json")), "what was finished before is kept"
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("changes", [{"tokenizer": "other"}, {"sources": "other"}, {"vocabulary": 9}, {"name": "n"}])
def test_another_plan_does_not_go_on_in_the_folder(tmp_path: Path, changes: dict[str, object]) -> None:
    build(lambda first: [[1]][first:], tmp_path, plan())
    with pytest.raises(BadInput, match=f"begun with {next(iter(changes))} .*name another folder"):
        build(lambda first: [[1]][first:], tmp_path, plan(**changes))


@pytest.mark.parametrize("later", [3000, 50_000])
def test_another_budget_goes_on_with_the_shards_that_are_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    texts, sort, sorts = drawn(), engine.sort, list[int]()
    whole = build(lambda first: texts[first:], tmp_path / "calm", plan())

    def stopping(text: np.ndarray, fast: bool | None) -> np.ndarray:
        sorts.append(len(text))
        if len(sorts) == 5:
            raise KeyboardInterrupt
        return sort(text, fast)

    monkeypatch.setattr(building, "sort", stopping)
    with pytest.raises(KeyboardInterrupt):
        build(lambda first: texts[first:], tmp_path / "stopped", plan())
    again = build(lambda first: texts[first:], tmp_path / "stopped", plan(shard_tokens=later))
    assert again.parts[:4] == whole.parts[:4]
    assert all(part.tokens + part.documents <= later for part in again.parts[4:])
    assert again.plan.shard_tokens == max(later, *(part.tokens + part.documents for part in again.parts))
    assert (again.documents, again.tokens) == (whole.documents, whole.tokens)
    assert verify(tmp_path / "stopped") == []
    both = [open_index(tmp_path / name) for name in ("calm", "stopped")]
    asked = [text[:n] for text in texts[::97] for n in (1, 3)]
    assert both[0].count(asked).tolist() == both[1].count(asked).tolist()
    assert [both[1].document(n).tolist() for n in (0, 700, 1999)] == [texts[n] for n in (0, 700, 1999)]
    assert build(lambda first: texts[first:], tmp_path / "stopped", plan(shard_tokens=77)) == again


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="not empty and holds no index"):
        build(lambda first: [[1]], tmp_path, plan())
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        build(lambda first: [[1]], tmp_path / "file", plan())


@pytest.mark.parametrize("texts", [[], [[]], [[], []]])
def test_a_corpus_without_a_token_is_refused(tmp_path: Path, texts: list[list[int]]) -> None:
    with pytest.raises(BadInput, match="holds no token"):
        build(lambda first: texts[first:], tmp_path, plan())


def test_a_corpus_of_one_token_is_an_index(tmp_path: Path) -> None:
    index = built([[3]], tmp_path, 4)
    assert (index.tokens, index.documents, index.document(0).tolist()) == (1, 1, [3])
    assert index.count([[3], [0], [3, 3], []]).tolist() == [1, 0, 0, 1]
    assert [each.tolist() for each in index.following([[]])[0]] == [[3], [1]]
    assert index.ladder([3], 2).joint_TN.tolist() == [[1, 0, 0]]
    assert verify(tmp_path) == []


def test_a_document_beyond_the_memory_says_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"document 1 has 20000 tokens: indexing it takes --memory \d+MB or more"):
        build(lambda first: [[1], [1] * 20_000][first:], tmp_path, plan())
    with pytest.raises(BadInput, match="cannot be built in 1000 bytes"):
        shard_tokens(1000)


@pytest.mark.parametrize("token", [-1, 500])
def test_a_token_outside_the_vocabulary_is_named(tmp_path: Path, token: int) -> None:
    with pytest.raises(BadInput, match=f"document 1 has token {token}, and the vocabulary 500 entries"):
        build(lambda first: [[1], [2, token]][first:], tmp_path, plan())


def test_two_builders_do_not_meet(tmp_path: Path) -> None:
    with building._alone(tmp_path), pytest.raises(Incomplete, match="another process builds"):
        build(lambda first: [[1]], tmp_path, plan())


def test_another_tokenizer_is_refused_with_both_hashes(tmp_path: Path) -> None:
    built([[1]], tmp_path, 4)
    with pytest.raises(BadInput, match="built with the tokenizer hash and the model reads with otherhash"):
        open_index(tmp_path, "otherhash")


@pytest.mark.parametrize("kind", ["tokenized", "table", "offset", "sample"])
def test_a_file_that_is_cut_off_missing_or_longer_is_seen_at_opening(tmp_path: Path, kind: str) -> None:
    built(drawn()[:50], tmp_path, 500)
    file = tmp_path / f"{kind}.0"
    whole = file.read_bytes()
    for changed, told in ((whole[:-1], "cut off"), (b"", "cut off"), (whole + b"\0", "too long")):
        file.write_bytes(changed)
        with pytest.raises(BadInput, match=f"{told}: {len(changed)} bytes, and {len(whole)} were written"):
            open_index(tmp_path)
    file.unlink()
    with pytest.raises(BadInput, match="is missing"):
        open_index(tmp_path)


@pytest.mark.parametrize("kind", ["tokenized", "table", "offset", "sample"])
def test_verify_sees_any_byte_that_changed(tmp_path: Path, kind: str) -> None:
    built(drawn()[:50], tmp_path, 500)
    assert verify(tmp_path) == []
    file = tmp_path / f"{kind}.0"
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    assert any(f"{kind}.0 is not what was written" in told for told in verify(tmp_path))


def test_a_header_that_was_changed_is_refused(tmp_path: Path) -> None:
    built([[1]], tmp_path, 4)
    header = tmp_path / "index.json"
    whole = header.read_text()
    for damaged, told in (
        (whole.replace('"documents": 1', '"documents": 2'), "changed or damaged"),
        (whole[:-20], "is damaged"),
        ("[]", "is damaged"),
        (json.dumps({"digest": ""}), "is damaged"),
    ):
        header.write_text(damaged)
        with pytest.raises(BadInput, match=told):
            open_index(tmp_path)
    with pytest.raises(BadInput, match="no index"):
        open_index(tmp_path / "nowhere")


def test_a_damaged_mark_is_not_believed(tmp_path: Path) -> None:
    texts = drawn()
    build(lambda first: texts[first:], tmp_path, plan())
    (tmp_path / "index.json").unlink()
    (tmp_path / "table.3").write_bytes(b"short")
    with pytest.raises(BadInput, match=r"table\.3 is not as it was written"):
        build(lambda first: texts[first:], tmp_path, plan())
    (tmp_path / "shard.2.json").write_text("{}")
    with pytest.raises(BadInput, match=r"shard\.2\.json is damaged"):
        build(lambda first: texts[first:], tmp_path, plan())
