"""The contract of the organs as the page reads it: untrusted data, brought into one form.

Traits, angles and organs are named by their place, whether the reading gives a place or a name. A name that is not
there, a list whose length contradicts the others and what is no list or object where one must be are refused with
their place; a figure that is no finite number is null. Long lists are cut at what a page can show.
"""

from collections.abc import Callable, Sequence

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.hostile import printable
from mesolens.report.forms import Form, Part, as_object, figures, formed, listed, rows, text, texts
from mesolens.report.payload import finite

MEMBERS, WOKEN, TOKENS, POINTS = 64, 12, 20, 600
"""Most members, prompts, promoted tokens and points that a page lists."""

_USES = ("found", "held", "broken")
_WORDS: Form = {"text": ("name",), "flag": ("stable", "shared")}
_SIZES = ("leaves", "part", "net", "stability", "low", "high", "tightness")
_CHOICE: Form = {"figure": ("organs", "stability", "ambiguous", "null"), "flag": ("chosen",)}
_BESIDE: Form = {
    "text": ("name",),
    "figure": ("r2", "r2_share", "difference", "low", "high", "selective", "more", "more_low", "more_high"),
}
_LINE = ("r2", "low", "high", "r2_share", "slope", "intercept", "selective")
_MATCH: Form = {"figure": ("one", "other", "likeness", "floor"), "flag": ("shared",)}


def organs(data: Part) -> dict[str, Json]:
    """Everything of an organs reading that is drawn, but its leaves.

    Raises:
        BadInput: the data has not the form of one, or names contradict each other.
    """
    traits, angles = traits_of(data), angles_of(data)
    found, names = rows(data, "organs"), [str(angle["name"]) for angle in angles]
    size = len(found)
    return {
        "traits": [*traits],
        "angles": [*angles],
        "contrasts": figures(as_object(data.get("contrasts") or {}, "contrasts"), ("found", "held")),
        "delta": _numbers(data, "delta", len(traits)),
        "organs": [_organ(row, k, traits, names) for k, row in enumerate(found)],
        "remainder": _remainder(as_object(data.get("remainder") or {}, "remainder"), len(traits)),
        "map": _map(rows(data, "map"), traits, names, size),
        "choice": [formed(row, _CHOICE) for row in rows(data, "choice")],
        "proof": _proof(data.get("proof"), traits, [text(row.get("name")) for row in found]),
        "specific": _specific(data.get("specific"), size, len(traits)),
        "twins": _twins(data.get("twins")),
    }


def traits_of(data: Part) -> list[str]:
    """The traits' names, each once; one without a name is called unnamed.

    Raises:
        BadInput: they are no list, or two have one name.
    """
    return _different([name or "unnamed" for name in texts(data, "traits")], "traits")


def measured(data: Part) -> list[Json]:
    """Each trait with its measured difference, which stands whatever becomes of the shares.

    Raises:
        BadInput: the traits or the differences are damaged.
    """
    traits = traits_of(data)
    return [[trait, delta] for trait, delta in zip(traits, _numbers(data, "delta", len(traits)), strict=True)]


def angles_of(data: Part) -> list[dict[str, Json]]:
    """The angles with their use: organs were `found` under them, they were `held` back, or they are `broken`.

    Raises:
        BadInput: they are no list of objects, or two have one name.
    """
    found = [{"name": text(row.get("name")), "use": text(row.get("use"))} for row in rows(data, "angles")]
    _different([angle["name"] for angle in found], "angles")
    return [{"name": angle["name"], "use": angle["use"] if angle["use"] in _USES else ""} for angle in found]


def _different(names: list[str], kind: str) -> list[str]:
    if len(set(names)) < len(names):
        raise _damaged(f"two {kind} have one name")
    return names


def _organ(row: Part, place: int, traits: Sequence[str], angles: Sequence[str]) -> Json:
    predicts = row.get("predicts")
    return {
        **formed(row, _WORDS),
        **figures(row, _SIZES),
        "name": text(row.get("name")) or f"organ {place + 1}",
        "places": [{"site": text(at.get("site")), **figures(at, ("leaves", "part"))} for at in rows(row, "places")],
        "members": [_member(at, len(traits)) for at in rows(row, "members")[:MEMBERS]],
        "serves": [_served(at, traits) for at in rows(row, "serves")],
        "wakes": [_woken(at, traits, angles) for at in rows(row, "wakes")[:WOKEN]],
        "silenced": [_silenced(at, traits, angles) for at in rows(row, "silenced")],
        "promotes": _promoted(row, "promotes"),
        "holds_back": _promoted(row, "holds_back"),
        "predicts": None if predicts is None else figures(as_object(predicts, "predicts"), ("slope", "r2")),
    }


def _member(row: Part, traits: int) -> Json:
    return {"site": text(row.get("site")), "shares": _numbers(row, "shares", traits), "part": finite(row.get("part"))}


