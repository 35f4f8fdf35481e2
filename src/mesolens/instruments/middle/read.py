"""From tables of shares to the tree, its checks and a verdict.

Verdicts: *closed* when the shares add up to Δ; *refused* when they do not, and then no share is given; *not determined*
when the shares add up, but the contrasts do not move the readout in one direction: the interval of Δ over templates
holds zero, so a mean over them says nothing and the tree is to be read contrast by contrast.
"""

from typing import cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.clusters import cluster_intervals
from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.closeup import closeup_words
from mesolens.instruments.middle.found import COMPLETE, column, found_in
from mesolens.instruments.middle.plan import NAME
from mesolens.instruments.middle.spec import VERSION, MiddleSpec
from mesolens.instruments.middle.tree import Node, conservation, grow
from mesolens.model.card import ModelCard

CONSERVED = 1e-6
NOTHING = 1e-9


def read(tables: Tables, spec: MiddleSpec, card: ModelCard) -> Reading:
    """The reading of the middle: `data` is the tree as JSON, shares are means over contrasts, in nats."""
    found = found_in(tables)
    items, delta, completeness = found.items, float(found.deltas.mean()), found.completeness
    interval = _interval(found.deltas, found.templates)
    nodes = grow(found.leaves, found.sites, found.templates, found.direct)
    conserved = conservation(nodes, delta)
    verdict = _verdict(delta, interval, completeness)
    if verdict == "refused":
        nodes = [node for node in nodes if node.parent is None]
    steps = int(column(items, "steps").max())
    return Reading(
        instrument=NAME,
        subject=card.name,
        verdict=verdict,
        sentence=_sentence(verdict, delta, completeness, steps, nodes),
        numbers=_numbers(items, spec, delta, interval, completeness, conserved, steps),
        protocol=_protocol(spec, card, items) | closeup_words(tables, spec, card),
        data={
            "delta": delta,
            "completeness": completeness,
            "conservation": conserved,
            "steps": steps,
            "engine": "gated",
            "verdict": verdict,
            "source_tokens": _source_tokens(spec, card),
            "nodes": [cast(Json, node.to_json()) for node in nodes],
        },
    )


def _interval(deltas: Float[np.ndarray, " I"], templates: list[str]) -> tuple[float, float] | None:
    ends = cluster_intervals(deltas[:, None], templates)
    return None if ends is None else (float(ends[0][0]), float(ends[1][0]))


def _verdict(delta: float, interval: tuple[float, float] | None, completeness: float) -> str:
    if completeness > COMPLETE:
        return "refused"
    low, high = interval or (delta, delta)
    return "not determined" if abs(delta) < NOTHING or low <= 0 <= high else "closed"


def _sentence(verdict: str, delta: float, completeness: float, steps: int, nodes: list[Node]) -> str:
    if verdict == "refused":
        return (
            f"The shares miss the difference of {delta:.3g} nats by {completeness:.1%} after {steps} steps, "
            "so no share is given: the path to the reference is not smooth enough for gradients."
        )
    if verdict == "not determined":
        return (
            f"The contrasts do not move the readout in one direction ({delta:.3g} nats on average, "
            "an interval that holds zero): read them one by one."
        )
    parents = {node.parent for node in nodes}
    leaves = sorted((n for n in nodes if n.site not in parents), key=lambda n: -abs(n.share))
    gross = sum(abs(node.share) for node in leaves)
    few = sum(abs(node.share) for node in leaves[: max(1, len(leaves) // 5)])
    named = ", ".join(f"{node.site} {node.share:+.3g}" for node in leaves[:3])
    return (
        f"A difference of {delta:.3g} nats is divided among {len(leaves)} leaves; the largest are {named}; "
        f"a fifth of the leaves carries {few / (gross or 1.0):.0%} of the gross."
    )


def _numbers(
    items: pa.Table,
    spec: MiddleSpec,
    delta: float,
    interval: tuple[float, float] | None,
    completeness: float,
    conserved: float,
    steps: int,
) -> tuple[Number, ...]:
    low, high = interval or (None, None)
    open_items = float(np.count_nonzero(~items["closes"].to_numpy(zero_copy_only=False)))
    return (
        Number("difference", delta, "nats", low, high),
        Number("completeness", completeness, "of the difference", bar="≤ 0.01", holds=completeness <= COMPLETE),
        Number("conservation", conserved, "of the difference", bar="≤ 1e-6", holds=conserved <= CONSERVED),
        Number("steps", float(steps), "quadrature nodes", bar=f"≤ {spec.most_steps}", holds=steps <= spec.most_steps),
        Number("contrasts", float(len(items))),
        Number("templates", float(len(set(items["template"].to_pylist())))),
        Number("contrasts left open", open_items, f"beyond {spec.tolerance:g} of their difference"),
        Number("source tokens off by", float(column(items, "source_gap").max()), "nats"),
    )


def _protocol(spec: MiddleSpec, card: ModelCard, items: pa.Table) -> dict[str, Json]:
    aligned = int(np.count_nonzero(items["aligned"].to_numpy(zero_copy_only=False)))
    refused = [block.refusal for block in card.anatomy.blocks if block.refusal]
    refused += [writer.refusal for writer in card.anatomy.writers if writer.refusal]
    return {
        "version": VERSION,
        "granularity": "heads, neurons and the embedding, at the input of each writer's last linear map",
        "levels refused": cast(Json, sorted(set(refused))),
        "reference": f"another model, weights {spec.against}" if spec.against else "another prompt, item by item",
        "positions": "all"
        if spec.against
        else f"all for {aligned} aligned items, the reply's for {len(items) - aligned}",
        "metric": "log p(target) − log p(foil), in nats",
        "aggregation": "mean over contrasts; 95 % interval over templates, studentised and freed from skew",
        "engine": f"gated path attribution, Gauss–Legendre from {spec.steps} nodes",
        "tolerance": spec.tolerance,
        "seed": spec.seed,
        "dtype": card.dtype,
    }


def _source_tokens(spec: MiddleSpec, card: ModelCard) -> str:
    if not spec.tokens:
        return "not asked for"
    heads = [writer for writer in card.anatomy.writers if writer.leaf == "h" and writer.leaves]
    blind = [f"L{writer.layer}.{writer.name}" for writer in heads if writer.attends is None]
    if blind:
        return f"refused for {', '.join(blind)}: their attention cells do not add up to what the heads write"
    return "read"
