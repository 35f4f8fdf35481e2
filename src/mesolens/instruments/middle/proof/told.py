"""What all checks conclude, as the reading carries it."""

from typing import cast

from mesolens.evidence.reading import Number
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.proof import curves, labels, nulls, others, parity, stability
from mesolens.instruments.middle.proof.coalition import values_in
from mesolens.instruments.middle.proof.stages import ground_of
from mesolens.instruments.middle.spec import MiddleSpec

Proof = dict[str, dict[str, Json]]


def proof_of(spec: MiddleSpec, found: Found, tables: Tables) -> Proof | None:
    """Every check by name; None when none were asked for or their tables are not there."""
    ground = ground_of(spec, found, tables)
    if ground is None or "middle-values" not in tables or ground.norms is None:
        return None
    values = values_in(tables["middle-values"])
    return {
        "parity": parity.told(ground, values),
        "curves": curves.told(ground, values),
        "nulls": nulls.told(ground, values),
        "matrix": others.told(ground, values),
        "stability": stability.told(ground),
        "shuffled": labels.told(ground),
    }


def numbers_of(proof: Proof) -> list[Number]:
    """The figures of the checks; only the shuffled labels are held against a bar, as they must come out null."""
    found: list[Number] = []
    for check, key, name, unit in _FIGURES:
        value = proof[check].get(key)
        if isinstance(value, float):
            low, high = (proof[check].get(end) if key == "jaccard" else None for end in ("low", "high"))
            found.append(Number(name, value, unit, cast("float | None", low), cast("float | None", high)))
    effects = others.own_and_other(proof["matrix"])
    if effects is not None:
        found.append(Number("own leaves removed", effects[0], "of the trait's difference"))
        found.append(Number("other traits' leaves removed", effects[1], "of the trait's difference"))
    called = proof["shuffled"].get("called")
    if isinstance(called, float):
        holds = called <= labels.BAR
        found.append(Number("called with shuffled labels", called, "of the leaves", bar="≤ 0.05", holds=holds))
    return found


_FIGURES = (
    ("parity", "pearson", "agreement with exact patching", "Pearson"),
    ("parity", "spearman", "rank agreement with exact patching", "Spearman"),
    ("parity", "missed_bound", "leaves missed, at most", "of those outside the largest fifth"),
    ("curves", "keep_area", "kept by the largest leaves", "area over log k"),
    ("curves", "remove_area", "removed with the largest leaves", "area over log k"),
    ("nulls", "effect", "largest leaves removed", "of the difference"),
    ("nulls", "p", "matched sets that remove as much", "p"),
    ("stability", "jaccard", "largest leaves found again", "Jaccard"),
    ("shuffled", "called_true", "called with true labels", "of the leaves"),
)
