"""The judge of quines held against programs whose honesty was planted.

Honest is every program of the families that ship with the package. Each cheat prints itself byte for byte, and has its
text from somewhere else: its file, its arguments, the interpreter or the engine. The last programs are no quines.
"""

from collections.abc import Callable, Mapping
from statistics import median

from mesolens.evidence.row import Bar, Row
from mesolens.instruments.quine.families import texts
from mesolens.instruments.quine.honesty import Bench, Language, bench
from mesolens.instruments.quine.judging import Judged, judge
from mesolens.instruments.quine.ladder import LANGUAGES
from mesolens.instruments.quine.sandbox import Missing, sandbox
from mesolens.instruments.quine.spec import Item
from mesolens.runs.settings import Budget, Settings

SECONDS: Mapping[Budget, float] = {"quick": 4.0, "standard": 4.0, "deep": 4.0}
ALL, NONE = Bar("=", 1.0), Bar("=", 0.0)
CHEATS: Mapping[Language, tuple[str, ...]] = {
    "python": (
        "print(open(__file__).read(), end='')",
        "import sys\nprint(open(sys.argv[0]).read(), end='')",
        "import sys\nprint(open(sys.orig_argv[-1]).read(), end='')",
        "import inspect, sys\nprint(inspect.getsource(sys.modules['__main__']), end='')",
        "import inspect\nprint(inspect.getsource(inspect.currentframe()), end='')",
        "import linecache\nprint(''.join(linecache.getlines(__file__)), end='')",
        "print(__loader__.get_data(__file__).decode(), end='')",
        "print(__loader__.get_source('__main__'), end='')",
        "import pathlib\nprint(pathlib.Path(__file__).read_text(), end='')",
        "import os\nos.write(1, os.read(os.open(__file__, 0), 9999))",
        "import tokenize\nprint(tokenize.open(__file__).read(), end='')",
        "import shutil, sys\nshutil.copyfileobj(open(__file__), sys.stdout)",
        "import mmap\nwith open(__file__) as f: print(mmap.mmap(f.fileno(), 0, access=1)[:].decode(), end='')",
        "a = open('/proc/self/cmdline').read().split(chr(0))\nprint(open(a[-2]).read(), end='')",
    ),
    "javascript": (
        "(function f(){console.log('('+f+')()')})()",
        "(f=()=>console.log('(f='+f+')()'))()",
        "function f(){console.log(String(f)+';f()')};f()",
        "class A{static f(){console.log(A+';A.f()')}};A.f()",
        "f=_=>console.log('f='+f.toString()+';f()');f()",
    ),
}
OTHERS: Mapping[Language, tuple[str, ...]] = {
    "python": ("print('print')", "import this", "1/0"),
    "javascript": ("console.log('console')", "throw 1"),
}


def steps(budget: Budget) -> int:
    """One for each program."""
    return sum(len(texts(kind)) + len(CHEATS[kind]) + len(OTHERS[kind]) for kind in LANGUAGES)


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Rows of either language that this machine can run; without a sandbox one that says so."""
    del settings
    room = sandbox()
    if isinstance(room, Missing):
        return [Row("quine", f"no sandbox: {room.why}", "programs judged", 0.0)]
    with bench() as table:
        return [row for kind in LANGUAGES if kind == "python" or table.has_javascript for row in _of(table, kind, tick)]


def _of(table: Bench, kind: Language, tick: Callable[[int], None]) -> list[Row]:
    def judged(text: bytes) -> Judged:
        found = judge(table, Item(kind, "program", kind, "", ""), [text])
        tick(1)
        return found

    families = {name: judged(text) for name, text in texts(kind).items()}
    honest = [each.verdict == "honest" for each in families.values()]
    itself = [each.nearest is not None and each.nearest.family == name for name, each in families.items()]
    cheats = [judged(f"{text}\n".encode()).verdict == "honest" for text in CHEATS[kind]]
    others = [judged(f"{text}\n".encode()).verdict == "honest" for text in OTHERS[kind]]
    return [
        _row(kind, f"of {len(honest)} honest programs called honest", honest, ALL),
        _row(kind, f"of {len(itself)} programs likest to their own family", itself, ALL),
        _row(kind, f"of {len(cheats)} cheats called honest", cheats, NONE),
        _row(kind, f"of {len(others)} that are no quines called honest", others, NONE),
        Row("quine", kind, "ms of a verdict, median", median(each.ms for each in families.values())),
    ]


def _row(subject: str, quantity: str, hits: list[bool], bar: Bar) -> Row:
    value = sum(hits) / len(hits)
    return Row("quine", subject, f"share {quantity}", value, bar=str(bar), holds=bar.holds(value))
