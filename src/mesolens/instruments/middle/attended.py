"""What opened heads look at: the attention pattern of a clean prompt, source by destination."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mesolens.instruments.middle.glance import Glance, Opened
from mesolens.instruments.middle.ledger import numpy64

SEEN = 0.005
"""Weights below this are not kept."""

LAST = 512
"""Destinations that are kept of a long prompt, from its end back."""

SCHEMA = pa.schema(
    [
        ("item", pa.int32()),
        ("site", pa.dictionary(pa.int32(), pa.string())),
        ("destination", pa.int32()),
        ("source", pa.int32()),
        ("weight", pa.float64()),
    ]
)


def attended(glance: Glance, gates: Sequence[Opened]) -> list[pa.Table]:
    """The weights of at least `SEEN` with which each opened head reads, for the contrasts that a glance shows."""
    return [
        _pattern(glance, opened, place, leaf)
        for place in range(len(glance.shown))
        for opened in gates
        if opened.gate.site in glance.patterns
        for leaf in range(len(opened.places))
    ]


def _pattern(glance: Glance, opened: Opened, place: int, leaf: int) -> pa.Table:
    row = glance.batch.rows[glance.shown[place]]
    length = len(row.clean)
    first = max(0, length - LAST)
    weights_TS = numpy64(glance.patterns[opened.gate.site][place, leaf, first:length, :length])
    destination, source = np.nonzero(weights_TS >= SEEN)
    count = len(source)
    columns = [
        pa.array(np.full(count, row.item, np.int32)),
        pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([opened.names[leaf]])),
        pa.array((destination + first).astype(np.int32)),
        pa.array(source.astype(np.int32)),
        pa.array(weights_TS[destination, source]),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
