"""One measured figure, the bar that it is held against and, where there is one, a peer's figure from the same run."""

from dataclasses import dataclass
from typing import Literal

Bound = Literal["≥", "≤", "="]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, of a benchmark or of a calibration.

    Attributes:
        name: the benchmark's, or the instrument's.
        subject: what was measured, such as a model or a command.
        quantity: what of it, with the unit.
        value: the figure; `low` and `high` its spread over repetitions.
        bar: the bound as text (`≤ 80`), or "" where nothing is claimed.
        holds: whether the bar holds; None where nothing is claimed or it could not be measured here.
        peer, peer_value: another program or method that does the same, and its figure from the same run.
    """

    name: str
    subject: str
    quantity: str
    value: float
    low: float | None = None
    high: float | None = None
    bar: str = ""
    holds: bool | None = None
    peer: str | None = None
    peer_value: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bound on a figure.

    >>> str(Bar("≥", 0.95)), Bar("≥", 0.95).holds(0.9), Bar("≤", 0.95).holds(0.9)
    ('≥ 0.95', False, True)
    """

    bound: Bound
    limit: float

    def __str__(self) -> str:
        return f"{self.bound} {self.limit:g}"

    def holds(self, value: float) -> bool:
        """Whether a figure keeps to the bound; one that is no number never does."""
        return {"≥": value >= self.limit, "≤": value <= self.limit, "=": value == self.limit}[self.bound]
