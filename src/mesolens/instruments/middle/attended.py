"""What opened heads look at: the attention pattern of a clean prompt, source by destination."""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa

from mesolens.instruments.middle.glance import Glance, Opened
from mesolens.instruments.middle.ledger import numpy64

SEEN = 0.005
"""Weights below this are not kept."""

SCHEMA = pa.schema(
    [
        ("item", pa.int32()),
        ("site", pa.dictionary(pa.int32(), pa.string())),
        ("destination", pa.int32()),
        ("source", pa.int32()),
        ("weight", pa.float64()),
    ]
)


def attended(glance: Glance, gates: Sequence[Opened], items: Collection[int]) -> list[pa.Table]:
    """The weights of at least `SEEN` with which each opened head reads, for those contrasts of a batch in `items`."""
    rows = [place for place, row in enumerate(glance.batch.rows) if glance.first[place] and row.item in items]
    return [
        _pattern(glance, opened, row, leaf)
        for row in rows
        for opened in gates
        if opened.gate.site in glance.cells
        for leaf in range(len(opened.places))
    ]


def _pattern(glance: Glance, opened: Opened, place: int, leaf: int) -> pa.Table:
    row = glance.batch.rows[place]
    length = len(row.clean)
    weights = glance.cells[opened.gate.site].weights[place, opened.places[leaf], :length, :length]
    weights_TS = numpy64(weights)
    destination, source = np.nonzero(weights_TS >= SEEN)
    count = len(source)
    site = pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([opened.names[leaf]]))
    columns = [
        pa.array(np.full(count, row.item, np.int32)),
        site,
        pa.array(destination.astype(np.int32)),
        pa.array(source.astype(np.int32)),
        pa.array(weights_TS[destination, source]),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
