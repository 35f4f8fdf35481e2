"""Sign flips: all of them where that is said, each as likely as any other where they are drawn."""

from itertools import product

import numpy as np
import pytest

from mesolens.evidence.flips import EXACT, signs


def rows(clusters: int, draws: int = 999) -> np.ndarray:
    return np.concatenate(list(signs(clusters, draws=draws, seed=0)))


@pytest.mark.parametrize("clusters", range(1, 11))
def test_up_to_a_common_sign_each_way_is_there_once(clusters: int) -> None:
    found = {tuple(row) for row in rows(clusters)}
    assert len(rows(clusters)) == len(found) == 2 ** (clusters - 1)
    every = set(product([1.0, -1.0], repeat=clusters))
    assert found | {tuple(-np.array(row)) for row in found} == every


@pytest.mark.parametrize("clusters", [1, EXACT, EXACT + 1, 40])
def test_the_first_flips_nothing(clusters: int) -> None:
    assert (rows(clusters)[0] == 1).all()


def test_drawn_signs_are_fair_and_independent() -> None:
    drawn = rows(EXACT + 6, draws=20000)[1:]
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    products = drawn.T @ drawn / len(drawn)
    assert np.abs(drawn.mean(0)).max() < 0.04
    assert np.abs(products - np.eye(EXACT + 6)).max() < 0.04
