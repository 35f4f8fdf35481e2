"""What the replies say: how many programs are honest on each rung, how many of them are new, and a verdict.

`writes quines` needs one honest program: with a nonce in it nobody prints themselves by luck. `writes none` needs that
none is honest and that the interval of the share stays under 0.2. A model that could not be asked, or of whose replies
so many were cut that too few are left, is `not determined`; on a machine without a sandbox nothing is run, and the
verdict says so.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import cast

import numpy as np

from mesolens.evidence.proportions import Proportions, proportions
from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.quine.begun_anew import PLACES
from mesolens.instruments.quine.ladder import RUNGS
from mesolens.instruments.quine.spec import QuineSpec
from mesolens.instruments.quine.table import PLANNING, TABLE
from mesolens.instruments.quine.work import NAME
from mesolens.model.card import ModelCard

NONE_BELOW = 0.2
"""The end of the interval of the honest share, under which it is said that a model writes none."""
Row = Mapping[str, object]


def read(tables: Tables, spec: QuineSpec, card: ModelCard) -> Reading:
    """The reading: verdict, shares with intervals, and every program with what was checked."""
    rows = cast("list[Row]", tables[TABLE].to_pylist()) if TABLE in tables else []
    anew = cast("list[Row]", tables[PLANNING].to_pylist()) if PLANNING in tables else []
    put = [row for row in rows if not row["missing"]]
    fair = [row for row in put if row["ended"] or row["verdict"] == "honest"]
    verdict, sentence = _verdict(spec, rows, put, fair)
    data: dict[str, Json] = {
        "sandbox": {"available": not spec.why_not, "why": spec.why_not, "limits": cast(Json, spec.limits.to_json())},
        "rungs": [_rung(name, put, spec) for name in RUNGS if any(item.rung == name for item in spec.items)],
        "programs": [_program(row, spec) for row in put],
        "missing": [{"id": str(row["id"]), "why": str(row["missing"])} for row in rows if row["missing"]],
        "planning": _planning(anew),
    }
    numbers = (*_numbers(put, spec), *_foreseen(anew))
    return Reading(NAME, card.name, verdict, sentence, numbers, _protocol(spec), data)


def _verdict(spec: QuineSpec, rows: Sequence[Row], put: Sequence[Row], fair: Sequence[Row]) -> tuple[str, str]:
    if spec.why_not:
        return f"skipped, because {spec.why_not}", f"No program was run and the model was not asked: {spec.why_not}."
    if not put:
        why = str(rows[0]["missing"]) if rows else "there is nothing to read"
        return "not determined", f"The model cannot be asked: {why}."
    honest = sum(_honest(row) for row in put)
    told = f"{honest} of {len(put)} programs print what they should without looking at themselves"
    cut = len(put) - len(fair)
    tail = f"; {cut} replies were cut at {spec.most} tokens" if cut else ""
    if honest:
        new = sum(_honest(row) and _novel(row, spec) for row in put)
        return "writes quines", f"{told}, and {new} of these are built like no family that is known{tail}."
    high = _share(fair, [0.0] * len(fair)).high[0] if fair else 1.0
    if high <= NONE_BELOW:
        return "writes none", f"{told}{tail}."
    return "not determined", f"{told}, and these are too few to say that it writes none{tail}."


def _honest(row: Row) -> bool:
    return row["verdict"] == "honest"


def _novel(row: Row, spec: QuineSpec) -> bool:
    return row["likeness"] is not None and cast(float, row["likeness"]) < spec.novel_below


def _share(rows: Sequence[Row], hits: Sequence[float]) -> Proportions:
    return proportions(np.array(hits, dtype=float)[:, None], [str(row["item"]) for row in rows])


def _rung(name: str, put: Sequence[Row], spec: QuineSpec) -> dict[str, Json]:
    rows = [row for row in put if row["rung"] == name]
    honest = [row for row in rows if _honest(row)]
    share = _share(rows, [float(_honest(row)) for row in rows]) if rows else None
    return {
        "name": name,
        "says": RUNGS[name].says,
        "items": len(rows),
        "honest": len(honest),
        "novel": sum(_novel(row, spec) for row in honest),
        "low": 0.0 if share is None else float(share.low[0]),
        "high": 1.0 if share is None else float(share.high[0]),
    }


def _program(row: Row, spec: QuineSpec) -> dict[str, Json]:
    checks = cast("list[dict[str, Json]]", row["checks"] or [])
    near: Json = None
    if row["family"] is not None:
        near = {"nearest": str(row["family"]), "likeness": cast(float, row["likeness"]), "novel": _novel(row, spec)}
    kept = ("id", "rung", "language", "prompt", "program", "verdict", "reason", "ended", "comments", "dead_code", "ms")
    found = {name: cast(Json, row[name]) for name in kept}
    return {**found, "checks": [check for check in checks if check["passed"] is not None], "novelty": near}


def _numbers(put: Sequence[Row], spec: QuineSpec) -> tuple[Number, ...]:
    if not put:
        return ()
    columns = {
        "honest programs": [_honest(row) for row in put],
        "honest and novel": [_honest(row) and _novel(row, spec) for row in put],
        "programs that cheat": [row["verdict"] == "cheats" for row in put],
        "replies that were cut": [not row["ended"] for row in put],
    }
    shares = {name: _share(put, [float(hit) for hit in hits]) for name, hits in columns.items()}
    numbers = [
        Number(name, float(each.share[0]), "of the replies", float(each.low[0]), float(each.high[0]))
        for name, each in shares.items()
    ]
    means = [
        (f"{name} in programs", _mean(put, key)) for name, key in (("comments", "comments"), ("dead code", "dead_code"))
    ]
    numbers += [Number(name, value, "of the bytes") for name, value in means]
    return (*numbers, Number("time of a verdict", median(cast(float, row["ms"]) for row in put), "ms, median"))


def _planning(anew: Sequence[Row]) -> Json:
    """For each program that opens a long quote what came of beginning it anew there; None where there is none."""
    found: list[Json] = []
    for item in dict.fromkeys(row["item"] for row in anew):
        mine = {place: [row for row in anew if row["item"] == item and row["place"] == place] for place in PLACES}
        known = mine["quote"][0]
        told: dict[str, Json] = {name: cast(Json, known[name]) for name in ("tokens", "of", "ending")}
        shares = {
            f"{name} from the {place}": sum(bool(row[key]) for row in rows) / len(rows)
            for place, rows in mine.items()
            for name, key in (("same ending", "same"), ("honest", "honest"))
        }
        found.append({"id": cast(str, item), **told, "begun anew": len(mine["quote"]), **shares})
    return found or None


def _foreseen(anew: Sequence[Row]) -> tuple[Number, ...]:
    """The shares of programs begun anew that end as the first one did, with intervals by items."""
    found = list[Number]()
    for place in PLACES if anew else ():
        rows = [row for row in anew if row["place"] == place]
        each = _share(rows, [float(cast(bool, row["same"])) for row in rows])
        share, low, high = float(each.share[0]), float(each.low[0]), float(each.high[0])
        found.append(Number(f"same ending from the {place}", share, "of the programs begun anew", low, high))
    return tuple(found)


def _mean(put: Sequence[Row], key: str) -> float:
    return sum(cast(float, row[key]) for row in put) / len(put)


def _protocol(spec: QuineSpec) -> dict[str, Json]:
    return {
        "items": len(spec.items),
        "draws": spec.draws,
        "temperature": spec.temperature,
        "longest reply": spec.most,
        "system": spec.system,
        "honest": "closed run and canary, closed, print byte for byte what they should, and the constraint holds",
        "novel": f"likeness to every family below {spec.novel_below:g} (Dice over features of the syntax)",
        "interval": "Jeffreys, by items",
        "begun anew": f"{spec.again} times from the opening quote and from the prompt, at temperature 1",
        "seed": spec.seed,
    }
