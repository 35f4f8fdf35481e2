"""`mesolens audit`: every chapter of this version on one model, and one report."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.cli.subject import Subject
    from mesolens.runs.settings import Settings

LONGEST = 768
"""Tokens of the longest program that is waited for, where half of the model's window has room for it."""


ATTRIBUTED, LOOKED = 2, 100
"""Replies of a slide that are attributed to documents, and documents that are looked at: some five seconds in all. Of
another model that takes longer, and nobody has measured how good it is; `mesolens average --documents` does it."""


@click.command()
@click.argument("model", default="slide:mask")
@click.option("--only", metavar="CHAPTER,…", help="Run these chapters alone.")
@click.option("--contrasts", metavar="FILE", help="Contrasts as JSON Lines; without it the pack that fits the model.")
@click.option("--corpus", metavar="PATH", help="Training text or an index of it, for the chapters face and average.")
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
    from mesolens.cli.terminal import data, show, tell
    from mesolens.report.text import summary

    corpus = cast("str | None", others["corpus"])
    names = chapters.wanted(only, () if corpus or model.startswith("slide:") else ("average",))
    subject = _subject(model, names, found, contrasts, others)
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


def _subject(
    model: str, names: Sequence[str], found: "Settings", contrasts: str | None, given: Mapping[str, object]
) -> "Subject":
    """What an audit is about, with what each chapter asks."""
    from mesolens.api.averages import is_index
    from mesolens.cli.average_ask import AverageAsk, average_of
    from mesolens.cli.face_ask import FaceAsk, face_of
    from mesolens.cli.opening import open_base, open_depth, open_items, open_model
    from mesolens.cli.subject import Subject
    from mesolens.instruments.quine.setting import quine_spec

    corpus = cast("str | None", given["corpus"])
    opened = open_model(model, found)
    base = open_base(cast("str | None", given["base"]), opened, found)
    text = FaceAsk(corpus=None if corpus is None or is_index(corpus) else corpus)
    twins = tuple(open_model(name, found) for name in cast("tuple[str, ...]", given["twin"]))
    twin = next(iter(twins), None)
    counted = AverageAsk(index=corpus)
    if model.startswith("slide:"):
        counted = replace(counted, documents=ATTRIBUTED, looked=LOOKED)
    most = min(LONGEST, (opened.card.window or 2 * LONGEST) // 2)
    return Subject(
        opened,
        None,
        open_items(model, opened, contrasts),
        found,
        face=face_of(model, opened, base, found, text) if "face" in names else None,
        base=base,
        twins=twins,
        average=average_of(model, opened, twin, found, counted) if "average" in names else None,
        depth=open_depth(opened, None, None, found) if "depth" in names else None,
        quine=quine_spec(budget=found.budget, seed=found.seed, most=most) if "quine" in names else None,
    )
