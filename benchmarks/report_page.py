"""How soon the report of a 50,000-node model can be used, and whether it keeps up with the reader.

A synthetic run of 50,000 nodes and 16 contrasts is opened from its file in Chromium, anew each time and with nothing
cached. *Ready* is the page's own mark, set when the first waterfall is drawn and can be used, counted from the start of
navigation. *Frames* are screen frames while an arrow key is held down, a step each frame; *work* is what one such step
costs the page in script and layout.
"""

from collections.abc import Callable
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
SHAPE = Shape(layers=12, heads=12, neurons=4152, items=16)
REPEATS = 9

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
    location.hash = '#middle/contrast-7/L5.mlp';
    while (!document.querySelector('.side .prompts')) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
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


def rows() -> list[Row]:
    """Ready, opening a part, picking a contrast, frames a second, and the page's size."""
    with TemporaryDirectory() as folder, chromium() as browser:
        report = write_report(make_run(Path(folder) / "run", SHAPE))
        size = report.stat().st_size / 1e6
        ready = _repeated(browser, report, lambda page: page.evaluate(_READY) / 1000)
        painted = _repeated(browser, report, lambda page: page.evaluate(_PAINTED) / 1000)
        opening = _repeated(browser, report, lambda page: page.evaluate(_OPEN) / 1000)
        picking = _repeated(browser, report, lambda page: page.evaluate(_PICK) / 1000)
        steps = _repeated(browser, report, lambda page: tuple(page.evaluate(_FRAMES)))
    frames, busy = [list(values) for values in zip(*steps, strict=True)]
    return [
        _row("ready, s", ready, "≤ 0.3", median(ready) <= 0.3),
        _row("first contentful paint, s", painted, "", None),
        _row("a part of 4,152 neurons opens, s", opening, "≤ 0.1", median(opening) <= 0.1),
        _row("another contrast is shown, s", picking, "≤ 0.2", median(picking) <= 0.2),
        _row("frames a second while a key is held", frames, "≥ 59", median(frames) >= 59),
        _row("work for one step, ms", busy, "≤ 8", median(busy) <= 8),
        _row("size, MB", [size], "", None),
    ]


def _repeated(browser: Browser, report: Path, measure: Callable[[Page], T]) -> list[T]:
    found: list[T] = []
    for _ in range(REPEATS):
        with opened(browser, report) as (page, _):
            page.wait_for_load_state("load")
            page.wait_for_timeout(300)
            found.append(measure(page))
    return found


def _row(quantity: str, values: list[float], bar: str, holds: bool | None) -> Row:
    low, high = (min(values), max(values)) if len(values) > 1 else (None, None)
    return Row("report page", f"{SHAPE.nodes:,} nodes", quantity, median(values), low, high, bar, holds)
