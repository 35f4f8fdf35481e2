"""`mesolens audit`: every chapter of this version on one model, and one report."""

import sys
from typing import cast

import click

from mesolens.cli.options import common, settings

_LATER = {"corpus": "average"}


@click.command()
@click.argument("model", default="slide:mask")
@click.option("--only", metavar="CHAPTER,…", help="Run these chapters alone.")
@click.option("--contrasts", metavar="FILE", help="Contrasts as JSON Lines; without it the pack that fits the model.")
@click.option("--corpus", metavar="PATH", help="Training text, for the chapter average.")
@click.option("--base", metavar="MODEL", help="The model before tuning, for the chapter face.")
@click.option("--twin", metavar="MODEL", multiple=True, help="A model trained alike, for the chapter face.")
@click.option("--budget", metavar="NAME", help="quick, standard or deep (standard).")
@common
def audit(model: str, only: str | None, contrasts: str | None, budget: str | None, **others: object) -> None:
    """Audit MODEL (slide:mask) and write one report.

    Prints the report's path on stdout and five lines of summary on stderr.
    """
    found = settings(others | {"budget": budget})

    from mesolens.cli import chapters
    from mesolens.cli.opening import open_base, open_items, open_model
    from mesolens.cli.terminal import data, show, tell
    from mesolens.report.text import summary

    names = chapters.wanted(only)
    for option, chapter in _LATER.items():
        if others[option]:
            tell(f"note: --{option} serves the chapter {chapter}, which is not in this version")
    opened = open_model(model, found)
    base = open_base(cast("str | None", others["base"]), opened, found)
    face = chapters.face_of(model, opened, base, found, chapters.FaceAsk()) if "face" in names else None
    subject = chapters.Subject(opened, None, open_items(model, opened, contrasts), found, face=face, base=base)
    store, readings = chapters.run(subject, names, sys.argv[1:])
    report = store.run / "report.html"
    if found.json:
        results = {name: reading.to_json() for name, reading in readings.items()}
        data({"run": str(store.run), "report": str(report), "chapters": results, "missing": chapters.missing()})
    for line in summary(store.run).splitlines():
        tell(line)
    tell(f"not in this version: {', '.join(chapters.missing())}")
    if not found.json:
        show([str(report)])
    chapters.check(readings)
