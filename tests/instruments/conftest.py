"""Fixtures that several tests of instruments share."""

from tests.quine_bench import jail

__all__ = ["jail"]
