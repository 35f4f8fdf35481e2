"""Reports of synthetic runs, written once a session, and one browser to open them in."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.report.browsing import chromium
from tests.report.figures import once
from tests.report.organs_reading import OrganShape, with_middle, write_organs
from tests.report.synthetic import Shape, make_run
from tests.report.synthetic_face import FaceShape, make_face


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Shape], Path]:
    """Gives the report of a synthetic run of some shape; its run folder is around it."""
    return once(tmp_path_factory, make_run)


@pytest.fixture(scope="session")
def organs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[OrganShape, Shape | None], Path]:
    """Gives the report of synthetic organs of some shape, alone or beside a middle."""

    def write(run: Path, asked: tuple[OrganShape, Shape | None]) -> Path:
        shape, middle = asked
        return write_organs(run, shape) if middle is None else with_middle(run, shape, middle)

    get = once(tmp_path_factory, write)
    return lambda shape, middle: get((shape, middle))


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[FaceShape], Path]:
    """Gives the report of a synthetic face of some shape; its run folder is around it."""
    return once(tmp_path_factory, make_face)


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    """Chromium, or a skipped test."""
    with chromium() as found:
        yield found
