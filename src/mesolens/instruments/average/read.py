"""From tables to the reading: what is shared with the average, at best and in fact, and which rung explains it."""

import json
import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow.compute as pc

from mesolens.evidence.conformal import ranks
from mesolens.evidence.overlap import LEAST_CEILING, bracket
from mesolens.evidence.pooled import pooled
from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.rungs import curve, names
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.average.documents import attribution_of, influence
from mesolens.instruments.average.neighbours import neighbours, rung_of
from mesolens.instruments.average.plan import COVERAGE, HELD, NAME, SPANS, left_out
from mesolens.instruments.average.scores import One, texts_in, token_means
from mesolens.instruments.average.spec import BROKEN, CLEAN, VERSION, AverageSpec
from mesolens.model.card import ModelCard

SUPPORTS = (0, 1, 2, 3, 5, 8, 12, 20)
"""Tokens of the longest known context at which bins begin."""
LONGEST_CURVE = 16


def read(tables: Tables, spec: AverageSpec, card: ModelCard) -> Reading:
    """The reading of the average. Pure: the same tables give the same reading."""
    texts = texts_in(tables, neighbours=spec.neighbours is not None)
    strata = list(dict.fromkeys(text.stratum for text in texts))
    parts = [_part(name, [text for text in texts if text.stratum == name], spec) for name in strata]
    head = next((part for part in parts if part["name"] == CLEAN), parts[0])
    mine = [text for text in texts if text.stratum == head["name"]]
    headline = _headline(head)
    by_states = neighbours(tables, spec, mine)
    by_counts = head if by_states is None else cast("dict[str, Json]", cast("dict[str, Json]", by_states)["counts"])
    data: dict[str, Json] = {
        "corpus": {
            "name": spec.corpus.name,
            "documents": spec.corpus.documents,
            "tokens": spec.corpus.tokens,
            "fraction": spec.corpus.fraction,
            "tokenizer": spec.corpus.tokenizer,
        },
        "headline": headline,
        "parts": cast(Json, parts),
        "ledger": _ledger(mine, spec),
        "bits": float(np.concatenate([text.p for text in mine]).mean()),
        "support": _support(mine, tables),
        "coverage": _coverage(mine, tables, spec, by_counts),
        "coverage_missing": cast(Json, left_out(spec)),
        "distance": _distance(texts, tables, spec),
        "by_support": _by_support(texts),
        "texts": _shown(texts, tables, spec),
        "influence": influence(tables, spec),
        "neighbours": by_states,
    }
    verdict, sentence = concluded(headline, spec)
    return Reading(NAME, card.name, verdict, sentence, _numbers(headline, data), protocol(spec, card), data)


def _part(name: str, texts: Sequence[One], spec: AverageSpec) -> dict[str, Json]:
    """One stratum: its share with its interval, and its ceiling."""
    found = token_means(texts, [text.share for text in texts], spec)
    return {
        "name": name,
        "texts": len(texts),
        "tokens": sum(len(text.share) for text in texts),
        "overlap": _number(found.mean[0]),
        "low": _number(found.low[0]),
        "high": _number(found.high[0]),
        "ceiling": _ceiling(texts),
        "bracket": [*bracket(float(found.mean[0]), _ceiling(texts))],
    }


def _ceiling(texts: Sequence[One]) -> float:
    """The mean over tokens, each text counting as its tokens do."""
    sizes = np.array([len(text.share) for text in texts], float)
    means = np.array([text.ceilings.mean() for text in texts])
    return float((sizes * means).sum() / sizes.sum())


def _headline(part: dict[str, Json]) -> dict[str, Json]:
    ceiling = cast(float, part["ceiling"])
    return {
        **{name: part[name] for name in ("name", "overlap", "low", "high", "ceiling", "bracket")},
        "determined": ceiling >= LEAST_CEILING,
    }


def _ledger(texts: Sequence[One], spec: AverageSpec) -> list[Json]:
    """Mean bits a token of each rung; they sum to the mean of log2 p."""
    found = token_means(texts, [text.ledger for text in texts], spec)
    rows = zip(names(spec.most, neighbours=spec.neighbours is not None), found.mean, found.low, found.high, strict=True)
    return [
        {"rung": rung, "bits": float(bits), "low": _number(low), "high": _number(high)}
        for rung, bits, low, high in rows
    ]


