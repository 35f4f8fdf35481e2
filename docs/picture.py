"""The picture in the README, from a real report: `python docs/picture.py RUN docs/report.png` (see `make picture`)."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def picture(run: Path, place: str, out: Path) -> None:
    """Open a run's report at a site and write what a reader sees of its chapter."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("a picture needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(f"{(run / 'report.html').resolve().as_uri()}{place}")
        page.wait_for_selector("html[data-ready]")
        page.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    picture(Path(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else "", Path(sys.argv[2]))
