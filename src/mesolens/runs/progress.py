"""Telling people how far a run is: a bar on a terminal, a line every few seconds elsewhere, never on stdout."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
Reporter = Callable[[str, int, int], AbstractContextManager[Advance]]
"""Called with a label, the number of rows and how many of them are done; gives what is called as more become done."""

_SECONDS_BETWEEN_LINES = 5.0


def reporter(*, as_json: bool) -> Reporter:
    """The bar when stderr is a terminal on which nobody waits for data, else lines."""
    return bar if sys.stderr.isatty() and not as_json else lines


@contextmanager
def silent(label: str, rows: int, done: int) -> Generator[Advance]:
    """Tell nobody."""
    yield lambda more: None


@contextmanager
def lines(label: str, rows: int, done: int) -> Generator[Advance]:
    """A plain line on stderr, at most one every five seconds."""
    yield _Lines(label, rows, done).advance


class _Lines:
    def __init__(self, label: str, rows: int, done: int) -> None:
        self.label, self.rows, self.done = label, rows, done
        self.told = time.monotonic()

    def advance(self, more: int) -> None:
        self.done += more
        if time.monotonic() - self.told >= _SECONDS_BETWEEN_LINES:
            self.told = time.monotonic()
            print(f"{self.label}: {self.done} of {self.rows}", file=sys.stderr, flush=True)


@contextmanager
def bar(label: str, rows: int, done: int) -> Generator[Advance]:
    """A bar on stderr with the time that is left, as measured on the rows so far."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=rows, completed=done)
        yield lambda more: progress.advance(task, more)
