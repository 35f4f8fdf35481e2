"""How long the verdict on a program takes: all families of quines and some that cheat, one after another.

A verdict on an honest program is one reading and two runs, each in a sandbox of its own; on one that fails, a third run
tells why. Beside it stands what a bare interpreter takes to start and run the same program with no sandbox, twice.
"""

import statistics
import subprocess
import sys
import time

from benchmarks.row import Row
from mesolens.instruments.quine.families import texts
from mesolens.instruments.quine.honesty import Bench, bench
from mesolens.instruments.quine.judging import judge
from mesolens.instruments.quine.ladder import LANGUAGES
from mesolens.instruments.quine.spec import Item

BAR = 50.0
ROUNDS = 5
CHEATS = {
    "python": b"print(open(__file__).read(), end='')\n",
    "javascript": b"(function f(){console.log('('+f+')()')})()\n",
}


def rows() -> list[Row]:
    """Wall milliseconds of a verdict, median, by language and for all."""
    with bench() as table:
        _times(table, "python", texts("python"), 1)  # begins the reader
        honest = {language: _times(table, language, texts(language), ROUNDS) for language in LANGUAGES}
        cheats = [
            ms for language, text in CHEATS.items() for ms in _times(table, language, {"cheat": text}, 4 * ROUNDS)
        ]
    every = [ms for some in honest.values() for ms in some]
    median = statistics.median(every)
    bare = statistics.median(_bare(text) for text in texts("python").values())
    found = [_row(f"honest, {language}", some) for language, some in honest.items()]
    found += [_row("cheats, both languages", cheats)]
    whole = Row(
        "quine_cost",
        "honest programs of both languages",
        "ms a verdict, median",
        median,
        *_spread(every),
        bar=f"≤ {BAR:g}",
        holds=median <= BAR,
        peer="the interpreter alone, twice",
        peer_value=bare,
    )
    return [whole, *found]


def _times(table: Bench, language: str, programs: dict[str, bytes], rounds: int) -> list[float]:
    found: list[float] = []
    for _ in range(rounds):
        for name, text in programs.items():
            item = Item(name, "program", "python" if language == "python" else "javascript", "", "")
            found.append(judge(table, item, [text]).ms)
    return found


def _bare(text: bytes) -> float:
    begin = time.perf_counter()
    for _ in range(2):
        subprocess.run([sys.executable, "-I", "-S", "-c", text.decode()], capture_output=True, check=True)
    return 1000 * (time.perf_counter() - begin)


def _spread(times: list[float]) -> tuple[float, float]:
    """The tenth and ninetieth part."""
    tenths = statistics.quantiles(times, n=10)
    return tenths[0], tenths[-1]


def _row(subject: str, times: list[float]) -> Row:
    return Row("quine_cost", subject, "ms a verdict, median", statistics.median(times), *_spread(times))
