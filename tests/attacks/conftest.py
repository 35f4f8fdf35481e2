"""Fixtures of the attacks."""

from tests.quine_bench import jail

__all__ = ["jail"]
