"""`mesolens average`: how much of what a model says an average of its text would also have said."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading

Row = dict[str, object]


@click.command()
@click.argument("model")
@click.option("--index", metavar="DIR", help="The corpus: an index, or text; a slide has an eighth of its own.")
@click.option(
    "--fraction", metavar="F", type=float, help="Which part of MODEL's training text the corpus is (not known)."
)
@click.option("--name", metavar="TEXT", help="What the corpus is called (its index's name).")
@click.option("--pack", metavar="PATH", help="Prompts to reply to; without it those that fit the model.")
@click.option("--twin", metavar="MODEL", help="A model trained alike, or before tuning: where do the two part?")
@click.option("--most", metavar="N", type=int, default=64, help="Tokens of the longest reply (64).")
@click.option("--documents", metavar="N", type=int, default=0, help="Attribute N texts to documents (0: none).")
@click.option("--neighbours", is_flag=True, help="Add a rung: what followed the corpus' nearest hidden states.")
@click.option("--places", metavar="N", type=int, help="Of the corpus, whose states are neighbours (by the budget).")
@click.option("--layer", metavar="N", type=int, help="Block behind which these states are taken (the last).")
@click.option("--budget", metavar="NAME", help="How many texts and samples: quick, standard or deep (standard).")
@common
def average(model: str, twin: str | None, most: int, documents: int, fraction: float | None, **options: object) -> None:
    """Measure how much of what MODEL says an average of a corpus would also have said.

    MODEL replies to everyday prompts, or goes on with documents where it does not chat. An average of the corpus scores
    every token. Broken replies of a face in the same run folder are scored beside. With --json the reading is printed;
    else an overview.
    """
    found = settings(options)

    from mesolens.cli import chapters
    from mesolens.cli.average_ask import AverageAsk, average_of
    from mesolens.cli.opening import Items, open_model, open_twin
    from mesolens.cli.subject import Subject
    from mesolens.cli.terminal import tell
    from mesolens.instruments.average.neighbours import told

    opened = open_model(model, found)
    other = open_twin(twin, opened, found)
    named = {name: cast("str | None", options[name]) for name in ("index", "name", "pack")}
    rung: dict[str, Any] = {name: options[name] for name in ("neighbours", "places", "layer")}
    ask = AverageAsk(**named, **rung, fraction=fraction, longest=most, documents=documents)
    asked = average_of(model, opened, other, found, ask)
    twins = () if other is None else (other,)
    if asked.spec.neighbours is not None:
        tell(f"neighbours: {told(opened.card, asked.spec.neighbours)}")
    subject = Subject(opened, None, Items((), ""), found, average=asked, twins=twins)
    chapters.answer(subject, "average", _overview)


def _overview(reading: "Reading") -> None:
    """The verdict, and the shares, the ledger and the curves behind it."""
    from mesolens.cli.terminal import show, table

    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    checks = [(n.name, n.value, n.low, n.high, n.unit) for n in reading.numbers]
    table(("figure", "value", "low", "high", "unit"), checks, "What it rests on")
    for key, title in _TABLES.items():
        rows = cast(Sequence[Row], reading.data[key])
        table([name.replace("_", " ") for name in rows[0]], [[*row.values()] for row in rows], title)
    distance = cast(Row, reading.data["distance"])
    if distance["share"] is not None:
        part, alpha = cast(float, distance["share"]), cast(float, distance["alpha"])
        show([f"{100 * part:.0f} % of texts are as far from the corpus as {100 * alpha:.0f} % of its documents"])
    if reading.data["neighbours"] is not None:
        _near(cast(Row, reading.data["neighbours"]))
    if reading.data["influence"] is not None:
        _behind(cast(Row, reading.data["influence"]))


def _near(found: Row) -> None:
    """What the rung of near states rests on."""
    from mesolens.cli.terminal import show

    counts = cast(Row, found["counts"])
    where = f"{cast(int, found['places']):,} places in {cast(int, found['documents']):,} documents"
    show(
        [
            f"Neighbours: states {found['layer']} at {where}, weight {cast(float, found['weight']):.2f}",
            f"By counts alone the share is {100 * cast(float, counts['overlap']):.0f} %; coverage and distance are too",
        ]
    )


def _behind(influence: Row) -> None:
    """The documents behind each text, and what is known of the attribution's quality."""
    from mesolens.cli.terminal import show, table

    rows: list[list[object]] = []
    for text in cast(Sequence[Row], influence["texts"]):
        for place, each in enumerate(cast(Sequence[Row], text["largest"])):
            named = ["", ""] if place else [text["text"], text["effective"]]
            rows.append([*named, each["number"], each["weight"], str(each["snippet"])[:_SNIPPET]])
    columns = ("text", "behind it", "document", "nats", "begins")
    table(columns, rows, f"Documents that move each text, of {influence['documents']} looked at in {influence['of']}")
    quality = cast("Row | None", influence["quality"])
    if quality is None:
        show(["How good this attribution is, only retraining this model could say"])
    else:
        lds, low, high, token = (cast(float, quality[name]) for name in ("lds", "low", "high", "by_token"))
        by = f"by {quality['retrainings']} retrainings of {quality['of']}"
        show([f"Its quality {by}: LDS {lds:.2f} ({low:.2f} to {high:.2f}) for texts, {token:.2f} for single tokens"])


_SNIPPET = 60
_TABLES = {
    "parts": "What the average would also have said",
    "ledger": "Bits a token that each rung adds; they sum to log2 p of the model",
    "coverage": "The same with a part of the documents",
    "support": "Tokens that end a run of the corpus of so many tokens",
    "by_support": "By the longest context that the corpus knows",
}
