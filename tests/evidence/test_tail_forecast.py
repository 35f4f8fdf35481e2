"""Forecasts of the greatest score: covered where the tail is of a kind that is fitted, else silent."""

from collections.abc import Callable

import numpy as np
import pytest

from mesolens.evidence.tail_forecast import FEWEST, WIDEST, backtest, forecast

Drawn = Callable[[np.random.Generator, int], np.ndarray]


def gumbel(rng: np.random.Generator, count: int) -> np.ndarray:
    """Scores whose tail is a line exactly."""
    return np.exp(-np.exp(2 - rng.gumbel(size=count)))


def logistic(rng: np.random.Generator, count: int) -> np.ndarray:
    """Scores whose log-odds are normal."""
    return 1 / (1 + np.exp(3 - 1.5 * rng.normal(size=count)))


def bounded(rng: np.random.Generator, count: int) -> np.ndarray:
    """Scores that never exceed 0.3."""
    return 0.3 * rng.random(count)


def covered(drawn: Drawn, size: int, times: int, tries: int = 150) -> tuple[float, float, float]:
    """How often the greatest of `times` as many scores lies in the intervals of line, Pareto tail, and their hull."""
    rng, inside = np.random.default_rng(size), np.zeros((tries, 3))
    for k in range(tries):
        found, truth = forecast(drawn(rng, size), times * size, resamples=300, seed=k), drawn(rng, times * size).max()
        low, high = (np.array([getattr(tail, end) for tail in (found.line, found.pareto)]) for end in ("low", "high"))
        inside[k, :2] = (low <= truth) & (truth <= high)
        inside[k, 2] = low.min() <= truth <= high.max()
    line, pareto, hull = inside.mean(0)
    return line, pareto, hull


@pytest.mark.parametrize(("size", "times"), [(100, 10), (400, 10), (400, 100)])
def test_where_the_tail_is_a_line_its_interval_holds_what_it_says(size: int, times: int) -> None:
    line, pareto, hull = covered(gumbel, size, times)
    assert 0.89 <= line <= 0.99  # 0.95, with 150 tries and a threshold that is chosen
    assert pareto >= 0.87
    assert hull >= 0.93


def test_other_tails_are_held_by_the_hull() -> None:
    assert covered(logistic, 300, 10)[2] >= 0.93
    line, pareto, hull = covered(bounded, 300, 10)
    assert line < 0.7  # a line cannot end
    assert pareto >= 0.93
    assert hull >= 0.93


def test_a_forecast_is_nearer_than_the_greatest_score_so_far() -> None:
    rng, ours, plain = np.random.default_rng(0), [], []
    for k in range(80):
        scores, truth = logistic(rng, 200), logistic(rng, 10000).max()
        found = forecast(scores, 10000, resamples=100, seed=k)
        ours.append(abs(np.log(found.line.value) - np.log(truth)))
        plain.append(abs(np.log(scores.max()) - np.log(truth)))
    assert np.median(ours) < 0.5 * np.median(plain)


def test_the_back_test_covers_what_has_a_tail_and_shows_a_second_kind_of_score() -> None:
    rng = np.random.default_rng(1)
    (good,) = backtest(gumbel(rng, 2000), [400])
    assert good.covered[2] >= 0.85
    assert good.determined > 0.5
    assert good.error[0] < 0.05
    two_kinds = np.concatenate([0.05 * rng.beta(2, 5, 1990), 0.9 + 0.1 * rng.random(10)])
    (bad,) = backtest(two_kinds, [100])
    assert bad.error[0] > 1.0
    assert bad.covered[2] < good.covered[2] - 0.2


def test_what_cannot_be_foretold_is_said() -> None:
    rng = np.random.default_rng(2)
    few = forecast(rng.random(FEWEST - 1), 1000)
    assert few.undetermined == f"{FEWEST - 1} scores are fewer than {FEWEST}"
    assert (few.top, few.line.low, few.line.high) == (0, 0.0, 1.0)
    same = forecast(np.r_[rng.random(200) / 2, np.ones(100)], 1000)
    assert "scores are the same" in same.undetermined
    wide = forecast(np.exp(-rng.gamma(4.0, size=60)), 600)
    assert "may lie anywhere within" in wide.undetermined
    assert max(wide.line.high - wide.line.low, wide.pareto.high - wide.pareto.low) > WIDEST
    with pytest.raises(ValueError, match="100 of 100 scores leave none"):
        backtest(rng.random(100), [50, 100])
    (none,) = backtest(rng.random(200), [FEWEST - 1], repeats=3)
    assert (none.determined, np.isnan(none.error[0])) == (0.0, True)


def test_missing_scores_are_left_out_and_the_seed_decides() -> None:
    scores = logistic(np.random.default_rng(3), 200)
    one = forecast(np.r_[scores, np.full(50, np.nan)], 2000, resamples=100)
    assert one == forecast(scores, 2000, resamples=100)
    assert one != forecast(scores, 2000, resamples=100, seed=1)
    assert one.line.low <= one.line.value <= one.line.high
    assert one.pareto.low <= one.pareto.value <= one.pareto.high
