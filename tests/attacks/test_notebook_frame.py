"""Attack: a tree of hostile text is the last line of a notebook's cell, and the notebook holds secrets.

Claim: the frame in which the tree draws itself cannot read or move the notebook, nor reach cookies, storage or the
network; text inside is only text, and the page's policy holds there as in a file.
"""

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.report.browsing import chromium
from tests.report.notebooks import cell_of, shown
from tests.report.synthetic import HOSTILE, Shape


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.browser
def test_the_frame_reaches_nothing_and_hostile_text_is_text(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, cell_of(tmp_path, Shape(hostile=True, items=len(HOSTILE)))) as (page, frame, seen):
        assert page.get_attribute("iframe", "sandbox") == "allow-scripts"
        assert frame.evaluate("self.origin") == "null"
        for reach in ("parent.secret", "parent.document.title", "top.document.body", "localStorage", "document.cookie"):
            tried = f"(() => {{ try {{ return String({reach}); }} catch (problem) {{ return problem.name; }} }})()"
            assert frame.evaluate(tried) == "SecurityError", reach
        assert frame.inner_text("h1").startswith(HOSTILE[0])
        for place in ("contrast-0/embed", "contrast-4/L1.attn.h1", "all/model"):
            frame.evaluate("place => { location.hash = `#middle/${place}`; }", place)
        page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None
        assert frame.evaluate("window.hacked") is None
        assert page.locator("script, img, svg, style").count() == 1  # the notebook's own script
        assert (seen.problems, seen.dialogs, len(seen.requests)) == ([], [], 1)


@pytest.mark.browser
def test_frame_and_policy_stop_what_would_get_through(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, cell_of(tmp_path, Shape())) as (page, frame, seen):
        left = frame.evaluate(
            """() => {
                const script = document.createElement('script');
                script.textContent = 'window.hacked = 1';
                document.body.append(script);
                fetch('https://example.com/').catch(() => undefined);
                const popup = window.open('about:blank');
                try { top.location = 'about:blank'; } catch (problem) { return [popup, problem.name]; }
            }"""
        )
        page.wait_for_timeout(100)
        assert left == [None, "SecurityError"]
        assert page.url.startswith("file://")
        assert frame.evaluate("window.hacked") is None
        for said in ("script-src", "connect-src", "allow-popups", "allow-top-navigation"):
            assert any(said in problem for problem in seen.problems), said
