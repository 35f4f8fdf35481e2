"""A reading in a notebook's cell: the report's own page in a frame that can reach nothing, and a table below it.

The frame is `<iframe sandbox="allow-scripts" srcdoc="…">`. It has an origin of its own, so what runs in it can touch
neither the notebook nor its cookies; the page inside brings its content security policy along, which allows its one
script and no network; and text of a model stands in inert JSON there, as in `report.html`. Sites that show notebooks
take such frames away: the table stays.
"""

from html import escape
from importlib.metadata import version

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.hostile import printable
from mesolens.report.budget import CELL
from mesolens.report.html import chapter_of, document

HEIGHT = 720
"""Of the frame, in CSS pixels; the page scrolls inside."""


def cell(reading: Reading, tables: Tables) -> str:
    """The HTML of a notebook's cell for a reading: at most a few megabytes.

    Raises:
        BadInput: the reading or its tables are damaged.
    """
    static = reading._repr_html_()  # pyright: ignore[reportPrivateUsage]
    title = escape(printable(f"Mesolens: {reading.instrument}", 60))
    frame = (
        f'<iframe sandbox="allow-scripts" title="{title}" width="100%" height="{HEIGHT}" '
        f"style=\"border:0\" srcdoc='{_quoted(_page(reading, tables))}'></iframe>"
    )
    return f"{frame}<details><summary>The same in figures</summary>{static}</details>"


def _page(reading: Reading, tables: Tables) -> str:
    part = chapter_of(reading, tables, CELL)
    header: dict[str, Json] = {
        "folder": "",
        "subject": reading.subject,
        "line": [["verdict", reading.verdict], ["mesolens", version("mesolens")]],
        "facts": [],
    }
    main: dict[str, Json] = {"header": header, "chapters": [], "readings": {reading.instrument: part.main}}
    return document(main, part.blocks, printable(f"{reading.subject}: {reading.sentence}"))


def _quoted(text: str) -> str:
    """`text` for an attribute in single quotes; JSON's many double quotes then stay one character each."""
    return escape(text, quote=False).replace("'", "&#39;")
