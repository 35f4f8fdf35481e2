"""The verification of a tree as the page shows it: each check in words with its figure, and the plots' numbers.

A check has one of four states: it *holds*, it *does not hold*, it has *no bar* (the figure is reported, nothing was
claimed) or it was *not computed*, with the reason. Only the comparison of a figure with its bar is made here; a part
that is missing or was refused is said to be so and never left away.

The bars: the set's effect lies beyond its matched nulls (p ≤ 0.05); the largest leaves matter sooner than a random
order does; the own trait is moved further than every other; shuffled labels call no more leaves than the reading
allows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json
from mesolens.report.payload import finite

Part = Mapping[str, Json]

_NULL = 0.05
_ABSENT = "this run was made without it; a larger budget computes it"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its figure in words, the bar, whether it held, and why there is no figure where there is none."""

    name: str
    text: str
    bar: str = ""
    holds: bool | None = None
    why: str = ""

    def to_json(self) -> Json:
        """The check as the page reads it."""
        return {"name": self.name, "text": self.text, "bar": self.bar, "holds": self.holds, "why": self.why}


def proof_of(reading: Reading) -> Part:
    """The reading's verification; empty where it has none.

    Raises:
        BadInput: it is there and is no object.
    """
    found = reading.data.get("proof")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadInput("readings/middle.json: proof is no object; the run folder is damaged")
    return found


def checks(proof: Part) -> list[Json]:
    """Every verification with its figure, its bar and whether it held; those that were not computed say why.

    Raises:
        BadInput: a part lacks its figures.
    """
    return [_checked(proof, name, title, judge).to_json() for name, (title, judge) in _CHECKS.items()]


def series(proof: Part) -> Json:
    """The numbers behind the plots, part by part, checked for their form; None where there is none.

    Raises:
        BadInput: a part's lists do not belong together, or hold what is no number.
    """
    found = {name: _series(proof, name) for name in _LISTS}
    if not any(found.values()):
        return None
    return {"contrasts": finite(proof.get("contrasts")), "budget": str(proof.get("budget") or ""), **found}


def _checked(proof: Part, name: str, title: str, judge: Callable[[Part], Check]) -> Check:
    part = proof.get(name)
    if part is None:
        return Check(title, "", why=_ABSENT)
    found = _part(name, part)
    refused = found.get("refused")
    return Check(title, "", why=str(refused)) if refused is not None else judge(found)


def _parity(part: Part) -> Check:
    sampled, leaves = _count(part, "sampled"), _count(part, "leaves")
    bound, above = finite(part.get("missed_bound")), finite(part.get("missed_above"))
    missed = (
        "" if bound is None else f"; at most {_percent(bound)} of the others move Δ by more than {_three(above)} nats"
    )
    agreement = f"Pearson {_three(finite(part.get('pearson')))}, Spearman {_three(finite(part.get('spearman')))}"
    return Check("parity with exact patching", f"{agreement} over {sampled} of {leaves} leaves{missed}")


def _curves(part: Part) -> Check:
    """The largest leaves must matter sooner than a random order does, kept and removed."""
    keep, remove = finite(part.get("keep_area")), finite(part.get("remove_area"))
    text = f"area {_three(keep)} kept, {_three(remove)} removed"
    other_keep, other_remove = finite(part.get("random_keep_area")), finite(part.get("random_remove_area"))
    if keep is None or remove is None or other_keep is None or other_remove is None:
        return Check("keep and remove curves", text)
    bar = f"> {_three(other_keep)} and > {_three(other_remove)}, in random order"
    return Check("keep and remove curves", text, bar, keep > other_keep and remove > other_remove)


def _nulls(part: Part) -> Check:
    p, effect = finite(part.get("p")), finite(part.get("effect"))
    count = len(_list("nulls", part, "nulls"))
    size = len(cast(Sequence[Json], part.get("set") or ()))
    text = f"the {size} largest leaves move {_percent(effect)} of Δ; p = {_three(p)} against {count} matched sets"
    return Check("matched null sets", text, f"p ≤ {_NULL}", None if p is None else p <= _NULL)


