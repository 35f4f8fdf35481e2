"""`mesolens face`: who answers, and from which angles it becomes somebody else, or nobody."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading
    from mesolens.instruments.face import FaceSpec

Row = dict[str, object]
_SHOWN = 24


@click.command()
@click.argument("model")
@click.option("--pack", metavar="PATH", help="Voices, traits and prompts; without it those that fit the model.")
@click.option("--bank", metavar="PATH", help="Role files, in the place of the pack's voices.")
@click.option("--traits", metavar="PATH", help="Trait files or self-report items, in the place of the pack's traits.")
@click.option("--angles", metavar="A,…|FILE", help="Compositions to look from, or a file of angles (every angle).")
@click.option("--ask", metavar="FILE", help="Write the questions for a model that runs elsewhere, and stop.")
@click.option("--replies", metavar="LOG", help="Hear the replies in a log of Inspect's, in the place of MODEL's own.")
@click.option("--corpus", metavar="PATH", help="Training text, for how much of each prompt it covers.")
@click.option("--base", metavar="MODEL", help="The model before tuning.")
@click.option("--temperature", metavar="T", type=float, default=1.0, help="Of sampling; 0 is greedy (1).")
@click.option("--most", metavar="N", type=int, default=64, help="Tokens of the longest reply (64).")
@click.option("--budget", metavar="NAME", help="How many prompts and replies: quick, standard or deep (standard).")
@common
def face(model: str, temperature: float, most: int, **options: object) -> None:
    """Find who answers, and from which angles it becomes somebody else or nobody.

    MODEL is asked everyday prompts as they are and from many angles, and each reply is heard under a bank of voices.
    With --json the reading is printed; else an overview.
    """
    found = settings(options)

    from mesolens.cli import chapters
    from mesolens.cli.face_ask import FaceAsk, face_of
    from mesolens.cli.opening import Items, open_base, open_model
    from mesolens.cli.subject import Subject

    opened = open_model(model, found)
    base = open_base(cast("str | None", options["base"]), opened, found)
    spec = face_of(model, opened, base, found, FaceAsk.of(options, temperature, most))
    if options["ask"] is not None:
        _write_questions(spec, str(options["ask"]))
        return
    if options["replies"] is not None:
        spec = _with_replies(spec, str(options["replies"]))
    subject = Subject(opened, None, Items((), ""), found, face=spec, base=base)
    chapters.answer(subject, "face", _overview)


def _write_questions(spec: "FaceSpec", file: str) -> None:
    from pathlib import Path

    from mesolens.cli.terminal import show, tell
    from mesolens.interop.asked import pack_mark, write_pack
    from mesolens.interop.face_pack import questions

    pack = questions(spec)
    rows = list(pack.rows.values())
    write_pack(rows, Path(file))
    if pack.left_out:
        tell(f"left out, as a chat cannot express them: {', '.join(pack.left_out)}")
    show([f"{len(rows)} questions in {file}, pack {pack_mark(rows)}"])


def _with_replies(spec: "FaceSpec", log: str) -> "FaceSpec":
    from dataclasses import replace
    from pathlib import Path

    from mesolens.cli.terminal import tell
    from mesolens.interop.asked import pack_mark
    from mesolens.interop.face_pack import questions, replies
    from mesolens.interop.inspect_log import read_log

    found = read_log(Path(log), pack_mark(list(questions(spec).rows.values())))
    tell(f"note: {found.model} replied and MODEL only hears it; activations are not available")
    return replace(spec, said=replies(spec, found), claims=(), search=None)


def _overview(reading: "Reading") -> None:
    """The verdict, the worst angles, and what was checked."""
    from mesolens.cli.terminal import show, table

    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    rows = cast(Sequence[Row], reading.data["angles"])
    controls = [row for row in rows if row["control"]]
    others = sorted((row for row in rows if not row["control"]), key=_own)
    table(_HEADINGS, [_cells(row) for row in controls], "Controls")
    table(_HEADINGS, [_cells(row) for row in others[:_SHOWN]], f"The worst of {len(others)} angles")
    said = cast(Sequence[Row], reading.data["selfreport"])
    if said:
        cells = [tuple(row[name] for name in _SAID) if row["reading"] else _unread(row) for row in said]
        table(("trait", "items", "log-odds", "low", "high", "mass"), cells, "What it says of itself")
    checks = [(n.name, n.value, n.low, n.high, n.unit) for n in reading.numbers]
    table(("figure", "value", "low", "high", "unit"), checks, "What it rests on")
    for line in cast(Sequence[str], reading.data["unavailable"]):
        show([f"not measured: {line}"])


_HEADINGS = ("angle", "family", "own", "other", "nobody", "who", "understood", "p adjusted", "called")


_SAID = ("trait", "items", "log_odds", "low", "high", "mass")


def _unread(row: Row) -> tuple[object, ...]:
    return row["trait"], row["items"], "no reading", None, None, row["mass"]


def _own(row: Row) -> float:
    return cast("dict[str, float]", row["own"])["value"] if row["own"] else 2.0


def _cells(row: Row) -> list[object]:
    shares = [_value(row[name]) for name in ("own", "other", "nobody")]
    who = next(iter(cast("dict[str, float]", row["voices"])), "")
    called = "yes" if row["called"] else ""
    return [row["angle"], row["family"], *shares, who, _value(row["understood"]), row["adjusted"], called]


def _value(figure: object) -> object:
    return cast("dict[str, object]", figure)["value"] if isinstance(figure, dict) else None
