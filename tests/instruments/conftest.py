"""Fixtures that several tests of instruments share."""

from tests.quine_bench import brief, jail

__all__ = ["brief", "jail"]
