"""How long `mesolens --help` takes: CPU time of the whole process, user and system, interpreter included."""

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.row import Row

BAR = 80.0
HEAVY = ("torch", "transformers", "pyarrow", "numpy", "rich")
_REPETITIONS = 15


def cpu_ms(command: Sequence[str]) -> float:
    """CPU milliseconds of one run of a command, its output thrown away.

    Python may keep bytecode, as it does for an installed program.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    try:
        child = os.posix_spawn(command[0], list(command), environ, file_actions=actions)
        _, status, used = os.wait4(child, 0)
    finally:
        os.close(null)
    if status != 0:
        raise RuntimeError(f"{command} ended with status {status}")
    return 1000 * (used.ru_utime + used.ru_stime)


def heavy_imports() -> list[str]:
    """The heavy packages that help imports; there should be none."""
    program = (
        "import sys; from mesolens.cli.main import run; run(['--help']); "
        f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return done.stderr.split()


def rows() -> list[Row]:
    """CPU time of help, beside Inspect's where it is installed; and the heavy packages imported."""
    cpu_ms([_program("mesolens"), "--help"])  # the first run writes the bytecode
    times = sorted(cpu_ms([_program("mesolens"), "--help"]) for _ in range(_REPETITIONS))
    median = statistics.median(times)
    heavy = len(heavy_imports())
    peer = _peer()
    return [
        Row(
            "cli_start",
            "mesolens --help",
            "CPU ms, median of 15",
            median,
            times[0],
            times[-1],
            bar=f"≤ {BAR:g}",
            holds=median <= BAR,
            peer=None if peer is None else "inspect --help",
            peer_value=peer,
        ),
        Row("cli_start", "mesolens --help", "heavy packages imported", heavy, bar="≤ 0", holds=heavy == 0),
    ]


def _program(name: str) -> str:
    """A program of this environment."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed in this environment")
    return found


def _peer() -> float | None:
    if not (Path(sys.executable).parent / "inspect").exists():
        return None
    return statistics.median(cpu_ms([_program("inspect"), "--help"]) for _ in range(3))
