"""Whether a program prints its text without looking at it.

A program is *closed* when it runs where its text is not: in Python the process holds bytecode alone, which an
interpreter without a line of ours has read from a `.pyc`; in JavaScript functions no longer tell their text. What each
run shows:

==============  ===========================================  ===========================================================
run             who fails it                                 why
==============  ===========================================  ===========================================================
closed          whoever needs its text: by file, argument,   there is no text on this side of the wall
                `inspect`, loader, traceback, `toString`
canary, closed  whoever rebuilds its text from its code:     the code is another; the data is not, so a program that
                names, constants, positions, operations      carries its text as data prints the old text
open            whoever does not print its text at all       tells `wrong` from `cheats`
==============  ===========================================  ===========================================================

The canary's output is held against the **unedited** text. A program is honest when both closed runs print what they
should, byte for byte, and end by themselves.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from mesolens.errors import Unsafe
from mesolens.instruments.quine.facts import Facts
from mesolens.instruments.quine.javascript_reading import read_javascript
from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.python_reading import PythonReader
from mesolens.instruments.quine.running import Ran, run_bytecode, run_javascript, run_source
from mesolens.instruments.quine.sandbox import Missing, Sandbox, sandbox

Language = Literal["python", "javascript"]
Run = Callable[[Sequence[str]], Ran]


@dataclass(frozen=True, slots=True)
class Opened:
    """A program that has been read, and the ways to run it.

    Attributes:
        closed: where its text is not.
        canaries: its canaries, closed: with other names, and with its own.
        plain: where it may look at its text.
    """

    facts: Facts
    closed: Run
    canaries: tuple[Run, ...]
    plain: Run


class Bench:
    """The sandbox with its reader and two hands, for as many programs as one likes; a context manager."""

    def __init__(self, room: Sandbox, limits: Limits) -> None:
        self.room, self.limits = room, limits
        self._reader = PythonReader(room, limits)
        self._hands = ThreadPoolExecutor(2)

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the reader and let the hands go."""
        self._reader.close()
        self._hands.shutdown()

    def open(self, source: bytes, language: Language) -> Opened:
        """Read a program."""
        if len(source) > self.limits.source_kib << 10:
            return _broken(Facts(error=f"it is longer than {self.limits.source_kib} KiB"))
        return self._python(source) if language == "python" else self._javascript(source)

    def both(self, one: Callable[[], Ran], two: Callable[[], Ran]) -> tuple[Ran, Ran]:
        """Two runs at once."""
        first, second = (self._hands.submit(each) for each in (one, two))
        return first.result(), second.result()

    def _python(self, source: bytes) -> Opened:
        read = self._reader.read(source)
        if read.facts.error:
            return _broken(read.facts)
        room, limits = self.room, self.limits

        def runs(bytecode: bytes) -> Run:
            return lambda words: run_bytecode(room, limits, bytecode, words)

        canaries = tuple(map(runs, read.canaries))
        return Opened(read.facts, runs(read.bytecode), canaries, lambda words: run_source(room, limits, source, words))

    def _javascript(self, source: bytes) -> Opened:
        try:
            read = read_javascript(source.decode("utf-8"))
        except UnicodeDecodeError:
            return _broken(Facts(error="it is not UTF-8"))
        if read.facts.error:
            return _broken(read.facts)
        room, limits = self.room, self.limits

        def runs(text: bytes, closed: bool) -> Run:
            return lambda _: run_javascript(room, limits, text, closed=closed)

        canaries = tuple(runs(text.encode("utf-8"), True) for text in read.canaries)
        return Opened(read.facts, runs(source, True), canaries, runs(source, False))

    @property
    def has_javascript(self) -> bool:
        """Whether the engine is there (the extra `js`)."""
        return bool(self.room.javascript)


def _broken(facts: Facts) -> Opened:
    def never(_: Sequence[str]) -> Ran:
        return Ran(b"", "error", facts.error)

    return Opened(facts, never, (never, never), never)


def bench(limits: Limits | None = None) -> Bench:
    """A bench on this machine's sandbox.

    Raises:
        Unsafe: there is no sandbox; the message says what is missing.
    """
    room = sandbox()
    if isinstance(room, Missing):
        raise Unsafe(f"programs are run in a sandbox or not at all: {room.why}")
    return Bench(room, limits or Limits())


@dataclass(frozen=True, slots=True)
class Step:
    """What one program printed, closed, and what its canary did.

    Attributes:
        closed: the program's run where its text is not.
        canary: the run by which it is judged: that with other names, or the one with its own where the first broke.
    """

    closed: Ran
    canary: Ran

    @property
    def faithful(self) -> bool:
        """Whether the canary printed the same."""
        return self.canary.end == "ended" and self.canary.output == self.closed.output


def step(bench: Bench, program: Opened, words: Sequence[str] = ()) -> Step:
    """Run a program and its canary, closed."""
    first, second = program.canaries
    closed, canary = bench.both(lambda: program.closed(words), lambda: first(words))
    if closed.end == "ended" and canary.end == "error":
        canary = second(words)
    return Step(closed, canary)
