"""A specification to shards, and back: all that a shard's result depends on is in the shard, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np

from mesolens.errors import BadInput
from mesolens.evidence.shards import Cost, Json, Shard, Tables
from mesolens.instruments.average import documents, neighbours
from mesolens.instruments.average.spec import VERSION, AverageSpec, Neighbours, Text
from mesolens.model.card import ModelCard

NAME = "average"
FEWEST_DOCUMENTS = 2
"""Documents that a corpus must have, as each is predicted from the others."""
_FEWEST_PARTS = 2
"""Parts of the documents that make a curve beside the whole."""
SAID, WEIGHTS, SCORED, HELD, COVERAGE, SPANS = (
    f"average-{name}" for name in ("said", "weights", "scored", "held", "coverage", "spans")
)
"""Tables."""


def plan(card: ModelCard, spec: AverageSpec) -> list[Shard]:
    """The first stage: the model's replies with what it makes of each token, and the average's weights.

    Raises:
        BadInput: there is no text, two have one name, or the corpus has another tokenizer or too few documents.
    """
    _check(card, spec)
    parts = _portions(spec.texts, spec.shard_texts)
    said = [_shard("said", {"texts": cast(Json, _texts(part)), **_saying(card, spec)}, len(part)) for part in parts]
    return [*said, _shard("fit", _fit(spec), max(1, spec.fit_tokens // 1000))]


def follow(card: ModelCard, spec: AverageSpec, tables: Tables) -> list[Shard]:
    """The second stage, once the weights are known: every text and held-out document scored, on all and on parts.

    Where near states are asked for they come before texts are scored; where an attribution is, gradients of documents
    and of what was said come last.
    """
    if SCORED in tables:
        asked = None if documents.BEHIND in tables else spec.attribution
        return [] if asked is None else documents.shards(card, spec, asked, tables)
    first = HELD not in tables
    near = spec.neighbours if first else None
    known, whole = _known(spec, tables)
    beside = [*_held(spec, known), *_covered(spec, whole)] if first else []
    if near is not None:
        return [neighbours.shard(card, spec, near, {**known, "texts": cast(Json, whole)}), *beside]
    given = neighbours.given(tables)
    rows = [{**text, **given.get(text["id"], {})} for text in whole]
    scored = [
        _shard("scored", {**known, "places": spec.places, "texts": cast(Json, part)}, len(part))
        for part in _portions(rows, spec.shard_texts)
    ]
    return [*scored, *beside]


def _known(spec: AverageSpec, tables: Tables) -> tuple[dict[str, Json], list[dict[str, Any]]]:
    """What every shard of the second stage depends on, and the texts as they were said."""
    weights = cast(Json, tables[WEIGHTS]["weight"].to_pylist())
    said = dict(zip(tables[SAID]["id"].to_pylist(), tables[SAID]["ids"].to_pylist(), strict=True))
    bits = dict(zip(tables[SAID]["id"].to_pylist(), tables[SAID]["bits"].to_pylist(), strict=True))
    whole = [{**text, "said": said[text["id"]], "bits": bits[text["id"]]} for text in _texts(spec.texts)]
    return {**_fit(spec), "weights": weights}, whole


def _held(spec: AverageSpec, known: Mapping[str, Json]) -> list[Shard]:
    return [_shard("held", {**known, "held": spec.held, "marker": [*spec.marker]}, spec.held)]


def _covered(spec: AverageSpec, whole: Sequence[dict[str, Any]]) -> list[Shard]:
    """A shard for each part of the documents that can be held and has enough of them."""
    return [
        _shard("coverage", {**_fit(spec), "part": part, "texts": cast(Json, [*whole])}, len(whole))
        for part in parts_of(spec)
    ]


def parts_of(spec: AverageSpec) -> list[float]:
    """The parts of the documents that are looked at: those that can be held, and smaller ones where two cannot.

    >>> from mesolens.instruments.average.spec import Corpus
    >>> corpus = Corpus("c", "", documents=10_000, tokens=16_000_000, tokenizer="")
    >>> parts_of(AverageSpec((), corpus, parts=(0.125, 0.25, 0.5), gathered=2_000_000))
    [0.0625, 0.125]
    """
    found = [part for part in spec.parts if _can_be_held(spec, part)]
    smaller, wanted = min(spec.parts, default=0.0) / 2, min(_FEWEST_PARTS, len(spec.parts))
    while len(found) < wanted and smaller * spec.corpus.documents >= FEWEST_DOCUMENTS:
        found = [smaller, *found] if _can_be_held(spec, smaller) else found
        smaller /= 2
    return found


def left_out(spec: AverageSpec) -> list[dict[str, float]]:
    """The parts of the documents that were not looked at, with about how many tokens they have, and how many may be.

    They have more tokens than may be held in memory, or fewer documents than leaving one out needs.
    """
    return [
        {"fraction": part, "tokens": round(part * spec.corpus.tokens), "most": spec.gathered}
        for part in spec.parts
        if not _can_be_held(spec, part)
    ]


def _can_be_held(spec: AverageSpec, part: float) -> bool:
    few = part * spec.corpus.documents < FEWEST_DOCUMENTS
    return part * spec.corpus.tokens <= spec.gathered and not few


def _check(card: ModelCard, spec: AverageSpec) -> None:
    if not spec.texts:
        raise BadInput("no texts: give prompts for the model to reply to")
    names = [text.id for text in spec.texts]
    if len(set(names)) < len(names):
        raise BadInput(f"two texts are called {next(name for name in names if names.count(name) > 1)!r}")
    if spec.corpus.tokenizer and card.tokenizer_hash != spec.corpus.tokenizer:
        raise BadInput(
            f"the corpus {spec.corpus.name} holds tokens of tokenizer {spec.corpus.tokenizer[:12]} and "
            f"{card.name} reads {card.tokenizer_hash[:12] or 'none'}: index it with this model's tokenizer"
        )
    if spec.corpus.documents < FEWEST_DOCUMENTS:
        raise BadInput(
            f"the corpus {spec.corpus.name} has {spec.corpus.documents} documents; {FEWEST_DOCUMENTS} or more are "
            "needed, as each is predicted from the others: cut long texts into documents"
        )
    if spec.neighbours is not None:
        _check_rung(card, spec.neighbours)


def _check_rung(card: ModelCard, asked: Neighbours) -> None:
    blocks = len(card.anatomy.blocks)
    if asked.places < 1:
        raise BadInput(f"{asked.places} places of the corpus are no neighbours; give one or more")
    if not 0 <= asked.layer < blocks:
        raise BadInput(f"{card.name} has no block {asked.layer}; states are taken behind one of 0 to {blocks - 1}")


def _texts(texts: Sequence[Text]) -> list[dict[str, Any]]:
    found = [asdict(text) for text in texts]
    return [{**each, "prompt": [*each["prompt"]], "said": _listed(each["said"])} for each in found]


def _listed(ids: Sequence[int] | None) -> list[int] | None:
    return None if ids is None else [*ids]


def _saying(card: ModelCard, spec: AverageSpec) -> dict[str, Json]:
    """What a reply depends on."""
    model: dict[str, Json] = {"model": card.weights_hash, "tokenizer": card.tokenizer_hash, "dtype": card.dtype}
    return {**model, "twin": spec.twin, "longest": spec.longest, "batch_tokens": spec.batch_tokens, "seed": spec.seed}


def _fit(spec: AverageSpec) -> dict[str, Json]:
    """What the average depends on."""
    return {"corpus": spec.corpus.digest, "most": spec.most, "fit_tokens": spec.fit_tokens, "seed": spec.seed}


def _shard(kind: str, work: Mapping[str, Json], rows: int) -> Shard:
    return Shard(NAME, {"version": VERSION, "kind": kind, **work}, rows)


def _portions(items: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def texts_of(shard: Shard) -> list[Text]:
    """The texts of a shard."""
    rows = cast("list[dict[str, Any]]", shard.depends["texts"])
    named = ("id", "stratum", "cluster", "document")
    return [
        Text(
            **{name: row[name] for name in named},
            prompt=tuple(row["prompt"]),
            said=None if row["said"] is None else tuple(row["said"]),
        )
        for row in rows
    ]


def bits_of(shard: Shard) -> list[np.ndarray]:
    """log2 p of every token that was said, text by text."""
    return [np.array(row["bits"], float) for row in cast("list[dict[str, Any]]", shard.depends["texts"])]


def cost(card: ModelCard, spec: AverageSpec) -> Cost:
    """Operations of all replies and of scoring them, and of counting; memory of the largest batch, and of a part.

    A count of every context of a token takes some hundred thousand operations.
    """
    tokens = sum(len(text.prompt) + 2 * spec.longest for text in spec.texts)
    counted = spec.fit_tokens + len(spec.texts) * spec.longest * (2 + len(spec.parts)) + spec.held * 100
    width = 16 * card.anatomy.stream_width * max(len(card.anatomy.blocks), 1)
    logits = 8.0 * card.vocabulary * spec.batch_tokens / 2
    passes = 2 if spec.twin else 1
    held = 60.0 * min(spec.gathered, spec.corpus.tokens)
    whole = Cost(
        2.0 * card.parameters * tokens * passes + 1e5 * counted, 4.0 * spec.batch_tokens * width + logits + held
    )
    more = [
        *([] if spec.attribution is None else [documents.cost(card, spec, spec.attribution)]),
        *([] if spec.neighbours is None else [neighbours.cost(card, spec, spec.neighbours)]),
    ]
    return Cost(whole.flops + sum(each.flops for each in more), max(each.bytes for each in (whole, *more)))
