"""The chapter *middle*: the tree of shares, so packed that the page can draw any level of any contrast.

Shares travel as float64, leaves only: every parent is a sum that the page forms itself, and compares with what the
reading says. A model with too many leaves for a page keeps its largest; the others of a writer are added up in
`L3.mlp.rest`, so sums stay exact, and the page says how many were folded.

When the reading refused its gradient numbers, none of them leaves the run folder: the page gets the reason, and what
was measured by plain forward passes (both ends and their difference).
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.report import closeups
from mesolens.report.budget import FILE, Budget
from mesolens.report.payload import Chapter, conclusion, finite, packed
from mesolens.report.proof import checks, proof_of, series
from mesolens.report.tables import Floats, Leaves, TokenRows, leaves, names_in, rank, tokens

Nodes = dict[str, dict[str, Json]]

_NEURON = re.compile(r"\.[ng][0-9]+$")
_COLUMNS = ("low", "high", "direct")
_BARS = {"completeness": "≤ 0.01", "conservation": "≤ 1e-06"}
_PER_ITEM = ("clean", "reference", "delta", "total")


def chapter(reading: Reading, tables: Tables, budget: Budget = FILE) -> Chapter:
    """The chapter's part of the page, within a budget.

    Raises:
        BadInput: the tables are damaged or name what is no site, or the verification is.
    """
    tables = _of_engine(reading, tables)
    items = _items(tables.get("middle-items"))
    refused = reading.verdict == "refused" or not items or "middle-leaves" not in tables
    main: dict[str, Json] = conclusion(reading)
    main |= {"checks": _checks(reading), "refused": refused, "reason": _reason(reading)}
    main["source_tokens"] = str(reading.data.get("source_tokens") or "")
    if refused:
        main["items"] = [_measured(item) for item in items]
        return Chapter(main, {})
    main |= {"items": [*items], "verified": checks(proof_of(reading)), "referee": _referee(reading)}
    folded, left = fold(leaves(tables["middle-leaves"], len(items)), _opened(tables), _room(len(items), budget))
    rows = tokens(tables.get("middle-tokens"), len(items), folded.sites)
    listed = _listed(folded, rows, budget)
    known = _nodes(reading)
    intervals = _intervals(known, folded)
    main |= {"tree": _tree(known, folded, intervals), "listed": [*listed]}
    main["left_out"] = {"leaves": left, "contrasts": len(items) - len(listed)}
    lengths = [len(cast(list[str], item["clean_tokens"])) for item in items]
    near = closeups.by_contrast(tables, lengths, budget.near_rows)
    main["near"] = {name: [i for i in listed if name in near.get(i, {})] for name in closeups.NEAR}
    blocks: dict[str, Json] = {"middle-proof": series(proof_of(reading)), "middle-intervals": intervals}
    blocks["middle-closeups"] = closeups.by_site(tables, len(items))
    blocks |= {f"middle-{i}": _block(folded, i, rows[i]) for i in listed}
    blocks |= {f"middle-near-{i}": cast(Json, near[i]) for i in listed if i in near}
    return Chapter(main, {name: block for name, block in blocks.items() if block is not None})


def _of_engine(reading: Reading, tables: Tables) -> Tables:
    """The tables with the referee's shares in the place of the gated ones, where the reading stands on them."""
    if reading.data.get("engine") != "owen" or "middle-owen-leaves" not in tables:
        return tables
    kept = {name: table for name, table in tables.items() if name != "middle-tokens"}
    return kept | {"middle-items": tables["middle-owen-items"], "middle-leaves": tables["middle-owen-leaves"]}


def _referee(reading: Reading) -> Json:
    """Which referee divided the difference in the gated engine's place, and why; None where it did not have to."""
    found = reading.data.get("referee")
    if not isinstance(found, dict):
        return None
    counts = {name: finite(found.get(name)) for name in ("coalitions", "permutations", "width", "players")}
    return {"kind": str(found.get("kind") or ""), "reason": str(found.get("reason") or ""), **counts}


def fold(whole: Leaves, keep: frozenset[str], room: int) -> tuple[Leaves, int]:
    """At most `room` leaves, beside all of `keep`: the largest by mean |share|; the others summed in `.rest`.

    Returns the leaves, in the model's order, and how many were folded.
    """
    size = np.abs(whole.shares_IA).mean(0)
    smallest_first = (a for a in np.argsort(size, kind="stable").tolist() if _may_fold(whole.sites[a], keep))
    gone = set(islice(smallest_first, max(0, len(whole.sites) - room)))
    if not gone:
        return whole, 0
    names = [f"{site.rpartition('.')[0]}.rest" if a in gone else site for a, site in enumerate(whole.sites)]
    sites = tuple(sorted(set(names), key=rank))
    place = {site: a for a, site in enumerate(sites)}
    code = np.array([place[name] for name in names], np.int64)
    direct_IA = None if whole.direct_IA is None else _summed(whole.direct_IA, code, len(sites))
    return Leaves(sites, _summed(whole.shares_IA, code, len(sites)), direct_IA), len(gone)


def _summed(values_IA: Floats, code: NDArray[np.int64], size: int) -> Floats:
    return np.array([np.bincount(code, weights=values_A, minlength=size) for values_A in values_IA], np.float64)


def _may_fold(site: str, keep: frozenset[str]) -> bool:
    return _NEURON.search(site) is not None and site not in keep