def _served(row: Part, traits: Sequence[str]) -> Json:
    known = {"trait": _place(row.get("trait"), traits, "trait"), "called": row.get("called") is True}
    return {**known, **figures(row, ("share", "low", "high", "of"))}


def _woken(row: Part, traits: Sequence[str], angles: Sequence[str]) -> Json:
    tokens = texts(row, "tokens")
    return {
        "trait": _place(row.get("trait"), traits, "trait"),
        "angle": _place(row.get("angle"), angles, "angle"),
        "item": text(row.get("item")),
        "prompt": text(row.get("prompt")),
        "share": finite(row.get("share")),
        "tokens": [*tokens],
        "by_token": _numbers(row, "by_token", len(tokens)) if row.get("by_token") is not None else None,
    }


def _silenced(row: Part, traits: Sequence[str], angles: Sequence[str]) -> Json:
    return {
        "angle": _place(row.get("angle"), angles, "angle"),
        "trait": _place(row.get("trait"), traits, "trait"),
        "called": row.get("called") is True,
        **figures(row, ("before", "after", "low", "high")),
    }


def _promoted(row: Part, key: str) -> Json:
    return [{"token": text(at.get("token")), "value": finite(at.get("value"))} for at in rows(row, key)[:TOKENS]]


def _remainder(row: Part, traits: int) -> Json:
    return {**figures(row, ("leaves", "part", "net")), "shares": _numbers(row, "shares", traits)}


def _map(found: Sequence[Part], traits: Sequence[str], angles: Sequence[str], size: int) -> Json:
    """The cells of trait and angle, each once, with a share an organ and one of the remainder."""
    cells: dict[tuple[int, int], Json] = {}
    for row in found:
        at = _place(row.get("trait"), traits, "trait"), _place(row.get("angle"), angles, "angle")
        if at in cells:
            raise _damaged("the map has a trait and angle twice")
        known = {name: _numbers(row, name, size + 1) for name in ("shares", "low", "high")}
        cells[at] = {"trait": at[0], "angle": at[1], **known, "delta": finite(row.get("delta"))}
    return [*cells.values()]


def _proof(value: Json | None, traits: Sequence[str], names: Sequence[str]) -> Json:
    return _both(value, "proof", lambda part: _removed(part, traits, names))


def _both(value: Json | None, where: str, read: Callable[[Part], Json]) -> Json:
    """What was found with organs held at the reference, and at their mean; null where nothing was."""
    if value is None:
        return None
    part = as_object(value, where)
    kept = {name: part.get(name) for name in ("reference", "mean")}
    return {name: None if one is None else read(as_object(one, where)) for name, one in kept.items()}


def _removed(part: Part, traits: Sequence[str], names: Sequence[str]) -> Json:
    points = [_point(row, traits, names) for row in listed(part, "points")[:POINTS]]
    return {**figures(part, _LINE), "points": points, "beside": [formed(row, _BESIDE) for row in rows(part, "beside")]}


def _point(row: Json, traits: Sequence[str], names: Sequence[str]) -> Json:
    if not isinstance(row, list) or len(row) != 4:
        raise _damaged("a point of the proof is no list of four")
    organ, trait = _place(row[2], names, "organ", len(names) + 1), _place(row[3], traits, "trait")
    return [finite(row[0]), finite(row[1]), organ, trait]


def _specific(value: Json | None, size: int, traits: int) -> Json:
    if value is None:
        return None
    part = as_object(value, "specific")
    effects = [_series(row, traits, "specific.effects") for row in listed(part, "effects")]
    if len(effects) not in (0, size):
        raise _damaged("specific.effects has not one row an organ")
    return {**figures(part, ("own", "other")), "effects": [*effects]}


def _twins(value: Json | None) -> Json:
    if value is None:
        return None
    part = as_object(value, "twins")
    alone = as_object(part.get("alone") or {}, "twins.alone")
    return {
        "models": [*texts(part, "models")],
        "matched": [formed(row, _MATCH) for row in rows(part, "matched")],
        "alone": {name: [finite(k) for k in listed(alone, name)] for name in ("one", "other")},
    }


def _numbers(row: Part, key: str, size: int) -> list[Json]:
    """A list of exactly `size` figures; nulls where the reading has none."""
    return [None] * size if row.get(key) is None else _series([*listed(row, key)], size, key)


def _series(values: Json, size: int, where: str) -> list[Json]:
    if not isinstance(values, list) or len(values) != size:
        raise _damaged(f"{where} is no list of {size}")
    return [finite(value) for value in values]


def _place(value: Json | None, names: Sequence[str], kind: str, most: int | None = None) -> int:
    """The place that a reading means, by its number or its name."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < (len(names) if most is None else most):
        return value
    if isinstance(value, str) and text(value) in names:
        return names.index(text(value))
    raise _damaged(f"it names the {kind} {printable(repr(value), 60)}, which is not there")


def _damaged(what: str) -> BadInput:
    return BadInput(f"readings/organs.json: {what}; the run folder is damaged")
