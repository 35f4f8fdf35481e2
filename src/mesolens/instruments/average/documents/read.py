"""From gradients to the documents behind each token."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from mesolens.evidence.influence import effective, influences, newton
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.average.documents.plan import BEHIND, MOVED
from mesolens.instruments.average.spec import Attribution, AverageSpec, Corpus


def influence(tables: Tables, spec: AverageSpec) -> Json:
    """What `data["influence"]` of the reading holds; None where nothing was asked, or nothing can be told.

    `weight` is in nats: to first order, what log p of the token, at the attribution's temperature, gains if the
    document is counted once more among all of the corpus. `effective` is how many of the documents that were looked at
    stand behind the token, `for` and `against` the sums of all weights above and below zero.
    """
    asked = spec.attribution
    if asked is None or not all(name in tables and tables[name].num_rows for name in (BEHIND, MOVED)):
        return None
    # By number, so that what is found does not depend on how documents were cut into shards.
    documents, tokens = tables[BEHIND].sort_by("number"), tables[MOVED]
    own_DK, drawn_EK = (_rows(documents, name, asked.buckets) for name in ("own", "drawn"))
    if not drawn_EK.any():
        return None
    found = newton(own_DK, drawn_EK, part=asked.damping, among=spec.corpus.documents)
    weights_TD = influences(found, _rows(tokens, "gradient", asked.buckets))
    return {
        "documents": len(own_DK),
        "of": spec.corpus.documents,
        "projected": asked.buckets,
        "damping": found.damping,
        "temperature": asked.temperature,
        "texts": _texts(tokens, documents, weights_TD, asked, spec.corpus),
        "tokens": _tokens(tokens, documents, weights_TD, asked, spec.corpus),
        "quality": None if asked.quality is None else dict(asked.quality),
    }


def attribution_of(asked: Attribution) -> Json:
    """How it was taken, as the reading's protocol says it."""
    return {
        "gradient": f"of log p of the whole document at temperature {asked.temperature:g}, over all parameters, in a "
        f"count sketch of {asked.buckets}",
        "curvature": f"Fisher information by {asked.draws} draws a document from the model itself",
        "damping": f"{asked.damping:g} of the mean eigenvalue",
        "documents": f"{asked.documents} drawn, beside those that hold the longest runs",
        "texts": asked.texts,
    }


def _tokens(
    tokens: pa.Table, documents: pa.Table, weights_TD: Float[np.ndarray, "T D"], asked: Attribution, corpus: Corpus
) -> list[Json]:
    rows = tokens.select(["id", "position", "token"]).to_pylist()
    behind = _behind(documents, weights_TD, asked, corpus)
    return [
        {"text": row["id"], "position": row["position"], "token": row["token"], **each}
        for row, each in zip(rows, behind, strict=True)
    ]


def _texts(
    tokens: pa.Table, documents: pa.Table, weights_TD: Float[np.ndarray, "T D"], asked: Attribution, corpus: Corpus
) -> list[Json]:
    """What moves each text as a whole: the sums over its tokens."""
    ids = np.array(tokens["id"].to_pylist())
    names = list(dict.fromkeys(ids.tolist()))
    behind = _behind(documents, np.stack([weights_TD[ids == name].sum(0) for name in names]), asked, corpus)
    return [{"text": name, **each} for name, each in zip(names, behind, strict=True)]


def _behind(
    documents: pa.Table, weights_RD: Float[np.ndarray, "R D"], asked: Attribution, corpus: Corpus
) -> list[dict[str, Json]]:
    """For each row of weights how many documents stand behind it, and the largest."""
    numbers, snippets = documents["number"].to_pylist(), documents["snippet"].to_pylist()
    found: list[dict[str, Json]] = []
    for weights_D, count in zip(weights_RD, effective(weights_RD), strict=True):
        largest = np.argsort(-np.abs(weights_D), kind="stable")[: asked.largest].tolist()
        shown: list[Json] = [
            {
                "number": numbers[d],
                "source": corpus.source(numbers[d]),
                "weight": float(weights_D[d]),
                "snippet": snippets[d],
            }
            for d in largest
        ]
        sums: dict[str, Json] = {
            "for": float(weights_D[weights_D > 0].sum()),
            "against": float(weights_D[weights_D < 0].sum()),
        }
        found.append({"effective": float(count), **sums, "largest": shown})
    return found


def _rows(table: pa.Table, name: str, width: int) -> Float[np.ndarray, "R K"]:
    return pc.list_flatten(table[name]).to_numpy().reshape(-1, width)