def _room(items: int, budget: Budget) -> int:
    return max(budget.fewest_leaves, budget.share_bytes // (8 * (items + 1)))


def _opened(tables: Tables) -> frozenset[str]:
    rows = tables.get("middle-tokens")
    read = frozenset[str]() if rows is None else frozenset(site.rpartition("@")[0] for site in names_in(rows))
    return read | closeups.named(tables)


def _listed(folded: Leaves, rows: Sequence[TokenRows | None], budget: Budget) -> range:
    """The contrasts whose single shares the page carries: from the first on, as many as its budgets hold."""
    by_shares = budget.share_bytes // max(1, 8 * len(folded.sites))
    ends = np.cumsum([0 if row is None else len(row.leaf) for row in rows])
    return range(min(len(rows), by_shares, int(np.searchsorted(ends, budget.token_rows, "right"))))


def _block(folded: Leaves, item: int, rows: TokenRows | None) -> Json:
    block: dict[str, Json] = {"shares": packed(folded.shares_IA[item])}
    if folded.direct_IA is not None:
        block["direct"] = packed(folded.direct_IA[item].astype(np.float32))
    if rows is not None:
        block |= {"leaf": packed(rows.leaf), "position": packed(rows.position), "token": packed(rows.shares)}
    return block


def _tree(known: Nodes, folded: Leaves, intervals: Json) -> dict[str, Json]:
    """The leaves and their mean; and whatever is not one of many neurons with its figures, for the first screen."""
    groups: dict[str, Json] = {
        site: [finite(node.get(key)) for key in ("share", *_COLUMNS)]
        for site, node in known.items()
        if _NEURON.search(site) is None
    }
    mean = packed(folded.shares_IA.mean(0))
    return {"sites": runs(folded.sites), "mean": mean, "groups": groups, "intervals": intervals is not None}


def _intervals(known: Nodes, folded: Leaves) -> Json:
    """Ends of the intervals and direct effects of all leaves, packed; None where the reading has none of them."""
    columns = {name: _column(known, folded.sites, name) for name in _COLUMNS}
    return {**columns} if any(column is not None for column in columns.values()) else None


def _nodes(reading: Reading) -> Nodes:
    found = reading.data.get("nodes")
    nodes = cast(list[dict[str, Json]], found) if isinstance(found, list) else []
    return {site: node for node in nodes if isinstance(site := node.get("site"), str)}


def _column(known: Nodes, sites: Sequence[str], name: str) -> str | None:
    """One number of every leaf, packed; NaN where the reading has none, and None where it has none at all."""
    values = [finite(known[site].get(name)) if site in known else None for site in sites]
    return packed(np.array(values, np.float64)) if any(value is not None for value in values) else None


def runs(sites: Sequence[str]) -> list[Json]:
    """Sites with what is regular about them said once: `["L0.mlp.n", 0, 3072]` is n0 to n3071."""
    found: list[list[Json]] = []
    for site in sites:
        stem = site.rstrip("0123456789") if site[-1].isdigit() and "." in site else site
        first = int(site[len(stem) :] or -1)
        last = found[-1] if found else None
        if last is not None and first >= 0 and last[0] == stem and cast(int, last[1]) + cast(int, last[2]) == first:
            last[2] = cast(int, last[2]) + 1
        else:
            found.append([stem, first, 1])
    return [cast(Json, run) for run in found]


def _items(rows: pa.Table | None) -> list[dict[str, Json]]:
    if rows is None:
        return []
    items = cast(list[dict[str, Json]], sorted(rows.to_pylist(), key=lambda row: row["item"]))
    if [row["item"] for row in items] != list(range(len(items))):
        raise BadInput("table middle-items does not number its items from 0 without a gap")
    return [{key: finite(value) if key in _PER_ITEM else value for key, value in row.items()} for row in items]


def _measured(item: dict[str, Json]) -> Json:
    """An item without what the engine refused."""
    return {**item, "total": None, "steps": None}


def _checks(reading: Reading) -> list[Json]:
    """Completeness, conservation, steps, engine and verdict, each with its figure and the bar it was held against."""
    by_name = {number.name: number for number in reading.numbers}
    checks: list[Json] = []
    for name in ("completeness", "conservation"):
        value, known = finite(reading.data.get(name)), by_name.get(name)
        bar = known.bar if known is not None and known.bar else _BARS[name]
        limit = float(bar.lstrip("≤< ")) if known is None or known.holds is None else None
        holds = known.holds if limit is None and known is not None else value is not None and value <= (limit or 0.0)
        checks.append({"name": name, "value": value, "bar": bar, "holds": holds})
    steps = by_name.get("steps")
    bar, holds = (steps.bar, steps.holds) if steps is not None else ("", None)
    checks.append({"name": "steps", "value": finite(reading.data.get("steps")), "bar": bar, "holds": holds})
    engine = reading.data.get("engine")
    checks.append({"name": "engine", "text": str(engine or "–"), "bar": "", "holds": None})
    verdict = {"closed": True, "refused": False}.get(reading.verdict)
    checks.append({"name": "verdict", "text": reading.verdict, "bar": "", "holds": verdict})
    return checks


def _reason(reading: Reading) -> str:
    reason = reading.data.get("reason", reading.data.get("refusal"))
    return reason if isinstance(reason, str) and reason else reading.sentence
