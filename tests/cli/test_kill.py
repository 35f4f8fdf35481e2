"""The real instruments, killed and stopped at random moments: the resumed run is the undisturbed one, byte for byte."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mesolens.runs.store import Store
from tests.runs.test_store import files

from .face_folder import options

ROOT = Path(__file__).parents[2]

# Each trial is a fork of one process that has imported everything, so that ten kills cost one import of torch.
NURSERY = """
import os, random, signal, sys, time
from pathlib import Path
import mesolens.cli.chapters, torch
from mesolens.cli.main import run
name, folder, trials, opening = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
command = [name, *sys.argv[5:], "--out", str(folder)]
def child():
    pid = os.fork()
    if pid == 0:
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        os._exit(run(command))
    return pid
rng, struck = random.Random(5), 0
for trial in range(trials):
    pid = child()
    begun = time.monotonic()
    while not (folder / "plans" / f"{name}.json").exists() and time.monotonic() - begun < 60:
        time.sleep(0.005)
    time.sleep(rng.uniform(0.0, 0.8) + (opening if trial else 0.0))
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    struck += os.WIFSIGNALED(status)
_, status = os.waitpid(child(), 0)
print(struck, os.waitstatus_to_exitcode(status))
"""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A hundred and sixty contrasts: twenty shards."""
    file = tmp_path / "many.jsonl"
    words = ("cat", "dog", "bird", "tree", "house", "child", "friend", "book", "stone", "river")
    items = [
        {"id": f"{number}", "clean": f"The {word} number {number} is", "reference": f"The {word}s number {number} are"}
        | {"target": " a", "foil": " the", "template": word}
        for number in range(16)
        for word in words
    ]
    file.write_text("".join(json.dumps(item) + "\n" for item in items))
    return file


def nursery(command: list[str], folder: Path, trials: int, opening: float = 1.0) -> list[int]:
    """How many of the trials were struck at work, after `opening` seconds to come to it, and how the last one ended."""
    name, *options = command
    done = subprocess.run(
        [sys.executable, "-c", NURSERY, name, str(folder), str(trials), str(opening), *options],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [int(word) for word in done.stdout.split()]


@pytest.mark.slow
def test_killed_ten_times_the_tables_are_the_undisturbed_ones(tmp_path: Path, many: Path) -> None:
    command = ["middle", "slide:mask", "--contrasts", str(many)]
    assert nursery(command, tmp_path / "calm", 0) == [0, 0]
    struck, code = nursery(command, tmp_path / "killed", 12)
    assert struck >= 10, "the work must be long enough to be struck ten times"
    assert code == 0
    for part in ("tables", "shards", "readings", "plans"):
        assert files(tmp_path / "killed" / part) == files(tmp_path / "calm" / part)
    items = Store(tmp_path / "killed").load("middle-items")["item"].to_pylist()
    assert items == list(range(160)), "nothing twice, nothing lost, in order"
    assert not (tmp_path / "killed" / "scratch").exists()


@pytest.mark.slow
def test_a_face_killed_again_and_again_is_the_undisturbed_one(tmp_path: Path) -> None:
    crossed = [
        f"{one}|{other}" for one in ("bell", "quotes", "upper") for other in ("tail-thanks", "yaml", "frame-mother")
    ]
    angles = ",".join(["leet", "typos", "tail-signed", "hour-midnight", "frame-story-child", "json", "xml", *crossed])
    command = ["face", "slide:mask-small", *options(tmp_path), "--angles", angles]
    assert nursery(command, tmp_path / "calm", 0) == [0, 0]
    struck, code = nursery(command, tmp_path / "killed", 6, 0.5)
    assert struck >= 5, "the work must be long enough to be struck five times"
    assert code == 0
    for part in ("tables", "shards", "readings", "plans"):
        assert files(tmp_path / "killed" / part) == files(tmp_path / "calm" / part)
    assert Store(tmp_path / "calm").load("face-replies").num_rows > 12 * 17, "doses were asked for in a second stage"
    assert not (tmp_path / "killed" / "scratch").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_ends_with_3_and_the_same_command_resumes(
    tmp_path: Path, many: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", "from mesolens.cli.main import main; main()", "middle", "slide:mask"]
    command += ["--contrasts", str(many), "--out", str(tmp_path / "run")]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "run" / "shards").glob("*")):
        time.sleep(0.02)
        assert child.poll() is None
    child.send_signal(number)
    out, said = child.communicate()
    assert (child.returncode, out) == (3, "")
    assert "of 20 shards kept; the same command resumes" in said.splitlines()[-1]
    assert subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


@pytest.mark.slow
def test_a_disk_that_is_really_full(tmp_path: Path, many: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"mounting a small disk needs root: {os.strerror(errno.EPERM)}")
    try:
        command = [sys.executable, "-c", "from mesolens.cli.main import main; main()", "middle", "slide:mask"]
        command += ["--contrasts", str(many), "--out", str(disk / "run")]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (3, "")
        assert "no space left" in done.stderr.splitlines()[-1]
        assert not (disk / "run" / "scratch").exists()
        marks = {file.stem for file in (disk / "run" / "shards").glob("*.json")}
        assert marks, "what was finished before is kept"
        assert {file.stem for file in (disk / "run" / "tables").rglob("*.parquet")} == marks
    finally:
        subprocess.run(["umount", disk], check=True)
