"""The average's neighbour rung on planted states: it finds what states tell, and nothing that they do not.

At every position a class is drawn that no context of tokens foretells. The state is the class's own direction with
noise; the token is that of the class with a known probability s, else any. So counts know next to nothing, and whoever
reads the class off the state gains

    I = log2 V + H(s + (1 − s)/V, (1 − s)/V, …)  bits a token,   H(p) = Σ p log2 p.

A model that copies by likeness of states would be explained by so much. Documents are left out of the places and the
counts as the instrument does it, so the rung may gain less than I, as sixteen neighbours are few, and never more. The
null exchanges states at random.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.corpus.average import Fit, learned, scored
from mesolens.corpus.gathered import gathered
from mesolens.corpus.neighbours import heard, memory, said_of, weight
from mesolens.evidence.row import Bar, Row
from mesolens.runs.settings import Budget, Settings

SECONDS: Mapping[Budget, float] = {"quick": 3.0, "standard": 12.0, "deep": 60.0}
DOCUMENTS: Mapping[Budget, int] = {"quick": 100, "standard": 400, "deep": 1200}
LENGTH, CLASSES, WIDTH, TOKENS = 40, 24, 16, 16
NOISE = 0.15
TOLD = (0.3, 0.6, 0.9)
"""How often a state tells its token."""
MOST, LEAST, NOTHING = Bar("≤", 1.05), Bar("≥", 0.8), Bar("≤", 0.01)


@dataclass(frozen=True, slots=True)
class Planted:
    """Documents with a state before every token.

    Attributes:
        tokens, states: by document and position.
        told: I, in bits a token.
    """

    tokens: Int[np.ndarray, "D T"]
    states: Float[np.ndarray, "D T W"]
    told: float


def steps(budget: Budget) -> int:
    """One for each strength of the tie, and one for the null."""
    return len(TOLD) + 1


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Bits that the rung adds over those that were planted, and under the null."""
    count = DOCUMENTS[settings.budget]
    found: list[Row] = []
    for number, strength in enumerate(TOLD):
        planted_here = planted(count, strength, settings.seed + number)
        part = gained(planted_here) / planted_here.told
        bar = LEAST if strength == max(TOLD) else MOST
        holds = MOST.holds(part) and (bar is MOST or LEAST.holds(part))
        subject = f"{count} documents, a state tells its token {100 * strength:.0f} % of the time"
        found.append(Row("average", subject, "neighbours: bits over those planted", part, bar=str(bar), holds=holds))
        tick(1)
    null = planted(count, max(TOLD), settings.seed, shuffled=True)
    bits = gained(null)
    tick(1)
    subject = f"{count} documents, states exchanged at random"
    return [
        *found,
        Row("average", subject, "null: bits of neighbours", bits, bar=str(NOTHING), holds=NOTHING.holds(abs(bits))),
    ]


def planted(documents: int, strength: float, seed: int, *, shuffled: bool = False) -> Planted:
    """Documents whose states tell their tokens so often; shuffled, the states are those of other positions."""
    rng = np.random.default_rng([seed, 11])
    centres = rng.normal(size=(CLASSES, WIDTH))
    shape = documents, LENGTH
    of = rng.integers(0, CLASSES, shape)
    own = rng.random(shape) < strength
    tokens = np.where(own, of % TOKENS, rng.integers(0, TOKENS, shape))
    states = centres[of] + NOISE * rng.normal(size=(*shape, WIDTH))
    if shuffled:
        states = rng.permutation(states.reshape(-1, WIDTH)).reshape(states.shape)
    return Planted(tokens, states, planted_bits(strength))


def planted_bits(strength: float) -> float:
    """I: the base rate's entropy less what is left where the class is known.

    >>> round(planted_bits(1.0), 3), planted_bits(0.0)
    (3.918, 0.0)
    """
    base = _mixed(np.bincount(np.arange(CLASSES) % TOKENS, minlength=TOKENS) / CLASSES, strength)
    known = _mixed(np.eye(TOKENS)[0], strength)
    return float(_entropy(base) - _entropy(known))


def _mixed(chances: Float[np.ndarray, " V"], strength: float) -> Float[np.ndarray, " V"]:
    return strength * chances + (1 - strength) / TOKENS


def _entropy(chances: Float[np.ndarray, " V"]) -> float:
    some = chances[chances > 0]
    return float(-(some * np.log2(some)).sum()) + 0.0


def gained(found: Planted) -> float:
    """Bits a token that the rung adds to counts, every document left out of both."""
    texts = found.tokens.tolist()
    average = learned(gathered(texts, TOKENS), Fit(most=3))
    size = found.tokens.size
    places = memory(found.states.reshape(size, -1), found.tokens.ravel(), np.repeat(np.arange(len(texts)), LENGTH))
    said = np.concatenate(
        [
            said_of(heard(places, states, n), text)
            for n, (states, text) in enumerate(zip(found.states, texts, strict=True))
        ]
    )
    below = np.concatenate([scored(average, text, n).said for n, text in enumerate(texts)])
    lambda_ = weight(said, below)
    return float(np.log2((lambda_ * said + (1 - lambda_) * below) / below).mean())
