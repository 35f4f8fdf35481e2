"""Own and other traits: each trait's largest leaves removed, measured on the contrasts of every trait.

A template's name up to its first slash is its trait (`deference/order-against-order`).
"""

import numpy as np

from mesolens.evidence.shards import Json
from mesolens.instruments.middle.proof.coalition import Coalition, Values
from mesolens.instruments.middle.proof.ground import Ground

MOST_TRAITS = 16


def traits(ground: Ground) -> dict[str, list[int]]:
    """The contrasts of each trait, of all that were measured; the first sixteen traits by name."""
    found: dict[str, list[int]] = {}
    for item, template in enumerate(ground.found.templates):
        found.setdefault(template.partition("/")[0], []).append(item)
    return dict(sorted(found.items())[:MOST_TRAITS])


def asks(ground: Ground) -> list[Coalition]:
    """Each trait's fewest leaves that carry half of its gross, held together; nothing with one trait."""
    groups = traits(ground)
    if len(groups) < 2:
        return []
    shares = [ground.found.leaves[items].mean(0) for items in groups.values()]
    return [Coalition("others", label, tuple(ground.few(mean))) for label, mean in enumerate(shares)]


def told(ground: Ground, values: Values) -> dict[str, Json]:
    """For each trait's leaves, the part of every trait's difference that goes when they are removed."""
    groups = traits(ground)
    if len(groups) < 2:
        return {"refused": "the contrasts have one trait alone (templates are named trait/frame)"}
    places = {name: [n for n, item in enumerate(values.items) if item in items] for name, items in groups.items()}
    known = [name for name in groups if places[name]]
    columns = [values.part("others", places[name]) for name in known]
    rows = [n for n, name in enumerate(groups) if places[name]]
    return {
        "traits": [*known],
        "sizes": [len(places[name]) for name in known],
        "effects": [[None if part is None else float(1 - part[row]) for part in columns] for row in rows],
    }


def own_and_other(matrix: dict[str, Json]) -> tuple[float, float] | None:
    """Mean effect on a trait of its own leaves and of another's; None where there is no matrix."""
    effects = matrix.get("effects")
    if not isinstance(effects, list):
        return None
    square = np.array(effects, dtype=float)
    own = np.eye(len(square), dtype=bool)
    if not np.isfinite(square).all():  # a trait without a difference has no part to lose
        return None
    return float(square[own].mean()), float(square[~own].mean())
