"""The tables of a run as arrays: every text with what the model and the average made of each token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Float

from mesolens.evidence.overlap import shares
from mesolens.evidence.pooled import Pooled, pooled
from mesolens.evidence.shards import Tables
from mesolens.instruments.average.plan import SAID, SCORED
from mesolens.instruments.average.spec import AverageSpec


@dataclass(frozen=True, slots=True, eq=False)
class One:
    """A text, one number a token.

    Attributes:
        tokens: as people read them.
        p, a: log2 of the model's and of the average's probability of each token.
        counted: log2 of what the counts alone give, which is `a` unless there is a rung above them.
        share: min(1, a / p).
        support: tokens of the longest run that ends with the token and that the corpus has; `context` without it.
        ledger: bits of each row of the ledger.
        ceilings: at some places.
        apart: bits between the model and its twin; empty without one.
    """

    id: str
    stratum: str
    cluster: str
    tokens: list[str]
    p: Float[np.ndarray, " T"]
    a: Float[np.ndarray, " T"]
    counted: Float[np.ndarray, " T"]
    share: Float[np.ndarray, " T"]
    support: np.ndarray
    context: np.ndarray
    ledger: Float[np.ndarray, "T N"]
    ceilings: Float[np.ndarray, " P"]
    apart: np.ndarray

    @property
    def share_by_counts(self) -> Float[np.ndarray, " T"]:
        """min(1, a / p) with what the counts alone give."""
        return shares(self.p, self.counted)


def texts_in(tables: Tables, *, neighbours: bool = False) -> list[One]:
    """Every text of a run, in order; `neighbours` says whether the ledger has that rung."""
    apart = dict(zip(tables[SAID]["id"].to_pylist(), tables[SAID]["apart"].to_pylist(), strict=True))
    return [_one(row, apart[row["id"]], neighbours) for row in tables[SCORED].to_pylist()]


def _one(row: dict[str, object], apart: object, neighbours: bool) -> One:
    p, a = (np.array(row[name], float) for name in ("bits", "average"))
    support, context = (np.array(row[name], np.int64) for name in ("support", "context"))
    ledger = np.array(row["ledger"], float)
    return One(
        *(str(row[name]) for name in ("id", "stratum", "cluster")),
        tokens=cast("list[str]", row["tokens"]),
        p=p,
        a=a,
        counted=a - ledger[:, -2] if neighbours else a,
        share=shares(p, a),
        support=support,
        context=context,
        ledger=ledger,
        ceilings=np.array(row["ceilings"], float),
        apart=np.array(apart if apart is not None else [], float),
    )


def token_means(texts: Sequence[One], columns: Sequence[np.ndarray], spec: AverageSpec) -> Pooled:
    """Means over all tokens, of one array of columns a text."""
    sums = np.stack([np.atleast_2d(each.T).sum(1) for each in columns])
    sizes = np.array([float(len(each)) for each in columns])
    clusters = [text.cluster for text in texts]
    return pooled(sums, sizes, clusters, resamples=spec.resamples, seed=spec.seed)
