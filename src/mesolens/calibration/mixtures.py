"""The average on planted mixtures: does the bracket hold a share that is known?

A source t writes documents: a Markov chain of order 1 to 3 over 12 to 40 symbols, or one whose next symbol follows
chains of several orders at once, as language does. The model is p = s·t + (1 − s)·q for a known part s and another
distribution q: an unrelated chain, every symbol alike, the source's own unigram or lower-order average (which an
average takes for the source), the source sharpened, flattened or turned round, or tokens that only a rule decides and
no document has. What p shares with t at the model's own samples is then known exactly. A setting draws all of this,
and the number of documents, at random.

Beside the bracket stands the one that takes the share itself for the least, [W, W / C] with the same ceiling.

*Leave-out*: bits a token of documents that stand in the corpus, each left out, less bits of fresh ones of the source.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.corpus.average import Average, Fit, distribution, learned, scored, scored_by
from mesolens.corpus.doubt import doubts
from mesolens.corpus.gathered import gathered
from mesolens.corpus.leaving import left_out
from mesolens.evidence.overlap import LEAST_CEILING, bracket, ceilings, overlap, shares
from mesolens.evidence.pooled import difference
from mesolens.evidence.row import Bar, Row
from mesolens.runs.settings import Budget, Settings

SETTINGS: Mapping[Budget, int] = {"quick": 40, "standard": 160, "deep": 600}
SECONDS: Mapping[Budget, float] = {"quick": 18.0, "standard": 71.0, "deep": 245.0}
SHAPES = ((20, 1, 0.3, 0), (20, 2, 0.2, 0), (30, 2, 0.1, 0), (12, 3, 0.3, 0), (16, 2, 0.5, 0), (40, 2, 0.3, 1))
"""Symbols, order, concentration of the transitions, and whether lower orders have a part."""
OTHERS = ("other", "uniform", "unigram", "lower", "sharp", "flat", "turned", "rule")
PARTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)
RULES = 4
"""Tokens that no document has."""
DOCUMENTS = (60, 2500)
LENGTH, REPLY = 40, 24
TEXTS, PLACED = 40, 8
"""Texts of the model, and those of them at which whole distributions are taken."""
HOLDS = Bar("≥", 0.95)
PEER = "[W, W/C]"


@dataclass(frozen=True, slots=True)
class Planted:
    """A source and a model that has a known part of it.

    Attributes:
        source, model: next-token probabilities by state, the rule's tokens last.
        symbols, order: of the source.
        documents: that it wrote.
        named: what the model's other part is.
    """

    source: Float[np.ndarray, "S V"]
    model: Float[np.ndarray, "S V"]
    symbols: int
    order: int
    documents: Int[np.ndarray, "D T"]
    named: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is true of a setting, and what was found.

    Attributes:
        true, top: what the model shares with the source, and the source with the average.
        share, ceiling: overlap with the average from samples, and its ceiling.
    """

    true: float
    top: float
    share: float
    ceiling: float

    @property
    def determined(self) -> bool:
        """Whether the instrument would have told a bracket."""
        return self.ceiling >= LEAST_CEILING

    def held(self, *, peer: bool = False) -> bool:
        """Whether the bracket, or the one beside it, holds the truth."""
        low, high = bracket(self.share, self.ceiling)
        return (self.share if peer else low) - 1e-9 <= self.true <= high + 1e-9


def steps(budget: Budget) -> int:
    """One for each setting, and one for leave-out."""
    return SETTINGS[budget] + 1


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """How often the bracket holds, how far the ceiling is off, and what leaving out leaves."""
    every: list[Found] = []
    for number in range(SETTINGS[settings.budget]):
        every.append(found(planted(np.random.default_rng([settings.seed, number])), number))
        tick(1)
    gap = left_out_gap(settings.seed)
    tick(1)
    told = [each for each in every if each.determined]
    held, peer = (float(np.mean([each.held(peer=p) for each in told])) for p in (False, True))
    subject = f"{len(told)} of {len(every)} planted mixtures, ceiling ≥ {LEAST_CEILING:g}"
    off = np.array([each.ceiling - each.top for each in every])
    above = float((off[[each.top < LEAST_CEILING for each in every]] > 0).mean())
    low, high = (float(np.quantile(off, part)) for part in (0.05, 0.95))
    return [
        Row("average", subject, "the bracket holds the true share", held, bar=str(HOLDS), holds=HOLDS.holds(held),
            peer=PEER, peer_value=peer),
        Row("average", f"{len(every)} planted mixtures", "ceiling less the true one, 5 to 95 %", float(np.median(off)),
            low, high),
        Row("average", f"{len(every)} planted mixtures", "too low a ceiling, and over-estimated", above),
        gap,
    ]  # fmt: skip


def planted(rng: np.random.Generator) -> Planted:
    """A setting, all of it drawn."""
    symbols, order, concentration, mixed = SHAPES[int(rng.integers(len(SHAPES)))]
    states = symbols**order
    chain = rng.dirichlet(np.full(symbols, concentration), size=states)
    if mixed:
        short = rng.dirichlet(np.full(symbols, 0.3), size=symbols)
        common = 1 / np.arange(1, symbols + 1)
        chain = 0.5 * chain + 0.3 * short[np.arange(states) % symbols] + 0.2 * common / common.sum()
    count = int(np.exp(rng.uniform(*np.log(DOCUMENTS))))
    documents = walked(rng, chain, symbols, order, rng.integers(0, symbols, (count, order)), LENGTH)
    named, part = str(rng.choice(OTHERS)), float(rng.choice(PARTS))
    source = np.hstack([chain, np.zeros((states, RULES))])
    model = part * source + (1 - part) * _other(rng, named, source, symbols, concentration, documents)
    return Planted(source, model, symbols, order, documents, named)


