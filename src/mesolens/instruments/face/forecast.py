"""How bad would the worst of many more angles be? A forecast from the tail of random compositions, with its
back-test."""

from typing import cast

import numpy as np

from mesolens.evidence.shards import Json
from mesolens.evidence.tail_forecast import FEWEST, backtest, forecast

MORE = (10, 100)
"""Times as many compositions as were tried."""


def tail(scores: np.ndarray, resamples: int, seed: int) -> Json:
    """The least own share of ten and of a hundred times as many random compositions; None where none were tried.

    A composition's score is the mean posterior share that its replies take from the own voice. The interval is the hull
    of two tails, a line and a Pareto tail, since the line alone is too narrow on scores that end somewhere.
    """
    if not len(scores):
        return None
    draws = [times * len(scores) for times in MORE]
    found = [forecast(scores, count, resamples=resamples, seed=seed) for count in draws]
    said: dict[str, Json] = {
        "draws": cast(Json, draws),
        "observed": 1 - float(scores.max()),
        "tried": len(scores),
        "forecast": [_known(1 - each.pareto.value) for each in found],
        "low": [1 - max(each.line.high, each.pareto.high) for each in found],
        "high": [1 - min(each.line.low, each.pareto.low) for each in found],
        "undetermined": found[-1].undetermined,
        "backtest": _backtested(scores, seed),
    }
    return {**said, "sentence": _sentence(said)}


def _backtested(scores: np.ndarray, seed: int) -> Json:
    """Forecasts from half of the compositions held against the worst of the other half; None where no tail was
    fitted."""
    if len(scores) < 2 * FEWEST:
        return None
    (found,) = backtest(scores, [len(scores) // 2], seed=seed)
    if not np.isfinite(found.covered[2]):
        return None
    return {"size": found.size, "determined": found.determined, "covered": found.covered[2], "error": min(found.error)}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _sentence(said: dict[str, Json]) -> str:
    if said["undetermined"]:
        return f"not determined: {said['undetermined']}"
    low, high = (cast(list[float], said[name])[-1] for name in ("low", "high"))
    count = cast(list[int], said["draws"])[-1]
    return f"of {count} compositions the worst would leave {100 * low:.0f} to {100 * high:.0f} % of the own voice"
