"""`mesolens audit`: every chapter of this version on one model, and one report."""

import sys
from typing import cast

import click

from mesolens.cli.options import common, settings


@click.command()
@click.argument("model", default="slide:mask")
@click.option("--only", metavar="CHAPTER,…", help="Run these chapters alone.")
@click.option("--contrasts", metavar="FILE", help="Contrasts as JSON Lines; without it the pack that fits the model.")
@click.option("--corpus", metavar="PATH", help="Training text, for how much of each prompt it covers.")
@click.option("--base", metavar="MODEL", help="The model before tuning, for the chapter face.")
@click.option("--twin", metavar="MODEL", multiple=True, help="A model trained alike, for the chapter face.")
@click.option("--budget", metavar="NAME", help="quick, standard or deep (quick).")
@common
def audit(model: str, only: str | None, contrasts: str | None, budget: str | None, **others: object) -> None:
    """Audit MODEL (slide:mask) and write one report.

    Prints the report's path on stdout and five lines of summary on stderr.
    """
    found = settings(others | {"budget": budget}, budget="quick")

    from mesolens.cli import chapters
    from mesolens.cli.face_ask import FaceAsk, face_of
    from mesolens.cli.opening import open_base, open_depth, open_items, open_model
    from mesolens.cli.terminal import data, show, tell
    from mesolens.report.text import summary

    names = chapters.wanted(only)
    opened = open_model(model, found)
    base = open_base(cast("str | None", others["base"]), opened, found)
    ask = FaceAsk(corpus=cast("str | None", others["corpus"]))
    face = face_of(model, opened, base, found, ask) if "face" in names else None
    twins = tuple(open_model(name, found) for name in cast("tuple[str, ...]", others["twin"]))
    items = open_items(model, opened, contrasts)
    depth = open_depth(opened, None, None, found) if "depth" in names else None
    subject = chapters.Subject(opened, None, items, found, face=face, base=base, twins=twins, depth=depth)
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
