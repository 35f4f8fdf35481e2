"""From tables of shares to the tree, its checks and a verdict, as the reading carries them."""

from typing import cast

import numpy as np

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.checked import checked
from mesolens.instruments.middle.closeup import closeup_words
from mesolens.instruments.middle.flow.words import flow_words
from mesolens.instruments.middle.found import COMPLETE, Found, column, found_in
from mesolens.instruments.middle.plan import NAME
from mesolens.instruments.middle.proof.told import numbers_of, proof_of
from mesolens.instruments.middle.ruling import ruling_in
from mesolens.instruments.middle.spec import VERSION, MiddleSpec
from mesolens.instruments.middle.tree import conservation, grow
from mesolens.instruments.middle.verdict import Verdict, verdict_of
from mesolens.model.card import ModelCard

CONSERVED = 1e-6


def read(tables: Tables, spec: MiddleSpec, card: ModelCard) -> Reading:
    """The reading of the middle: `data` is the tree as JSON, shares are means over contrasts, in nats."""
    found, ruling = found_in(tables), ruling_in(tables)
    steps = int(column(found.items, "steps").max())
    verdict = verdict_of(found, steps, ruling.missed, ruling.width)
    nodes = grow(found.leaves, found.sites, found.templates, found.direct)
    delta = float(found.deltas.mean())
    conserved = conservation(nodes, delta)
    if verdict.word == "refused":
        nodes = [node for node in nodes if node.parent is None]
    proof = None if verdict.word == "refused" else proof_of(spec, found, tables)
    numbers = [*_numbers(found, spec, verdict, conserved, steps), *ruling.numbers(found.engine)]
    return Reading(
        instrument=NAME,
        subject=card.name,
        verdict=verdict.word,
        sentence=verdict.sentence,
        numbers=(*numbers, *([] if proof is None else numbers_of(proof))),
        protocol=_protocol(spec, card, found) | closeup_words(tables, spec, card) | flow_words(tables, spec, found),
        data={
            "delta": delta,
            "completeness": found.completeness,
            "conservation": conserved,
            "steps": steps,
            "engine": found.engine,
            "verdict": verdict.word,
            "source_tokens": _source_tokens(spec, card, found.engine),
            "referee": ruling.to_json() if found.engine == "owen" else None,
            "proof": None if proof is None else {"contrasts": len(checked(found, spec)), **proof},
            "nodes": [cast(Json, node.to_json()) for node in nodes],
        },
    )


def _numbers(found: Found, spec: MiddleSpec, verdict: Verdict, conserved: float, steps: int) -> list[Number]:
    low, high = verdict.interval or (None, None)
    left_open = float(np.count_nonzero(~found.items["closes"].to_numpy(zero_copy_only=False)))
    complete = found.completeness
    numbers = [
        Number("difference", float(found.deltas.mean()), "nats", low, high),
        Number("completeness", complete, "of the difference", bar="≤ 0.01", holds=complete <= COMPLETE),
        Number("conservation", conserved, "of the difference", bar="≤ 1e-6", holds=conserved <= CONSERVED),
        Number("contrasts", float(len(found.items))),
        Number("templates", float(len(set(found.templates)))),
        Number("largest fifth of the leaves", verdict.few, "of the gross"),
    ]
    if found.engine == "owen":
        return numbers
    within = steps <= spec.most_steps
    return [
        *numbers,
        Number("steps", float(steps), "quadrature nodes", bar=f"≤ {spec.most_steps}", holds=within),
        Number("contrasts left open", left_open, f"beyond {spec.tolerance:g} of their difference"),
        Number("source tokens off by", float(column(found.items, "source_gap").max()), "nats"),
    ]


def _protocol(spec: MiddleSpec, card: ModelCard, found: Found) -> dict[str, Json]:
    items, owen = found.items, found.engine == "owen"
    aligned = int(np.count_nonzero(items["aligned"].to_numpy(zero_copy_only=False)))
    refused = [block.refusal for block in card.anatomy.blocks if block.refusal]
    refused += [writer.refusal for writer in card.anatomy.writers if writer.refusal]
    return {
        "version": VERSION,
        "granularity": f"heads, {'neurons in groups' if owen else 'neurons'} and the embedding, "
        "at the input of each writer's last linear map",
        "levels refused": cast(Json, sorted(set(refused))),
        "reference": f"another model, weights {spec.against}" if spec.against else "another prompt, item by item",
        "positions": "all"
        if spec.against
        else f"all for {aligned} aligned items, the reply's for {len(items) - aligned}",
        "metric": "log p(target) − log p(foil), in nats",
        "aggregation": "mean over contrasts; 95 % interval over templates, studentised and freed from skew",
        "engine": _OWEN if owen else f"gated path attribution, Gauss–Legendre from {spec.steps} nodes",
        "tolerance": spec.tolerance,
        "seed": spec.seed,
        "dtype": card.dtype,
    }


_OWEN = "the game of live and held leaves: Shapley values of all coalitions, or Owen values of drawn orders"


def _source_tokens(spec: MiddleSpec, card: ModelCard, engine: str) -> str:
    if engine == "owen":
        return "not read: the referee values whole leaves"
    if not spec.tokens:
        return "not asked for"
    heads = [writer for writer in card.anatomy.writers if writer.leaf == "h" and writer.leaves]
    blind = [f"L{writer.layer}.{writer.name}" for writer in heads if writer.attends is None]
    if blind:
        return f"refused for {', '.join(blind)}: their attention cells do not add up to what the heads write"
    return "read"
