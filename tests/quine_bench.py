"""A bench for the tests that run strangers' programs: skipped, with the reason, where there is no sandbox."""

from collections.abc import Iterator

import pytest

from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.sandbox import Missing, sandbox


@pytest.fixture(scope="session")
def jail() -> Iterator[Bench]:
    """The sandbox with its reader, and limits that end a program that does not end soon."""
    room = sandbox()
    if isinstance(room, Missing):
        pytest.skip(f"no program is run: {room.why}")
    if not room.javascript:
        pytest.skip("JavaScript is not run: pip install 'mesolens[js]'")
    with Bench(room, Limits(cpu_s=1, wall_s=10.0)) as bench:
        yield bench


@pytest.fixture(scope="session")
def brief(jail: Bench) -> Iterator[Bench]:
    """The same with little patience, for programs that are to be stopped."""
    with Bench(jail.room, Limits(cpu_s=1, wall_s=2.0)) as bench:
        yield bench
