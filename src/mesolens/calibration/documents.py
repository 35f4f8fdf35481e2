"""Attribution to documents on a slide of width 32 that is trained again and again on random halves of its documents.

The attribution sees the model that was trained on all documents, and says for fresh texts how much every document moves
each token. Truth is what models trained on halves make of the same texts: the linear datamodeling score
(:mod:`mesolens.evidence.datamodel`), over whole texts and over single tokens. Beside it stand plain products of the
same gradients, and likeness of words, runs and states (:mod:`mesolens.calibration.likeness`).

The null gives each text the influences of documents that were shuffled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from mesolens.calibration import likeness
from mesolens.evidence.datamodel import Lds, lds
from mesolens.evidence.influence import influences, newton
from mesolens.evidence.row import Bar, Row
from mesolens.instruments.average import Attribution
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row as Said
from mesolens.model.sketching import document_gradients, sketch, token_gradients
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.retrained import Setting, documents_of, likely, retrained

RETRAININGS: Mapping[Budget, int] = {"quick": 12, "standard": 40, "deep": 120}
SECONDS: Mapping[Budget, float] = {"quick": 100.0, "standard": 245.0, "deep": 690.0}
GOOD = Bar("≥", 0.3)
Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """Sketched gradients of a model.

    Attributes:
        own, drawn: of documents, and of what the model draws in their place.
        tokens: of every token of every text, text after text.
        ends: where each text's tokens begin, and the end.
    """

    own: Float[np.ndarray, "D K"]
    drawn: Float[np.ndarray, "E K"]
    tokens: Float[np.ndarray, "T K"]
    ends: list[int]


def steps(budget: Budget) -> int:
    """One for each retraining, one for the whole model and one for its gradients."""
    return RETRAININGS[budget] + 2


def rows(settings: Settings, tick: Callable[[int], None], setting: Setting | None = None) -> list[Row]:
    """The score over texts and over tokens, those of peers, and the null."""
    asked = Setting(seed=settings.seed) if setting is None else setting
    documents, texts = documents_of(asked)
    whole = retrained(asked, documents, range(len(documents)))
    tick(1)
    found = gradients(whole, documents, texts, settings.seed)
    tick(1)
    inside_SD = halves(RETRAININGS[settings.budget], len(documents), settings.seed)
    actual_ST = actual(asked, documents, texts, inside_SD, tick)
    tokens_TD = influences(newton(found.own, found.drawn), found.tokens)
    each = np.random.default_rng(settings.seed)
    kinds = {
        "by single tokens": (tokens_TD, actual_ST),
        **{name: (weights, summed(actual_ST, found.ends)) for name, weights in {
            "": summed(tokens_TD.T, found.ends).T,
            **peers(whole, found, documents, texts),
            "null: documents shuffled": each.permuted(summed(tokens_TD.T, found.ends).T, axis=1),
        }.items()},
    }  # fmt: skip
    names = [str(text) for text, size in enumerate(np.diff(found.ends)) for _ in range(size)]
    scores = {
        name: lds(w, inside_SD, a, together=names if len(w) == len(names) else None, seed=settings.seed)
        for name, (w, a) in kinds.items()
    }
    return _rows(scores, len(inside_SD), len(documents))


def _rows(scores: Mapping[str, Lds], retrainings: int, documents: int) -> list[Row]:
    subject = f"{retrainings} retrainings on halves of {documents} documents"
    mine = scores[""]
    found = [
        Row("average", subject, "attribution: LDS by texts", mine.value, mine.low, mine.high, str(GOOD),
            GOOD.holds(mine.low), peer, scores[peer].value)
        for peer in PEERS
    ]  # fmt: skip
    alone, null = scores["by single tokens"], scores["null: documents shuffled"]
    return [
        *found,
        Row("average", subject, "attribution: LDS by single tokens", alone.value, alone.low, alone.high),
        Row("average", subject, "null: LDS of shuffled documents", null.value, null.low, null.high, "interval holds 0",
            null.low <= 0 <= null.high),
    ]  # fmt: skip


PEERS = ("gradients' plain product", "TF-IDF", "shared 3-grams", "longest shared run", "cosine of states")


def peers(
    model: LoadedModel, found: Gradients, documents: Sequence[Ids], texts: Sequence[Ids]
) -> dict[str, Float[np.ndarray, "T D"]]:
    """Weights by other means, by the names in :data:`PEERS`."""
    weights = (
        summed((found.tokens @ found.own.T).T, found.ends).T,
        likeness.tfidf(texts, documents, model.card.vocabulary),
        likeness.shared_ngrams(texts, documents),
        likeness.longest_shared(texts, documents),
        likeness.states(model, texts, documents),
    )
    return dict(zip(PEERS, weights, strict=True))


def gradients(model: LoadedModel, documents: Sequence[Ids], texts: Sequence[Ids], seed: int) -> Gradients:
    """As the instrument takes them, with its own settings."""
    asked = Attribution(len(texts))
    into, hot = sketch(model, asked.buckets, seed), asked.temperature
    pairs = [
        document_gradients(model, Said(ids[:1], ids[1:]), into, draws=asked.draws, seed=seed + number, temperature=hot)
        for number, ids in enumerate(documents)
    ]
    tokens = [token_gradients(model, Said(text[:1], text[1:]), into, temperature=hot) for text in texts]
    own, drawn = np.stack([own for own, _ in pairs]), np.concatenate([drawn for _, drawn in pairs])
    return Gradients(own, drawn, np.concatenate(tokens), [0, *np.cumsum([len(each) for each in tokens]).tolist()])


def halves(count: int, documents: int, seed: int) -> Bool[np.ndarray, "S D"]:
    """Random halves of the documents."""
    rng = np.random.default_rng([seed, 7])
    inside_SD = np.zeros((count, documents), bool)
    for row in inside_SD:
        row[rng.permutation(documents)[: documents // 2]] = True
    return inside_SD


def actual(
    setting: Setting,
    documents: Sequence[Ids],
    texts: Sequence[Ids],
    inside_SD: Bool[np.ndarray, "S D"],
    tick: Callable[[int], None],
) -> Float[np.ndarray, "S T"]:
    """log p of every token of every text by a model trained on each half, in nats."""
    found: list[np.ndarray] = []
    for inside_D in inside_SD:
        model = retrained(setting, documents, set(np.flatnonzero(inside_D).tolist()))
        found.append(np.concatenate(likely(model, texts)))
        tick(1)
    return np.stack(found)


def summed(columns_XT: Float[np.ndarray, "X T"], ends: Sequence[int]) -> Float[np.ndarray, "X I"]:
    """Sums over the tokens of each text.

    >>> summed(np.array([[1.0, 2.0, 3.0]]), [0, 2, 3]).tolist()
    [[3.0, 3.0]]
    """
    return np.stack([columns_XT[:, first:last].sum(1) for first, last in pairwise(ends)], axis=1)
