"""What a protocol says of edges and rows."""

from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.flow.crossing import row_words
from mesolens.instruments.middle.flow.feeding import edge_words
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.spec import MiddleSpec


def flow_words(tables: Tables, spec: MiddleSpec, found: Found) -> dict[str, Json]:
    """Entries for both: what was measured and by how much its sums miss the shares, or why there is nothing."""
    return edge_words(tables, spec, found) | row_words(tables, spec, found)
