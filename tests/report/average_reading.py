"""Averages made of seeded random numbers: a reading as the contract has it, and a run folder around it.

Every token's ledger adds up to its log2 p, and the reading's ledger is their mean. `hostile` plants text that tries to
leave its place in every field that holds text.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json
from mesolens.runs.store import Store
from tests.report.synthetic import HOSTILE

RUNGS = ("base rate", "2-gram", "3-gram", "4-gram", "5-gram", "6- to 8-gram", "in-context copy", "model alone")
STRATA = ("clean replies", "broken replies", "held-out text")
_SAID = (
    "The old bridge over the river was closed for a week , and people walked around by the mill . "
    "You asked what I honestly think of it : I would wait until the water falls , then mend the rail ."
)
_BINS = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 7), (8, 11), (12, 31))


@dataclass(frozen=True, slots=True)
class AverageShape:
    """How large a synthetic average is, what it concludes, and what is wrong with it."""

    texts: int = 6
    tokens: int = 44
    verdict: str = "measured"
    fraction: float | None = 0.031
    joined: bool = True
    seed: int = 0
    hostile: bool = False
    attributed: bool = True
    measured: bool = True


def reading(shape: AverageShape) -> Reading:
    """The same shape gives the same reading."""
    rng = np.random.default_rng(shape.seed)
    texts = [_text(shape, k, rng) for k in range(shape.texts)]
    head = _part(shape.verdict == "measured", STRATA[0], 0.58)
    sentence = {
        "measured": "An average of town-text would also have said 58 % of what the model says, and a perfect averager "
        "of such text 51 to 68 %; the rest is not explained by averages of this corpus.",
        "not determined": "An average of town-text would also have said 58 % of what the model says, but even what the "
        "corpus was drawn from would share only 61 % with that average: index more text.",
        "refused": "The index holds tokens of another tokenizer, so nothing was counted.",
    }
    named: dict[str, Json] = {name: value for name, value in head.items() if name != "name"}
    data: dict[str, Json] = {
        "corpus": {
            "name": _evil(shape, 0, "town-text"),
            "documents": 5120,
            "tokens": 20_480_000,
            "fraction": shape.fraction,
            "tokenizer": "9f" * 16,
        },
        "headline": {**named, "determined": shape.verdict == "measured"},
        "parts": _parts(shape, head),
        "ledger": _ledger(texts),
        "support": _support(),
        "coverage": [
            {"fraction": 2.0**-k, "overlap": 0.58 - 0.05 * k, "low": 0.55 - 0.05 * k, "high": 0.61 - 0.05 * k}
            for k in (3, 2, 1, 0)
        ],
        "distance": {
            "alpha": 0.05,
            "share": 0.25,
            "texts": [{"name": text["id"], "p": 0.02 + 0.9 * (k / shape.texts) ** 2} for k, text in enumerate(texts)],
        },
        "by_support": _by_support(shape),
        "texts": cast(Json, texts),
        "influence": _influence(shape, texts),
        "neighbours": None,
        "coverage_missing": [],
    }
    numbers = (
        Number("overlap with the average", 0.58, "share", 0.55, 0.61),
        Number("ceiling", cast(float, head["ceiling"]), "share"),
        Number("the model alone", 0.8, "bits a token", 0.7, 0.9),
    )
    said = _evil(shape, 1, sentence.get(shape.verdict, "Something else."))
    protocol: dict[str, Json] = {"average": "Jelinek–Mercer", "corpus": _evil(shape, 2, "town-text")}
    kept = {"reason": said} if shape.verdict == "refused" else data
    return Reading("average", _evil(shape, 3, "slide:mask"), shape.verdict, said, numbers, protocol, kept)


def _evil(shape: AverageShape, k: int, plain: str) -> str:
    return HOSTILE[k % len(HOSTILE)] if shape.hostile else plain


def _part(determined: bool, name: str, overlap: float) -> dict[str, Json]:
    ceiling = 0.85 if determined else 0.61
    bracket: list[Json] = [max(0.0, 1 - (1 - overlap) / ceiling), min(1.0, overlap / ceiling)]
    ends: dict[str, Json] = {"low": overlap - 0.03, "high": overlap + 0.03}
    return {"name": name, "overlap": overlap, **ends, "ceiling": ceiling, "bracket": bracket}


def _parts(shape: AverageShape, head: dict[str, Json]) -> Json:
    found: list[Json] = []
    for k, name in enumerate(STRATA):
        part = head if k == 0 else _part(shape.verdict == "measured", name, 0.58 - 0.15 * k)
        found.append({**part, "name": _evil(shape, k + 4, name), "texts": 40 - k, "tokens": 1800 + k})
    return found


def _ledger(texts: list[dict[str, Any]]) -> Json:
    rows = np.array([token["ledger"] for text in texts for token in text["tokens"]])
    mean = rows.mean(0) if len(rows) else np.zeros(len(RUNGS))
    return [
        {"rung": rung, "bits": float(bits), "low": float(bits) - 0.2, "high": float(bits) + 0.2}
        for rung, bits in zip(RUNGS, mean, strict=True)
    ]


def _support() -> Json:
    steep = {"replies": 0.72, "held_out": 0.66, "shuffled": 0.35}
    return [{"order": n, **{name: rate ** (n - 1) for name, rate in steep.items()}} for n in range(1, 17)]


def _by_support(shape: AverageShape) -> Json:
    found: list[Json] = []
    for k, (low, high) in enumerate(_BINS):
        part: dict[str, Json] = {"low": low, "high": high, "tokens": 900 // (k + 1), "overlap": 0.2 + 0.1 * k}
        joined: dict[str, Json] = {"broken": 0.6 - 0.07 * k, "divergence": 0.4 * 0.7**k}
        found.append(part | (joined if shape.joined else dict.fromkeys(joined)))
    return found


def _text(shape: AverageShape, k: int, rng: np.random.Generator) -> dict[str, Any]:
    said = _SAID.split()
    words = [said[(j + 5 * k) % len(said)] for j in range(shape.tokens)]
    tokens = [_evil(shape, j + k, word if not j or word in ".,:" else f" {word}") for j, word in enumerate(words)]
    ledger = rng.normal([-9.5, 2.6, 1.4, 0.8, 0.4, 0.3, 0.1, 0.9], 0.7, (shape.tokens, len(RUNGS)))
    ledger[:, 0] -= np.maximum(0.1 + np.maximum(ledger.sum(1), ledger[:, :-1].sum(1)), 0)  # neither p nor a is above 1
    p = ledger.sum(1)
    a = p - ledger[:, -1]
    support = rng.integers(0, 9, shape.tokens)
    rows = zip(tokens, np.exp2(np.minimum(a - p, 0)), p, a, support, ledger, strict=True)
    return {
        "id": _evil(shape, k + 2, "reply") + f"-{k}",
        "stratum": _evil(shape, k % 3 + 4, STRATA[k % 3]),
        "tokens": [
            {"token": token, "share": float(s), "p": float(x), "a": float(y), "support": int(n), "ledger": row.tolist()}
            for token, s, x, y, n, row in rows
        ],
        "spans": [_span(shape, tokens, start, end) for start, end in ((3, 11), (18, 23)) if end <= shape.tokens],
    }


def _influence(shape: AverageShape, texts: list[dict[str, Any]]) -> Json:
    """The first two texts, each token moved by the largest of forty documents; the sums are over all forty."""
    if not shape.attributed:
        return None
    rng = np.random.default_rng(shape.seed + 1)
    weights = {text["id"]: rng.normal(0, 0.01, (len(text["tokens"]), 40)) for text in texts[:2]}
    tokens: list[Json] = [
        {"text": text["id"], "position": t, "token": token["token"], **_behind(shape, weights[text["id"]][t])}
        for text in texts[:2]
        for t, token in enumerate(text["tokens"])
    ]
    quality: Json = {
        "lds": 0.635, "low": 0.557, "high": 0.684, "by_token": 0.261, "retrainings": 40,
        "of": _evil(shape, 5, "a slide of width 32"),
    }  # fmt: skip
    return {
        "documents": 40,
        "of": 5120,
        "projected": 4096,
        "damping": 0.25,
        "texts": [{"text": name, **_behind(shape, found.sum(0))} for name, found in weights.items()],
        "tokens": tokens,
        "quality": quality if shape.measured else None,
    }


def _behind(shape: AverageShape, weights: np.ndarray) -> dict[str, Json]:
    largest = np.argsort(-np.abs(weights), kind="stable")[:5].tolist()
    return {
        "effective": float(np.abs(weights).sum() ** 2 / (weights**2).sum()),
        "for": float(weights[weights > 0].sum()),
        "against": float(weights[weights < 0].sum()),
        "largest": [
            {
                "number": 100 + d,
                "source": _evil(shape, d + 1, f"tales.txt, {d + 1} of 40"),
                "weight": float(weights[d]),
                "snippet": _evil(shape, d, f"It was the year {d} when"),
            }
            for d in largest
        ],
    }


def _span(shape: AverageShape, tokens: list[str], start: int, end: int) -> Json:
    run = "".join(tokens[start:end])
    documents: list[Json] = [
        {
            "number": 17 + j,
            "source": _evil(shape, j + 2, "tales.txt"),
            "snippet": _evil(shape, j + 6, f"The mayor said that{run} when it was asked"),
        }
        for j in range(2)
    ]
    return {"start": start, "end": end, "count": 34, "documents": documents}


def write_average(run: Path, shape: AverageShape) -> Path:
    """Write an average's reading into a run folder; one that is there already keeps what it holds."""
    store = Store(run)
    if not (run / "run.json").exists():
        subject = _evil(shape, 3, "slide:mask")
        store.write_json("run", {"format": 1, "command": ["mesolens", "average"], "subject": subject, "settings": {}})
    store.write_json("readings/average", reading(shape).to_json())
    return run
