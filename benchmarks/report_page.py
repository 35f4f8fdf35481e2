"""How soon the report of a model of 50,000 and of 500,000 nodes can be used, and whether it keeps up with the reader.

A synthetic run, with its verification and close-ups, is opened from its file in Chromium, anew each time and with
nothing cached. *Ready* is the page's own mark, set when the first waterfall is drawn and can be used, counted from the
start of navigation. *Frames* are screen frames while an arrow key is held down in the waterfall, or while the pointer
crosses the icicle, a step each frame; *work* is what one such step costs the page in script and layout. A *keystroke*
in the search is the script until its list stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

from playwright.sync_api import Browser, Page

from benchmarks.row import Row
from mesolens.report.html import write_report
from tests.report.browsing import chromium, opened
from tests.report.synthetic import Shape, make_run

T = TypeVar("T")
SMALL = Shape(layers=12, heads=12, neurons=4152, items=16)
LARGE = Shape(layers=40, heads=32, neurons=12464, items=4)

_READY = "performance.getEntriesByName('mesolens-ready')[0].startTime"
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_OPEN = """async () => {
    const begin = performance.now();
    location.hash = '#middle/all/L5.mlp';
    const here = () => document.querySelector('.trail [aria-current]').textContent;
    while (here() !== 'L5.mlp') await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}"""
_PICK = """async () => {
    const begin = performance.now();
    location.hash = '#middle/contrast-3/L5.mlp';
    while (!document.querySelector('.side .prompts')) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}"""
_HEAD = """async () => {
    const begin = performance.now();
    location.hash = '#middle/contrast-1/' + document.querySelector('.bars button.link').textContent;
    while (!document.querySelector('.closeup')) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}"""
_SEARCH = """() => {
    const box = document.querySelector('#site');
    const times = ['L', 'L1', 'L11', 'L11.m', 'L11.mlp.n', 'L11.mlp.n1', 'L11.mlp.n12'].map(text => {
        const begin = performance.now();
        box.value = text;
        box.dispatchEvent(new Event('input'));
        document.body.getBoundingClientRect();
        return performance.now() - begin;
    });
    return Math.max(...times);
}"""
_FRAMES = """async () => {
    document.querySelector('.waterfall tbody button').focus();
    const times = [];
    let busy = 0;
    for (let i = 0; i < 120; i++) {
        const key = i % 40 < 20 ? 'ArrowDown' : 'ArrowUp';
        const begin = performance.now();
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
        document.body.getBoundingClientRect();
        busy += performance.now() - begin;
        times.push(await new Promise(requestAnimationFrame));
    }
    return [1000 * (times.length - 1) / (times.at(-1) - times[0]), busy / times.length];
}"""
_CROSS = """async () => {
    const canvas = document.querySelector('.icicle');
    const box = canvas.getBoundingClientRect();
    const times = [];
    let busy = 0;
    for (let i = 0; i < 120; i++) {
        const place = {clientX: box.left + box.width * i / 120, clientY: box.bottom - 5, bubbles: true};
        const begin = performance.now();
        canvas.dispatchEvent(new MouseEvent('mousemove', place));
        document.body.getBoundingClientRect();
        busy += performance.now() - begin;
        times.push(await new Promise(requestAnimationFrame));
    }
    return [1000 * (times.length - 1) / (times.at(-1) - times[0]), busy / times.length];
}"""


def rows() -> list[Row]:
    """The figures of both sizes; those of the larger are held against no bar."""
    return [*_rows(SMALL, 9), *(replace(row, bar="", holds=None) for row in _rows(LARGE, 5))]


def _rows(shape: Shape, repeats: int) -> list[Row]:
    with TemporaryDirectory() as folder, chromium() as browser:
        report = write_report(make_run(Path(folder) / "run", shape))
        size = report.stat().st_size / 1e6
        timed = {
            quantity: (_repeated(browser, report, repeats, _one(script, per)), most)
            for quantity, (script, per, most) in _QUANTITIES.items()
        }
        held, crossed = (_repeated(browser, report, repeats, _two(script)) for script in (_FRAMES, _CROSS))
    found = [_row(shape, quantity, values, most) for quantity, (values, most) in timed.items()]
    for what, steps in (("a key is held", held), ("the pointer crosses the icicle", crossed)):
        frames, busy = [list(values) for values in zip(*steps, strict=True)]
        found.append(_row(shape, f"frames a second while {what}", frames, 59, least=True))
        found.append(_row(shape, f"work for one step while {what}, ms", busy, 8))
    return [*found, _row(shape, "size, MB", [size], None)]


_QUANTITIES: Mapping[str, tuple[str, float, float | None]] = {
    "ready, s": (_READY, 1e3, 0.3),
    "first contentful paint, s": (_PAINTED, 1e3, None),
    "a writer's neurons open, s": (_OPEN, 1e3, 0.1),
    "another contrast is shown, s": (_PICK, 1e3, 0.2),
    "a head's own page opens, s": (_HEAD, 1e3, 0.2),
    "slowest keystroke in the search, ms": (_SEARCH, 1.0, 16),
}
"""What is measured once a page: a script that gives milliseconds, how many of them make the unit, the most allowed."""


def _one(script: str, per: float) -> Callable[[Page], float]:
    return lambda page: float(page.evaluate(script)) / per


def _two(script: str) -> Callable[[Page], tuple[float, ...]]:
    return lambda page: tuple(page.evaluate(script))


def _repeated(browser: Browser, report: Path, repeats: int, measure: Callable[[Page], T]) -> list[T]:
    found: list[T] = []
    for _ in range(repeats):
        with opened(browser, report) as (page, _):
            page.wait_for_load_state("load")
            page.wait_for_timeout(300)
            found.append(measure(page))
    return found


def _row(shape: Shape, quantity: str, values: list[float], bound: float | None, *, least: bool = False) -> Row:
    low, high = (min(values), max(values)) if len(values) > 1 else (None, None)
    middle = median(values)
    holds = None if bound is None else middle >= bound if least else middle <= bound
    bar = "" if bound is None else f"{'≥' if least else '≤'} {bound:g}"
    return Row("report page", f"{shape.nodes:,} nodes", quantity, middle, low, high, bar, holds)
