"""What is asked of the organs once they are found: removals, and a closer look."""

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.found import COMPLETE
from mesolens.instruments.middle.organs.closer import WOKEN, closer_shards
from mesolens.instruments.middle.organs.found import found_in
from mesolens.instruments.middle.organs.partition import partition
from mesolens.instruments.middle.organs.removal import TABLE, removal_shards
from mesolens.instruments.middle.organs.spec import OrgansSpec
from mesolens.model.card import ModelCard


def follow(card: ModelCard, spec: OrgansSpec, tables: Tables) -> list[Shard]:
    """The shards of the next stage; none when all is there, or where the shares do not add up."""
    found = found_in(tables, spec)
    if found.completeness > COMPLETE:
        return []
    known = partition(found, spec)
    for table, stage in ((TABLE, removal_shards), (WOKEN, closer_shards)):
        shards = [] if table in tables else stage(card, spec, found, known)
        if shards:
            return shards
    return []
