"""Debian's Chromium, driven by Playwright: one browser for all, a clean context a page, everything written down."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


_running: list[Browser] = []


@dataclass
class Seen:
    """What a page did while it was open."""

    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Generator[Browser]:
    """A headless Chromium, the one that runs if one does; the test is skipped where there is none."""
    if _running:
        yield _running[0]
        return
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        _running.append(browser)
        yield browser
        _running.clear()
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    report: Path,
    *,
    place: str = "",
    scheme: str = "light",
    size: tuple[int, int] = (1400, 900),
    bypass_csp: bool = False,
) -> Generator[tuple[Page, Seen]]:
    """The report, open from its file and drawn, and a record of what it does."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=bypass_csp,
    )
    page, seen = context.new_page(), Seen()
    page.on("console", lambda message: seen.problems.append(message.text))
    page.on("pageerror", lambda error: seen.problems.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"file://{report.resolve()}{place}")
    page.wait_for_selector("html[data-ready]")
    yield page, seen
    context.close()