def _support(texts: Sequence[One], tables: Tables) -> list[Json]:
    """For each length the part of tokens that end a run of the corpus so long: replies, documents, shuffled ones."""
    held = tables[HELD]
    sides = (
        np.concatenate([text.support for text in texts]),
        *(np.array(pc.list_flatten(held[name]).to_pylist(), np.int64) for name in ("support", "shuffled")),
    )
    curves = [curve(side, LONGEST_CURVE) for side in sides]
    return [
        {"order": order, "replies": one, "held_out": other, "shuffled": mixed}
        for order, (one, other, mixed) in enumerate(zip(*curves, strict=True), 1)
    ]


def _coverage(texts: Sequence[One], tables: Tables, spec: AverageSpec, all_of_it: dict[str, Json]) -> list[Json]:
    """The share by averages of parts of the documents, and of all; by counts alone."""
    rows: list[Json] = []
    table = tables.get(COVERAGE)
    sums: dict[float, dict[str, float]] = {}
    for row in [] if table is None else table.to_pylist():
        sums.setdefault(float(row["fraction"]), {})[str(row["id"])] = float(row["share"])
    sizes = np.array([len(text.share) for text in texts], float)
    for fraction, by_id in sorted(sums.items()):
        shared = np.array([[by_id[text.id]] for text in texts])
        found = pooled(shared, sizes, [text.cluster for text in texts], resamples=spec.resamples, seed=spec.seed)
        ends = {"low": _number(found.low[0]), "high": _number(found.high[0])}
        rows.append({"fraction": fraction, "overlap": float(found.mean[0]), **ends})
    return [*rows, {"fraction": 1.0, **{name: all_of_it[name] for name in ("overlap", "low", "high")}}]


def _distance(texts: Sequence[One], tables: Tables, spec: AverageSpec) -> Json:
    """How each text's mean log2 a ranks among documents of like length, each scored by all others.

    By counts alone, as the documents are.
    """
    held = [np.array(bits, float) for bits in tables[HELD]["average"].to_pylist()]
    if not held:
        return {"alpha": spec.alpha, "share": None, "texts": []}
    sides = [[text.counted for text in texts], held]
    means, lengths = ([np.array([f(x) for x in side], float) for side in sides] for f in (np.mean, len))
    p = ranks(means[0], means[1], lengths[0], lengths[1])
    found: list[Json] = [{"name": text.id, "p": float(value)} for text, value in zip(texts, p, strict=True)]
    return {"alpha": spec.alpha, "share": float((p <= spec.alpha).mean()), "texts": found}


def _by_support(texts: Sequence[One]) -> list[Json]:
    """Tokens by the longest context that the corpus knows before them: what is shared, broken, and where twins part."""
    context, share = (np.concatenate([getattr(text, name) for text in texts]) for name in ("context", "share"))
    broken = np.concatenate([np.full(len(text.share), text.stratum == BROKEN) for text in texts])
    apart = np.concatenate([text.apart for text in texts])
    rows: list[Json] = []
    for low, after in zip(SUPPORTS, (*SUPPORTS[1:], 1_000_000), strict=True):
        inside = (context >= low) & (context < after)
        if inside.any():
            rows.append(
                {
                    "low": low,
                    "high": int(min(after - 1, context.max())),
                    "tokens": int(inside.sum()),
                    "overlap": float(share[inside].mean()),
                    "broken": float(broken[inside].mean()) if broken.any() else None,
                    "divergence": float(apart[inside].mean()) if len(apart) == len(context) else None,
                }
            )
    return rows


