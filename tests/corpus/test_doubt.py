"""The doubt against sources that are known: the ceiling that it gives is the true one or a little less."""

import numpy as np
import pytest

from mesolens.corpus.average import Average, Fit, distribution, learned
from mesolens.corpus.doubt import doubts
from mesolens.corpus.gathered import gathered
from mesolens.evidence.overlap import ceilings, overlap

SYMBOLS = 16


def source(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(SYMBOLS, 0.3), size=(SYMBOLS, SYMBOLS))


def text(rng: np.random.Generator, table: np.ndarray, length: int) -> list[int]:
    found = [int(each) for each in rng.integers(0, SYMBOLS, 2)]
    while len(found) < length:
        found.append(int(rng.choice(SYMBOLS, p=table[found[-2], found[-1]])))
    return found


def truth(table: np.ndarray, said: list[int]) -> np.ndarray:
    return np.array([table[said[t - 2], said[t - 1]] for t in range(2, len(said))])


@pytest.mark.parametrize("documents", [60, 300, 1500])
def test_the_ceiling_is_the_true_one_or_a_little_less(documents: int) -> None:
    rng, table = np.random.default_rng(documents), source(documents)
    corpus = gathered([text(rng, table, 40) for _ in range(documents)], SYMBOLS)
    average = learned(corpus, Fit(most=5, tokens=10_000))
    true, found = [], []
    for _ in range(12):
        said = text(rng, table, 30)
        whole = distribution(average, said, range(2, len(said)))
        true.append(overlap(truth(table, said), whole).mean())
        found.append(ceilings(whole, doubts(average, said)[2:]).mean())
    assert -0.12 < np.mean(found) - np.mean(true) < 0.04


def test_text_that_the_corpus_never_saw_leaves_everything_open() -> None:
    rng, table = np.random.default_rng(0), source(0)
    corpus = gathered([text(rng, table, 40) for _ in range(600)], SYMBOLS + 4)
    average = learned(corpus, Fit(most=5, tokens=10_000))
    known = text(rng, table, 30)
    strange = [SYMBOLS + t % 4 for t in range(30)]
    ceiling = [ceiling_of(average, each) for each in (known, strange)]
    assert ceiling[0] > 0.7
    assert ceiling[1] < 0.5


def ceiling_of(average: Average, said: list[int]) -> float:
    whole = distribution(average, said, range(2, len(said)))
    return float(ceilings(whole, doubts(average, said)[2:]).mean())
