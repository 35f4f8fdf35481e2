"""How much of a run a page carries; what is beyond stays in the tables, and the page says how much that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from mesolens.evidence.shards import Json
from mesolens.report.payload import script_json


@dataclass(frozen=True, slots=True)
class Budget:
    """Most data of each kind.

    Attributes:
        share_bytes: bytes of shares, all contrasts together.
        token_rows: source-token rows.
        near_rows: rows of attention, of edges and of boundary shares, each.
        fewest_leaves: leaves that are listed one by one whatever the number of contrasts.
        reply_bytes: the face's replies, all angles together, as they stand in the page.
        text_bytes: the average's texts token by token, and the programs of the quines, each as they stand in the page.
    """

    share_bytes: int
    token_rows: int
    near_rows: int
    fewest_leaves: int
    reply_bytes: int
    text_bytes: int


FILE = Budget(
    share_bytes=24 << 20,
    token_rows=1 << 20,
    near_rows=1 << 19,
    fewest_leaves=4096,
    reply_bytes=12 << 20,
    text_bytes=8 << 20,
)
"""Of a report, which is a file of its own."""

CELL = Budget(
    share_bytes=512 << 10,
    token_rows=1 << 14,
    near_rows=1 << 14,
    fewest_leaves=512,
    reply_bytes=1 << 20,
    text_bytes=512 << 10,
)
"""Of what a notebook's cell shows, which is saved in the notebook with every run: a few megabytes in all."""


@runtime_checkable
class Kept(Protocol):
    """Something of a stratum that takes room in the page."""

    @property
    def stratum(self) -> str:
        """What it is one of."""
        ...

    @property
    def block(self) -> Mapping[str, Json]:
        """What the page carries of it."""
        ...


T = TypeVar("T", bound=Kept)


def within(texts: Sequence[T], room: int) -> list[T]:
    """The texts that have room, in their order: of every stratum the first, then the second, and so on."""
    turn: dict[str, int] = {}
    turns: list[int] = []
    for said in texts:
        turns.append(turn.setdefault(said.stratum, 0))
        turn[said.stratum] += 1
    kept: list[int] = []
    for place in sorted(range(len(texts)), key=lambda k: (turns[k], k)):
        size = len(script_json(texts[place].block))
        if size <= room:
            kept.append(place)
            room -= size
    return [texts[place] for place in sorted(kept)]
