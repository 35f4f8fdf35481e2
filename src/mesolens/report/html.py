"""One run folder to one self-contained page: `report.html`, which opens from `file:` and asks for nothing else.

The page is made of four parts: a style, a skeleton without data, blocks of inert JSON, and one script. Its content
security policy names the style and the script by their SHA-256 and forbids everything else, the network included. All
text of a run stands inside the JSON blocks (and, for readers without scripts, escaped inside `noscript`).
"""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.face.shown import TABLE, shown
from mesolens.instruments.middle.organs.shown import shown as organs_shown
from mesolens.report import (
    average_chapter,
    depth_chapter,
    face_chapter,
    middle_chapter,
    organs_chapter,
    quine_chapter,
)
from mesolens.report.budget import FILE, Budget
from mesolens.report.header import header
from mesolens.report.payload import Chapter, conclusion, script_json
from mesolens.report.tables import readings
from mesolens.report.text import summary
from mesolens.runs.disk import claimed, explained, replaced, write_synced
from mesolens.runs.store import Store

CHAPTERS: Mapping[str, str] = {
    "face": "Who answers, and from which angles does the face become somebody else, or nobody?",
    "middle": "Which computations make that personality, level by level, adding up exactly?",
    "organs": "Which groups of heads and neurons act together, and what does each of them serve?",
    "average": "How much of what it says is an average of its training text?",
    "depth": "How many steps does it think with no token, which are readable, which are used?",
    "quine": "Does it write programs that print themselves, with no token to plan them in?",
    "study": "What did it work out that it was never shown?",
    "forecast": "Over checkpoints or models: does silent mathematics rise while agency and awareness stay flat?",
}
_BESIDE: Mapping[str, str] = {"twins": "Do models that were trained alike answer alike, and where do they part?"}
"""Readings that are no chapter of an audit and have a run of their own."""

_TABLED = frozenset({"face", "middle", "organs"})
"""Chapters that are drawn from the run's tables beside its reading."""
_BUILT = _TABLED | {"average", "depth", "quine"}


def write_report(run: Path) -> Path:
    """Write `report.html` into a run folder, whole, in the place of an older one; returns its path.

    Raises:
        BadInput: the folder is no run, or something in it is damaged.
        Incomplete: the disk is full.
    """
    store = Store(run)
    data = page(store).encode("utf-8")
    with explained(run), claimed(run / "scratch", "report", wait=True) as folder:
        assert folder is not None
        write_synced(folder / "report.html", data)
        replaced(folder / "report.html", run / "report.html")
    return run / "report.html"


def page(store: Store) -> str:
    """The whole document.

    Raises:
        BadInput: the folder is no run, or something in it is damaged.
    """
    settings = store.read_json("run")
    if not isinstance(settings, dict):
        raise BadInput(f"{store.run / 'run.json'} holds no JSON object: the run folder is damaged")
    found = readings(store)
    parts = {name: chapter_of(found[name], _tables(store, name)) for name in sorted(found, key=_rank)}
    main: dict[str, Json] = {
        "header": header(store.run, settings),
        "chapters": [_entry(name, found) for name in sorted({*CHAPTERS, *found}, key=_rank)],
        "readings": {name: part.main for name, part in parts.items()},
    }
    blocks: dict[str, Json] = {name: block for part in parts.values() for name, block in part.blocks.items()}
    return document(main, blocks, summary(store.run))


def chapter_of(reading: Reading, tables: Tables, budget: Budget = FILE) -> Chapter:
    """What a reading of any instrument contributes to a page; one without a room of its own gives its conclusion.

    Raises:
        BadInput: the reading or its tables are damaged.
    """
    if reading.instrument == "middle":
        return middle_chapter.chapter(reading, tables, budget)
    if reading.instrument == "face":
        return face_chapter.chapter(reading, {**tables, **replies_of(reading, tables)}, budget)
    if reading.instrument == "organs":
        return organs_chapter.chapter(reading, {**tables, **leaves_of(reading, tables)}, budget)
    if reading.instrument == "average":
        return average_chapter.chapter(reading, budget)
    if reading.instrument == "depth":
        return depth_chapter.chapter(reading)
    if reading.instrument == "quine":
        return quine_chapter.chapter(reading, budget)
    if reading.instrument == "twins":
        return face_chapter.twins(reading)
    return Chapter(conclusion(reading), {})


def leaves_of(reading: Reading, tables: Tables) -> Tables:
    """Every leaf's mean share by trait, and its organ; none where the run has none.

    Raises:
        BadInput: the reading or its tables are damaged.
    """
    try:
        return organs_shown(reading, tables)
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        raise BadInput(
            f"the organs' tables do not fit their reading ({problem!r}): the run folder is damaged"
        ) from None


def replies_of(reading: Reading, tables: Tables) -> Tables:
    """The face's replies with who was heard in each, in the place of what was measured of them; none where it has
    none."""
    rows = shown(reading, tables)
    return {} if rows is None else {TABLE: rows}


def _tables(store: Store, instrument: str) -> Tables:
    drawn = instrument in _TABLED and store.plan(instrument)
    return store.tables(instrument) if drawn else {}


def _rank(name: str) -> tuple[int, str]:
    """Chapters in their order, with twins behind the face, and what nobody knows at the end."""
    order = ["face", *_BESIDE, *CHAPTERS]
    return order.index(name) if name in order else len(order), name


def _entry(name: str, found: Mapping[str, Reading]) -> Json:
    state = "read" if name in found else "not asked" if name in _BUILT else "not built"
    return {"name": name, "question": CHAPTERS.get(name, _BESIDE.get(name, "")), "state": state}


def document(main: dict[str, Json], blocks: Mapping[str, Json], plain: str) -> str:
    """The page of what is in `main`, with `blocks` to read on demand and `plain` for readers without scripts."""
    style, script = (_part(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    inert = "".join(_inert(name, block) for name, block in blocks.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Mesolens report</title>
<style>{style}</style>
</head>
<body>
<noscript><pre>{escape(plain)}</pre>
<p>The report draws itself with a script, and scripts are switched off here.</p></noscript>
<div id="page"></div>
{_inert("main", main)}<script>{script}</script>
{inert}</body>
</html>
"""


def _inert(name: str, value: Json) -> str:
    return f'<script type="application/json" id="data-{name}">{script_json(value)}</script>\n'


def _part(name: str) -> str:
    return (files("mesolens.report") / "page" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
