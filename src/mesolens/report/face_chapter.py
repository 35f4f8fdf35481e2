"""The chapter *face*, and its room of twins: who answers from each angle, and everything that was said.

The main block carries what the first screen needs: the conclusion, the calibration, how many angles there are and which
figures follow. The figures' numbers stand in one block that is read when the document is whole, and each angle's
replies in a block of their own (:mod:`mesolens.report.replies`), read when somebody opens that angle.
"""

from collections.abc import Mapping, Sequence

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.report import face_data
from mesolens.report.budget import FILE, Budget
from mesolens.report.forms import text, texts
from mesolens.report.payload import Chapter, conclusion, finite
from mesolens.report.replies import TABLE, replies

FIGURES = ("angles", "cells", "doses", "breakage", "selfreport", "search", "tail", "twins")
"""Parts of a face that have a figure, in the form in which the reading names them."""


def chapter(reading: Reading, tables: Tables, budget: Budget = FILE) -> Chapter:
    """The face's part of the page, within a budget.

    Raises:
        BadInput: the reading or its table is damaged.
    """
    data = face_data.face(reading.data)
    angles = _angles(data)
    found = replies(tables.get(TABLE), angles, len(texts(reading.data, "voices")), budget.reply_bytes)
    for place, angle in enumerate(angles):
        angle["replies"] = place in found.blocks
    angles_left, replies_left = found.left
    main: dict[str, Json] = conclusion(reading)
    main |= {
        "own": text(reading.data.get("own")),
        "prompts": finite(reading.data.get("prompts")),
        "calibration": data.pop("calibration"),
        "counts": _counts(angles),
        "figures": [name for name in FIGURES if data[name]],
        "open": text(reading.data.get("open")) or None,
        "unavailable": [*texts(reading.data, "unavailable")],
        "left_out": {"angles": angles_left, "replies": replies_left},
    }
    blocks = {f"face-replies-{place}": block for place, block in found.blocks.items()}
    return Chapter(main, {"face": data, **blocks})


def twins(reading: Reading) -> Chapter:
    """The part of the page of a run of twins alone.

    Raises:
        BadInput: the reading is damaged.
    """
    return Chapter(conclusion(reading), {"twins": face_data.twins(reading.data)})


def _angles(data: Mapping[str, Json]) -> list[dict[str, Json]]:
    rows = data["angles"]
    assert isinstance(rows, list)
    return [row for row in rows if isinstance(row, dict)]


def _counts(angles: Sequence[Mapping[str, Json]]) -> Json:
    tested = [angle for angle in angles if not angle["control"]]
    return {
        "angles": len(tested),
        "controls": len(angles) - len(tested),
        "called": sum(angle["called"] is True for angle in tested),
        "false": sum(angle["called"] is True for angle in angles) - sum(angle["called"] is True for angle in tested),
        "uncanny": sum(angle["uncanny"] is True for angle in tested),
    }
