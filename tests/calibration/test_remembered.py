"""What planted states tell is what was planted; the rung finds most of it and never more, and nothing by chance."""

import numpy as np
import pytest

from mesolens.calibration import remembered
from mesolens.runs.settings import Settings


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
def test_the_planted_bits_are_those_of_who_knows_the_class(strength: float) -> None:
    found = remembered.planted(400, strength, seed=1)
    again = remembered.planted(400, strength, seed=1, shuffled=True)
    assert (found.tokens == again.tokens).all()
    assert not np.allclose(found.states, again.states)
    base = np.bincount(found.tokens.ravel(), minlength=remembered.TOKENS) / found.tokens.size
    right = strength + (1 - strength) / remembered.TOKENS
    other = (1 - strength) / remembered.TOKENS
    known = right * np.log2(right) + (remembered.TOKENS - 1) * (other * np.log2(other) if other else 0.0)
    assert found.told == pytest.approx(-(base * np.log2(base)).sum() + known, abs=0.02)


def test_the_rows_hold_and_a_rung_that_sees_its_own_document_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    found = remembered.rows(Settings(budget="quick", seed=3), done.append)
    assert sum(done) == remembered.steps("quick") == len(found)
    assert [row.holds for row in found] == [True] * 4
    assert found[0].value < found[1].value < found[2].value
    real = remembered.heard
    monkeypatch.setattr(remembered, "heard", lambda places, states, _: real(places, states))
    leaking = remembered.rows(Settings(budget="quick", seed=3), done.append)
    assert leaking[-1].holds is False, "the null finds what a place says of itself"
