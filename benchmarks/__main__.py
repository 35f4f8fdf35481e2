"""`python -m benchmarks [NAME…] [--json]`: run the benchmarks of this folder and hold every figure against its bar.

A benchmark is a module here with `rows() -> list[Row]`. Exit code 1 when a row does not hold, 2 for a name that is no
benchmark. Data goes to stdout, progress to stderr.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from benchmarks.row import Row

_NOT_BENCHMARKS = {"__init__", "__main__", "row"}


def names() -> list[str]:
    """The benchmarks in this folder: the modules that say `def rows(`."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [f.stem for f in files if f.stem not in _NOT_BENCHMARKS and "\ndef rows(" in f.read_text("utf-8")]


def run(name: str) -> list[Row]:
    """The rows of one benchmark."""
    print(f"{name} …", file=sys.stderr, flush=True)
    return import_module(f"benchmarks.{name}").rows()


def line(row: Row) -> str:
    """A row for people."""
    spread = "" if row.low is None or row.high is None else f" ({row.low:.4g} to {row.high:.4g})"
    verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[row.holds]
    peer = "" if row.peer_value is None else f"; {row.peer} {row.peer_value:.4g}"
    bar = f", bar {row.bar}" if row.bar else ""
    return f"{row.name}: {row.subject}: {row.quantity} {row.value:.4g}{spread}{bar} {verdict}{peer}".rstrip()


def main(arguments: Sequence[str]) -> int:
    """Run what was named, or everything; gives the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measure what Mesolens claims.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names())} (all)")
    parser.add_argument("--json", action="store_true", help="print the rows as one JSON list")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(names()):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    found = [row for name in asked.names or names() for row in run(name)]
    if asked.json:
        print(json.dumps([asdict(row) for row in found], indent=1))
    else:
        print("\n".join(map(line, found)))
    return int(any(row.holds is False for row in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
