"""Every leaf's mean share by trait, and its organ: what a report needs to open an organ down to its leaves."""

from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Tables
from mesolens.instruments.middle.organs.closer import MEMBERS
from mesolens.instruments.middle.organs.found import ITEMS, SITES
from mesolens.instruments.middle.organs.spec import FOUND


def shown(reading: Reading, tables: Tables) -> Tables:
    """Two tables; none where the run named no organ.

    - `organs-shares`: `trait`, and `shares`, a list with one number a leaf: nats, the mean over the contrasts that
      organs were found by, seen as they are.
    - `organs-sites`: `site`, and `organ`, −1 for the remainder; in the same order.
    """
    members, items, sites = (tables.get(name) for name in (MEMBERS, ITEMS, SITES))
    if members is None or items is None or sites is None:
        return {}
    views = cast("list[list[object]]", reading.data["views"])
    rows = items.sort_by("view")
    shares_VN = pc.list_flatten(rows["shares"]).to_numpy().astype(np.float64).reshape(len(rows), -1)
    traits = [str(name) for name in cast("list[object]", reading.data["traits"])]
    clean = [cast(int, view[0]) if view[2] == FOUND and view[1] == 0 else -1 for view in views]
    which = np.array(clean)[rows["view"].to_numpy()]
    means = [shares_VN[which == number].sum(0) / max(1, int((which == number).sum())) for number in range(len(traits))]
    names = sites["site"].slice(0, shares_VN.shape[1]).combine_chunks()
    return {
        "organs-shares": pa.table(
            {"trait": pa.array(traits, pa.string()), "shares": pa.array(means, pa.list_(pa.float32()))}
        ),
        "organs-sites": pa.table([names, members["organ"].combine_chunks()], names=["site", "organ"]),
    }
