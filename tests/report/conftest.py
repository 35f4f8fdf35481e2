"""Reports of synthetic runs, written once a session, and one browser to open them in."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mesolens.report.html import write_report
from tests.report.browsing import chromium
from tests.report.synthetic import Shape, make_run


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Shape], Path]:
    """Gives the report of a synthetic run of some shape; its run folder is around it."""
    written: dict[Shape, Path] = {}

    def get(shape: Shape) -> Path:
        if shape not in written:
            written[shape] = write_report(make_run(tmp_path_factory.mktemp("run"), shape))
        return written[shape]

    return get


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    """Chromium, or a skipped test."""
    with chromium() as found:
        yield found
