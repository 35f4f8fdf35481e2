"""The row that benchmarks share with calibrations."""

from mesolens.evidence.row import Row

__all__ = ["Row"]