def _matrix(part: Part) -> Check:
    """What the own leaves carry and what they carry besides; no bar, as traits that share leaves are a finding."""
    effects = [[abs(finite(x) or 0.0) for x in cast(Sequence[Json], row)] for row in _list("matrix", part, "effects")]
    others = [max(row[k] for k in range(len(row)) if k != i) for i, row in enumerate(effects) if len(row) > 1]
    own = [row[i] for i, row in enumerate(effects)]
    text = (
        f"own trait {_percent(min(own, default=None))} or more, another at most {_percent(max(others, default=None))}"
    )
    return Check("own and other traits", text)


def _stability(part: Part) -> Check:
    low, high = finite(part.get("low")), finite(part.get("high"))
    interval = "" if low is None or high is None else f" (95 %: {_three(low)} … {_three(high)})"
    text = f"Jaccard {_three(finite(part.get('jaccard')))}{interval} of the {_count(part, 'size')} largest leaves"
    return Check("stability over templates", text)


def _shuffled(part: Part) -> Check:
    called, bar = finite(part.get("called")), finite(part.get("bar"))
    true, worst = finite(part.get("called_true")), finite(part.get("worst"))
    text = f"{_percent(called)} of leaves called, {_percent(worst)} at worst; {_percent(true)} with true labels"
    holds = None if called is None or bar is None else called <= bar
    return Check("shuffled labels", text, "" if bar is None else f"≤ {_percent(bar)}", holds)


_CHECKS: Mapping[str, tuple[str, Callable[[Part], Check]]] = {
    "parity": ("parity with exact patching", _parity),
    "curves": ("keep and remove curves", _curves),
    "nulls": ("matched null sets", _nulls),
    "matrix": ("own and other traits", _matrix),
    "stability": ("stability over templates", _stability),
    "shuffled": ("shuffled labels", _shuffled),
}

_LISTS: Mapping[str, tuple[str, ...]] = {
    "parity": ("points",),
    "curves": ("sizes", "keep", "remove", "random_keep", "random_remove"),
    "nulls": ("nulls", "set"),
    "matrix": ("traits", "sizes", "effects"),
    "stability": ("members",),
    "shuffled": ("called_sites",),
}
"""The lists of each part; those of one part but `nulls` have one length where they are there."""

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "points": ("share", "removed", "restored", "decile"),
    "members": ("frequency",),
}
_TEXTS = frozenset({"set", "traits", "called_sites"})


def _series(proof: Part, name: str) -> Json:
    part = proof.get(name)
    if part is None or _part(name, part).get("refused") is not None:
        return None
    found = _part(name, part)
    lists = {key: _list(name, found, key) for key in _LISTS[name] if found.get(key) is not None}
    if name != "nulls" and len({len(values) for values in lists.values()}) > 1:
        raise BadInput(f"readings/middle.json: the lists of proof.{name} differ in length; the run folder is damaged")
    numbers = {key: finite(value) for key, value in found.items() if isinstance(value, int | float)}
    return {**numbers, **{key: _clean(name, key, values) for key, values in lists.items()}}


def _clean(name: str, key: str, values: Sequence[Json]) -> list[Json]:
    """A list of the reading with nothing in it but what its name promises."""
    if key in _TEXTS:
        return [str(value) for value in values]
    if key in _FIELDS:
        rows = [_part(f"{name}.{key}", value) for value in values]
        return [{"site": str(row.get("site")), **{f: finite(row.get(f)) for f in _FIELDS[key]}} for row in rows]
    if key == "effects":
        return [[finite(x) for x in cast(Sequence[Json], row)] for row in values if _square(row, len(values))]
    return [finite(value) for value in values]


def _square(row: Json, size: int) -> bool:
    if not isinstance(row, list) or len(row) != size:
        raise BadInput("readings/middle.json: proof.matrix is not square; the run folder is damaged")
    return True


def _part(name: str, value: Json) -> Part:
    if not isinstance(value, dict):
        raise BadInput(f"readings/middle.json: proof.{name} is no object; the run folder is damaged")
    return value


def _list(name: str, part: Part, key: str) -> Sequence[Json]:
    values = part.get(key)
    if not isinstance(values, list):
        raise BadInput(f"readings/middle.json: proof.{name}.{key} is no list; the run folder is damaged")
    return values


def _count(part: Part, key: str) -> str:
    value = finite(part.get(key))
    return "–" if value is None else f"{int(value):,}"


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}".replace("-", "−")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3g} %".replace("-", "−")