def _other(
    rng: np.random.Generator,
    named: str,
    source: Float[np.ndarray, "S V"],
    symbols: int,
    concentration: float,
    documents: Int[np.ndarray, "D T"],
) -> Float[np.ndarray, "S V"]:
    """What the model has beside the source."""
    states, size = source.shape
    if named == "other":
        return np.hstack([rng.dirichlet(np.full(symbols, concentration), size=states), np.zeros((states, RULES))])
    if named == "rule":
        return np.eye(size)[symbols + np.arange(states) % RULES]
    if named == "turned":
        return np.hstack([np.roll(source[:, :symbols], symbols // 2, axis=1), np.zeros((states, RULES))])
    if named in ("sharp", "flat"):
        raised = source ** (3.0 if named == "sharp" else 0.5)
        return raised / raised.sum(1, keepdims=True)
    counts = np.bincount(documents.ravel(), minlength=size).astype(float)
    flat = np.full(size, 1 / size) if named == "uniform" else counts / counts.sum()
    if named == "lower" and states > symbols:
        return source.reshape(-1, symbols, size).mean(0)[np.arange(states) % symbols]
    return np.broadcast_to(flat, source.shape)


def walked(
    rng: np.random.Generator,
    table_SV: Float[np.ndarray, "S V"],
    symbols: int,
    order: int,
    begun_IT: Int[np.ndarray, "I T"],
    length: int,
) -> Int[np.ndarray, "I L"]:
    """Texts by a table of next-token probabilities, all at once; a rule's token counts as the last symbol in states."""
    sums_SV, text = table_SV.cumsum(1), begun_IT
    while text.shape[1] < length:
        state = state_of(text[:, -order:], symbols)
        drawn = (sums_SV[state] <= rng.random((len(text), 1)) * sums_SV[state][:, -1:]).sum(1)
        text = np.hstack([text, drawn[:, None]])
    return text


def state_of(last_IT: Int[np.ndarray, "I T"], symbols: int) -> Int[np.ndarray, " I"]:
    """The number of the state that the last tokens make."""
    powers = symbols ** np.arange(last_IT.shape[1] - 1, -1, -1)
    return np.minimum(last_IT, symbols - 1) @ powers


def found(setting: Planted, seed: int) -> Found:
    """The truth of a setting, and what the average finds."""
    rng, order = np.random.default_rng([seed, 1]), setting.order
    average = averaged(setting, seed)
    begun = setting.documents[rng.integers(len(setting.documents), size=TEXTS), 5 : 5 + order]
    texts = walked(rng, setting.model, setting.symbols, order, begun, REPLY)
    share: list[float] = []
    exact: list[Float[np.ndarray, "3 T"]] = []
    for place, text in enumerate(texts.tolist()):
        at = range(order, REPLY)
        states = state_of(np.array([text[t - order : t] for t in at]), setting.symbols)
        said = setting.model[states, text[order:]]
        share += shares(np.log2(said), np.log2(scored(average, text).said[order:])).tolist()
        if place < PLACED:
            whole = distribution(average, text, at)
            top = ceilings(whole, doubts(average, text)[order:])
            exact.append(np.stack([overlap(setting.source[states], whole), top]))
    every = state_of(np.concatenate([texts[:, t - order : t] for t in range(order, REPLY)]), setting.symbols)
    true = float(overlap(setting.model[every], setting.source[every]).mean())
    top, ceiling = np.concatenate(exact, axis=1).mean(1).tolist()
    return Found(true, top, float(np.mean(share)), ceiling)


def averaged(setting: Planted, seed: int) -> Average:
    """The average of a setting's documents."""
    corpus = gathered(setting.documents.tolist(), setting.source.shape[1])
    return learned(corpus, Fit(most=6, tokens=12_000, seed=seed))


def left_out_gap(seed: int) -> Row:
    """Bits a token of documents of the corpus, each left out, less those of fresh documents of the same source."""
    rng = np.random.default_rng([seed, 2])
    table = rng.dirichlet(np.full(16, 0.2), size=256)
    both = walked(rng, table, 16, 2, rng.integers(0, 16, (1000, 2)), LENGTH)
    corpus = gathered(both[:600].tolist(), 16)
    average = learned(corpus, Fit(most=6, tokens=12_000, seed=seed))
    inside = [-np.log2(scored_by(average, text, ladder).said) for text, ladder in left_out(corpus, range(400), 6)]
    fresh = [-np.log2(scored(average, text).said) for text in both[600:].tolist()]
    bits = [each[2:] for each in (*inside, *fresh)]
    sums, sizes = np.array([[each.sum()] for each in bits]), np.array([float(len(each)) for each in bits])
    gap = difference(sums, sizes, [str(n) for n in range(len(bits))], np.arange(len(bits)) < len(inside), seed=seed)
    value, low, high = (float(side[0]) for side in (gap.mean, gap.low, gap.high))
    return Row("average", "400 documents left out, 400 fresh", "bits a token, difference", value, low, high,
               "interval holds 0", low <= 0 <= high)  # fmt: skip
