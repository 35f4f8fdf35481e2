"""Tables to bytes and back, so that equal tables give equal bytes.

Everything that could differ between two writers of the same numbers is pinned or normalised: codec and level, page and
row-group sizes, one chunk a column, dictionaries in order of first appearance, no metadata beside the schema. Any
Parquet reader opens the files.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_ROWS_A_GROUP = 1 << 20
_BYTES_A_PAGE = 1 << 20


def to_bytes(table: pa.Table) -> bytes:
    """The table as one Parquet file.

    >>> one = pa.table({"site": ["embed", "L0"]})
    >>> two = pa.concat_tables([one.slice(0, 1), one.slice(1)])
    >>> to_bytes(one) == to_bytes(two)
    True
    """
    sink = pa.BufferOutputStream()
    pq.write_table(
        _normal(table),
        sink,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=_ROWS_A_GROUP,
        data_page_size=_BYTES_A_PAGE,
        data_page_version="1.0",
        store_schema=True,
    )
    return sink.getvalue().to_pybytes()


def from_bytes(data: bytes) -> pa.Table:
    """The table in one Parquet file; dictionary columns come back as dictionaries.

    Raises:
        pyarrow.ArrowInvalid: the bytes are no Parquet file.
    """
    return pq.read_table(pa.BufferReader(data))


def joined(tables: list[pa.Table]) -> pa.Table:
    """Tables of one schema below each other, with one dictionary a column."""
    return pa.concat_tables(tables).unify_dictionaries()


def _normal(table: pa.Table) -> pa.Table:
    columns = [_column(table.column(place)) for place in range(table.num_columns)]
    schema = pa.schema([field.remove_metadata() for field in table.schema])
    return pa.Table.from_arrays(columns, schema=schema)


def _column(column: "pa.ChunkedArray[Any]") -> "pa.ChunkedArray[Any]":
    if not pa.types.is_dictionary(column.type):
        return pa.chunked_array([column.combine_chunks()])
    plain = column.cast(column.type.value_type).combine_chunks()
    return pa.chunked_array([pc.dictionary_encode(plain).cast(column.type)])
