"""What the search found: the worst natural composition, how soon, and what random search found with as many replies."""

from collections.abc import Sequence

from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.face.follow import Bracket, First, brackets, losses
from mesolens.instruments.face.search import Losses, trace
from mesolens.instruments.face.spec import FaceSpec


def found(spec: FaceSpec, first: First, tables: Tables) -> Json:
    """The search as the page draws it; None where there was none."""
    rounds = brackets(spec, first, tables)
    if not rounds:
        return None
    names = [name for each in rounds for name in (*each.drawn, *each.random)]
    known = losses(spec, first, tables, names)
    items = len(spec.items)
    ours = trace(_spent(rounds, known), known, items)
    others = [(name, items) for each in rounds for name in each.random]
    theirs = trace(others, known, items)
    full = {name: sum(row) / len(row) for name, row in known.items() if len(row) == items}
    best = max(full, key=full.__getitem__, default=None)
    return {
        "best": best,
        "own": None if best is None else 1 - full[best],
        "evaluations": ours[-1][0] if ours else None,
        "random_evaluations": theirs[-1][0] if theirs else None,
        "trace": [[spent, 1 - loss] for spent, loss in ours],
        "random_trace": [[spent, 1 - loss] for spent, loss in theirs],
        "spent": sum(replies for _, replies in _spent(rounds, known)),
        "random_spent": items * len(others),
    }


def _spent(rounds: Sequence[Bracket], known: Losses) -> list[tuple[str, int]]:
    """The compositions of all brackets with their replies, those that went furthest last."""
    order = sorted({name for each in rounds for name in each.drawn}, key=lambda name: len(known[name]))
    return [(name, len(known[name])) for name in order]
