"""What the search found: the worst natural composition, how soon, and what random search found with as many replies."""

from collections.abc import Sequence

from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.face.follow import Bracket, First, brackets, losses
from mesolens.instruments.face.search import Losses, next_rung, trace
from mesolens.instruments.face.spec import FaceSpec


def found(spec: FaceSpec, first: First, tables: Tables) -> Json:
    """The search as the page draws it; None where there was none."""
    rounds = brackets(spec, first, tables)
    if spec.search is None or not rounds:
        return None
    names = [name for each in rounds for name in (*each.drawn, *each.random)]
    known = losses(spec, first, tables, names)
    items = len(spec.items)
    mine = [step for each in rounds for step in _halved(each, known, items, spec.search.keep)]
    others = [(name, items) for each in rounds for name in each.random]
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


def _halved(bracket: Bracket, known: Losses, items: int, keep: int) -> list[tuple[str, int]]:
    """What halving spent on each composition, rung by rung, as if nothing else had asked from it; a composition is
    named once it was asked on every prompt."""
    seen: dict[str, Sequence[bool]] = {}
    spent: list[tuple[str, int]] = []
    while rung := next_rung(bracket.drawn, seen, items, keep):
        if any(len(known[name]) < rung.end for name in rung.compositions):
            break
        spent += [(name if rung.end == items else "", rung.end - rung.first) for name in rung.compositions]
        seen |= {name: known[name][: rung.end] for name in rung.compositions}
    return spent
