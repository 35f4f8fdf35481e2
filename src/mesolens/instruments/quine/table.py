"""The tables of an instrument that asks for quines.

`quine-programs` has a row for each reply, with its program and the verdict on it; `quine-planning` one for each reply
that was begun anew.
"""

import pyarrow as pa

TABLE, PLANNING = "quine-programs", "quine-planning"

_CHECK = pa.struct([("name", pa.string()), ("passed", pa.bool_()), ("says", pa.string())])
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "item", "rung", "language", "prompt", "missing", "reply")),
        ("ended", pa.bool_()),
        *((name, pa.string()) for name in ("program", "verdict", "reason")),
        ("checks", pa.list_(_CHECK)),
        ("family", pa.string()),
        *((name, pa.float64()) for name in ("likeness", "comments", "dead_code", "ms")),
    ]
)
PLANNING_SCHEMA = pa.schema(
    [
        ("item", pa.string()),
        ("place", pa.string()),
        ("draw", pa.int32()),
        ("same", pa.bool_()),
        ("honest", pa.bool_()),
        ("tokens", pa.int32()),
        ("of", pa.int32()),
        ("ending", pa.string()),
    ]
)
"""`tokens` of the reply's tokens stand before the quote is open, and `ending` is how the first reply's program ends."""
