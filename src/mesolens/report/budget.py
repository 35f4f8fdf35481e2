"""How much of a run a page carries; what is beyond stays in the tables, and the page says how much that is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Most data of each kind.

    Attributes:
        share_bytes: bytes of shares, all contrasts together.
        token_rows: source-token rows.
        near_rows: rows of attention, of edges and of boundary shares, each.
        fewest_leaves: leaves that are listed one by one whatever the number of contrasts.
        reply_bytes: the face's replies, all angles together, as they stand in the page.
        text_bytes: the average's texts token by token, as they stand in the page.
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
