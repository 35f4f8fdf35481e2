"""Fixtures of the attacks."""

from tests.quine_bench import brief, jail

__all__ = ["brief", "jail"]
