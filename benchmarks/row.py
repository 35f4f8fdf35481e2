"""One measured figure, the bar that it is held against and, where there is one, a peer's figure from the same run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure.

    Attributes:
        name: the benchmark's.
        subject: what was measured, such as a model or a command.
        quantity: what of it, with the unit.
        value: the figure; `low` and `high` its spread over repetitions.
        bar: the bound as text (`≤ 80`), or "" where nothing is claimed.
        holds: whether the bar holds; None where nothing is claimed or it could not be measured here.
        peer, peer_value: another program that does the same, and its figure from the same run.
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
