"""Shares as Arrow tables, the form in which they are stored and read again."""

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import pyarrow as pa

from mesolens.instruments.middle.shares import ItemShares
from mesolens.model.sites import Site
from mesolens.traits.encode import EncodedContrast

_SITES = pa.dictionary(pa.int32(), pa.string())
_ITEMS = pa.schema(
    [
        ("item", pa.int32()),
        ("id", pa.string()),
        ("template", pa.string()),
        ("clean", pa.float64()),
        ("reference", pa.float64()),
        ("delta", pa.float64()),
        ("total", pa.float64()),
        ("steps", pa.int32()),
        ("closes", pa.bool_()),
        ("source_gap", pa.float64()),
        ("aligned", pa.bool_()),
        ("clean_tokens", pa.list_(pa.string())),
        ("reference_tokens", pa.list_(pa.string())),
        ("target", pa.string()),
        ("foil", pa.string()),
    ]
)


def item_table(items: Sequence[int], contrasts: Sequence[EncodedContrast], shares: Sequence[ItemShares]) -> pa.Table:
    """One row for each contrast: both ends, Δ, the sum of shares, and the texts of its tokens."""
    rows = [_item(item, contrast, share) for item, contrast, share in zip(items, contrasts, shares, strict=True)]
    return pa.Table.from_pylist(rows, schema=_ITEMS)


def _item(item: int, contrast: EncodedContrast, share: ItemShares) -> dict[str, object]:
    reply = [
        target if target == foil or not foil else f"{target}|{foil}" if target else foil
        for target, foil in zip_longest(contrast.target_tokens, contrast.foil_tokens, fillvalue="")
    ]
    aligned = contrast.reference is None or len(contrast.reference) == len(contrast.clean)
    return {
        "item": item,
        "id": contrast.id,
        "template": contrast.template,
        "clean": share.clean,
        "reference": share.reference,
        "delta": share.delta,
        "total": share.total,
        "steps": share.steps,
        "closes": share.closes,
        "source_gap": share.source_gap,
        "aligned": aligned,
        "clean_tokens": [*contrast.clean_tokens, *reply[:-1]],
        "reference_tokens": [*contrast.reference_tokens, *reply[:-1]] if contrast.reference else [],
        "target": "".join(contrast.target_tokens),
        "foil": "".join(contrast.foil_tokens),
    }


def leaf_table(items: Sequence[int], shares: Sequence[ItemShares], sites: Sequence[Site | str]) -> pa.Table:
    """Every leaf of every item: item, site, share in nats, and the direct part of it (null where not measured)."""
    names = pa.array([str(site) for site in sites])
    direct = [pa.nulls(len(sites), pa.float64()) if one.direct is None else pa.array(one.direct) for one in shares]
    places = pa.array(np.tile(np.arange(len(sites)), len(items)), pa.int32())
    return pa.table(
        {
            "item": pa.array(np.repeat(np.asarray(items, np.int32), len(sites))),
            "site": pa.DictionaryArray.from_arrays(places, names),
            "share": pa.array(np.concatenate([share.leaves for share in shares])),
            "direct": pa.concat_arrays(direct),
        }
    )


def token_table(items: Sequence[int], shares: Sequence[ItemShares], sites: Sequence[str]) -> pa.Table:
    """Source tokens of the opened leaves: item, site with its token, share in nats."""
    found = [(item, token) for item, share in zip(items, shares, strict=True) for token in share.tokens]
    names = [f"{sites[t.site]}@{'r' if t.from_reference else ''}{t.token}" for _, t in found]
    return pa.table(
        {
            "item": pa.array([item for item, _ in found], pa.int32()),
            "site": pa.array(names, pa.string()).cast(_SITES) if names else pa.array([], _SITES),
            "share": pa.array([token.share for _, token in found], pa.float64()),
        }
    )
