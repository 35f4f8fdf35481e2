"""The table of an instrument that asks for quines: a row for each reply, with its program and the verdict on it."""

import pyarrow as pa

TABLE = "quine-programs"

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
