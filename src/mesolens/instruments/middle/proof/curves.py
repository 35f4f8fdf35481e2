"""Keep and remove curves: how much of the difference stands with the k largest leaves alone, and how much without them.

k goes by powers of two, so the area is taken over log k: 1 means that one leaf suffices to keep all (or to remove it).
Random orders stand beside it. Leaves that are always live (the embedding, between prompts) are in neither.
"""

import numpy as np

from mesolens.evidence.shards import Json
from mesolens.instruments.middle.proof.coalition import Coalition, Values
from mesolens.instruments.middle.proof.ground import Ground


def sizes(leaves: int) -> list[int]:
    """0, 1, 2, 4, … and all."""
    return [0, *(2**power for power in range(leaves.bit_length()) if 2**power < leaves), leaves]


def asks(ground: Ground) -> list[Coalition]:
    """Both curves for the ranked and for each random order."""
    steps = sizes(len(ground.ranked))
    return [
        Coalition("keep" if alone else "remove", order * len(steps) + n, size=size, order=order, alone=alone)
        for alone in (True, False)
        for order in range(ground.proof.orders + 1)
        for n, size in enumerate(steps)
    ]


def told(ground: Ground, values: Values) -> dict[str, Json]:
    """The curves as parts of Δ, with their areas; refused where there is no difference to keep."""
    steps = sizes(len(ground.ranked))
    keep, remove = values.part("keep"), values.part("remove")
    if keep is None or remove is None:
        return {"refused": "the contrasts that were checked have no difference on average"}
    kept, removed = (part.reshape(-1, len(steps)) for part in (keep, remove))
    return {
        "sizes": [*steps],
        "keep": kept[0].tolist(),
        "remove": removed[0].tolist(),
        "random_keep": kept[1:].mean(0).tolist(),
        "random_remove": removed[1:].mean(0).tolist(),
        "keep_area": area(steps, kept[0]),
        "remove_area": area(steps, 1 - removed[0]),
        "random_keep_area": area(steps, kept[1:].mean(0)),
        "random_remove_area": area(steps, 1 - removed[1:].mean(0)),
        "held": [ground.found.sites[leaf] for leaf in ground.always],
    }


def area(steps: list[int], part: np.ndarray) -> float:
    """Mean of a curve over log k, from k = 1 to all, by trapezes."""
    if len(steps) < 3:
        return float(part[-1])
    logs = np.log(steps[1:])
    return float(np.trapezoid(part[1:], logs) / (logs[-1] - logs[0]))