def _shown(texts: Sequence[One], tables: Tables, spec: AverageSpec) -> list[Json]:
    """Some texts token by token: of every stratum, and of each those of least and most share."""
    strata = list(dict.fromkeys(text.stratum for text in texts))
    chosen: list[One] = []
    for name in strata:
        some = sorted((text for text in texts if text.stratum == name), key=lambda text: float(text.share.mean()))
        places = np.linspace(0, len(some) - 1, min(len(some), max(1, spec.shown // len(strata)))).round().astype(int)
        chosen += [some[place] for place in dict.fromkeys(places.tolist())]
    spans: dict[str, list[Json]] = {}
    for row in tables[SPANS].to_pylist() if SPANS in tables else []:
        kept = {name: row[name] for name in ("start", "end", "count")}
        behind: Json = [
            {**each, "source": spec.corpus.source(each["number"])} for each in json.loads(str(row["documents"]))
        ]
        spans.setdefault(str(row["id"]), []).append({**kept, "documents": behind})
    return [
        {"id": text.id, "stratum": text.stratum, "tokens": _tokens(text), "spans": spans.get(text.id, [])}
        for text in chosen[: spec.shown]
    ]


def _tokens(text: One) -> list[Json]:
    rows = zip(text.tokens, text.share, text.p, text.a, text.support, text.ledger, strict=True)
    return [
        {
            "token": token,
            "share": float(share),
            "p": float(p),
            "a": float(a),
            "support": int(support),
            "ledger": ledger.tolist(),
        }
        for token, share, p, a, support, ledger in rows
    ]


def concluded(headline: dict[str, Json], spec: AverageSpec) -> tuple[str, str]:
    """`measured`, or `not determined` where the ceiling is too low; the sentence has the figures and the caveat."""
    share, ceiling = (100 * cast(float, headline[name]) for name in ("overlap", "ceiling"))
    of = spec.corpus.fraction
    part = "not known which part" if of is None else f"{100 * of:.3g} %"
    caveat = f"The corpus is {part} of what the model was trained on."
    near = "" if spec.neighbours is None else ", with what follows near states of the model,"
    said = f"An average of {spec.corpus.name}{near} would also have said {share:.0f} % of what the model says"
    if not headline["determined"]:
        return "not determined", (
            f"{said}, but even what the corpus was drawn from would share only {ceiling:.0f} % with that average, "
            f"under {100 * LEAST_CEILING:.0f} %: index more text. {caveat}"
        )
    low, high = (100 * end for end in cast("list[float]", headline["bracket"]))
    return "measured", (
        f"{said}, and a perfect averager of such text {low:.0f} to {high:.0f} %; the rest is not explained by averages "
        f"of this corpus. {caveat}"
    )


def _numbers(headline: dict[str, Json], data: dict[str, Json]) -> tuple[Number, ...]:
    low, high = cast("list[float]", headline["bracket"])
    ledger = {str(row["rung"]): row for row in cast("list[dict[str, Json]]", data["ledger"])}
    alone = ledger["model alone"]
    ends = [cast("float | None", headline[name]) for name in ("low", "high")]
    bits = [cast("float | None", alone[name]) for name in ("low", "high")]
    near = cast("dict[str, dict[str, Json]] | None", data["neighbours"])
    by_counts = () if near is None else (_by_counts(near["counts"]),)
    return (
        Number("overlap with the average", cast(float, headline["overlap"]), "share", ends[0], ends[1]),
        *by_counts,
        Number("ceiling", cast(float, headline["ceiling"]), "share"),
        Number("share with a perfect averager, at least", low, "share"),
        Number("share with a perfect averager, at most", high, "share"),
        Number("the model alone", cast(float, alone["bits"]), "bits a token", bits[0], bits[1]),
    )


def _by_counts(counts: dict[str, Json]) -> Number:
    value, low, high = (cast(float, counts[name]) for name in ("overlap", "low", "high"))
    return Number("overlap by counts alone", value, "share", low, high)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def protocol(spec: AverageSpec, card: ModelCard) -> dict[str, Json]:
    """Everything that the numbers depend on."""
    return {
        "version": VERSION,
        "model": card.weights_hash,
        "dtype": card.dtype,
        "corpus": spec.corpus.digest,
        "average": f"Jelinek–Mercer, contexts of 0 to {spec.most} tokens, weights by order and log2 of the count",
        "weights": f"EM on {spec.fit_tokens} tokens of documents, each left out of the counts that predict it",
        "share": "mean of min(1, a / p) over tokens sampled at temperature 1",
        "ceiling": f"expected under the weights' own posterior, at {spec.places} places of each text",
        "intervals": "95 %, bootstrap of clusters of texts",
        "held out": f"{spec.held} documents, each scored by all others",
        "replies": f"at most {spec.longest} tokens",
        "twin": spec.twin,
        "neighbours": None if spec.neighbours is None else rung_of(spec.neighbours),
        "influence": None if spec.attribution is None else attribution_of(spec.attribution),
        "seed": spec.seed,
    }
