"""The ledger sums to the model's bits, however rungs are taken together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mesolens.evidence.rungs import curve, gathered, ledger, names


@given(st.integers(0, 9999), st.integers(0, 33), st.booleans())
def test_the_ledger_sums_to_the_models_bits(seed: int, most: int, neighbours: bool) -> None:
    rng = np.random.default_rng(seed)
    rungs = most + 2 + neighbours
    climbed = np.exp2(rng.uniform(-40, 0, (20, rungs)))
    bits = rng.uniform(-50, 0, 20)
    found = gathered(ledger(climbed, bits), most)
    assert found.shape[1] == len(names(most, neighbours=neighbours))
    assert np.abs(found.sum(1) - bits).max() < 1e-9


@given(st.lists(st.integers(0, 9)), st.integers(1, 9))
def test_the_support_curve_never_rises(support: list[int], most: int) -> None:
    found = curve(support, most)
    assert found == sorted(found, reverse=True)
    assert len(found) == most
