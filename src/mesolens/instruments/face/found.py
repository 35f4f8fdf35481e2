"""What the search found: the worst natural composition, how soon, and what random search found with as many replies."""

from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.face.follow import First, brackets, halved, losses, random_names
from mesolens.instruments.face.search import trace
from mesolens.instruments.face.spec import FaceSpec


def found(spec: FaceSpec, first: First, tables: Tables) -> Json:
    """The search as the page draws it; None where there was none."""
    rounds = brackets(spec, first, tables)
    if spec.search is None or not rounds:
        return None
    beside = random_names(spec, first, tables)
    known = losses(spec, first, tables, [*(name for each in rounds for name in each.drawn), *beside])
    items = len(spec.items)
    mine = [step for each in rounds for step in halved(each, known, items, spec.search.keep)]
    others = [(name, items) for name in beside]
    ours, theirs = (trace(tried, known, items) for tried in (mine, others))
    full = {name: sum(row) / len(row) for name, row in known.items() if len(row) == items}
    best = max(full, key=full.__getitem__, default=None)
    return {
        "best": best,
        "own": None if best is None else 1 - full[best],
        "evaluations": ours[-1][0] if ours else None,
        "random_evaluations": theirs[-1][0] if theirs else None,
        "trace": [[spent, 1 - loss] for spent, loss in ours],
        "random_trace": [[spent, 1 - loss] for spent, loss in theirs],
        "spent": sum(replies for _, replies in mine),
        "random_spent": items * len(others),
    }
