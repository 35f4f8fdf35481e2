"""`python docs/picture.py RUN`: photograph a run's report as docs/report.png, 1400 × 900, for the README.

Writes `report.html` into the run folder anew, opens it in Chromium from its file, and waits until it is drawn. A second
argument names the place to show (`middle/contrast-0/L1.attn.h3`; else the beginning), a third where to write.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from mesolens.report.html import write_report

OUT = Path(__file__).with_name("report.png")
SIZE = (1400, 900)
DRAWN = 2000
"""Milliseconds after which what is in sight has drawn itself; the page's policy lets nobody ask it."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def picture(run: Path, place: str = "", out: Path = OUT) -> Path:
    """Photograph one view of a run's report."""
    report = write_report(run)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.goto(f"{report.resolve().as_uri()}#{place}")
        page.wait_for_selector("html[data-ready]")
        page.wait_for_timeout(DRAWN)
        page.screenshot(path=out)
        browser.close()
    return out


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    print(picture(Path(sys.argv[1]), *sys.argv[2:3], *map(Path, sys.argv[3:4])))
