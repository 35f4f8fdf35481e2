"""`mesolens angles`: the ways to turn a prompt."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.angles.angle import Angle
    from mesolens.angles.composition import Composition
    from mesolens.model.question import Question

_COLUMNS = ("name", "family", "survives", "undoing", "dial", "about")
_STRENGTHS = (0.3, 0.6, 1.0)

declared = click.option("--angles", "files", metavar="FILE", multiple=True, help="Angles of your own, as TOML.")


@click.group()
def angles() -> None:
    """List, show and apply the ways to turn a prompt."""


@angles.command("list")
@click.option("--family", metavar="NAME", help="Only this family.")
@declared
@common
def list_(family: str | None, files: tuple[str, ...], **others: object) -> None:
    """List the angles: family, whether the persona should survive, whether the message comes back, the dial."""
    found = settings(others)

    from mesolens.cli.terminal import data, table

    rows = [_row(angle) for angle in _of(family, _known(files))]
    if found.json:
        data(rows)
    else:
        table(("angle", *_COLUMNS[1:]), [[row[name] for name in _COLUMNS] for row in rows])


@angles.command()
@click.argument("name")
@declared
@common
def show(name: str, files: tuple[str, ...], **others: object) -> None:
    """Show all about the angle NAME, and what it makes of an example.

    With a dial the example is turned at three strengths.
    """
    found = settings(others)

    from mesolens.angles.composition import Composition, Step, named, turned
    from mesolens.cli import terminal
    from mesolens.model.question import Question

    angle = named(name, _known(files))
    example = Question("I think tea is good. What do you say?", core="tea is good")
    steps = [Composition((Step(angle, strength),)) for strength in (_STRENGTHS if angle.dial else _STRENGTHS[-1:])]
    turns = [(steps, turned(example, steps, found.seed, "example")) for steps in steps]
    if found.json:
        terminal.data({**_row(angle), "examples": [_document(question, steps) for steps, question in turns]})
        return
    terminal.show([f"{key:<10}{_word(value)}" for key, value in _row(angle).items()])
    for steps, question in turns:
        terminal.show(["", f"{steps}", *_lines(question)])


@angles.command()
@click.argument("syntax")
@click.argument("texts", nargs=-1, metavar="[TEXT]…")
@click.option("--system", metavar="TEXT", default="", help="The system message.")
@click.option("--core", metavar="TEXT", default="", help="The part of each TEXT that frames wrap anew.")
@declared
@common
def apply(
    syntax: str, texts: tuple[str, ...], system: str, core: str, files: tuple[str, ...], **others: object
) -> None:
    """Turn each TEXT, or each line of stdin, by the angles of SYNTAX, such as "leet:0.3|json".

    The angles are applied from left to right, each with its strength after a colon. Equal texts at different places are
    drawn apart; --seed draws all anew.
    """
    found = settings(others)

    from mesolens.angles.composition import parse, turned
    from mesolens.cli.terminal import data
    from mesolens.cli.terminal import show as print_lines

    steps = parse(syntax, _known(files))
    questions = [_question(text, core, system) for text in texts or _typed()]
    turns = [turned(question, steps, found.seed, str(place)) for place, question in enumerate(questions)]
    if found.json:
        data([_document(question, steps) for question in turns])
        return
    for question in turns:
        print_lines(_lines(question))


def _known(files: Sequence[str]) -> "Mapping[str, Angle]":
    """The catalogue's angles, and those of the files."""
    from pathlib import Path

    from mesolens.angles.catalog import CATALOG
    from mesolens.angles.declared import read_angles
    from mesolens.errors import BadInput

    known = dict(CATALOG)
    for file in files:
        for name, angle in read_angles(Path(file)).items():
            if name in known:
                raise BadInput(f"the angle {name} is declared twice; give the one in {file} another name")
            known[name] = angle
    return known


def _of(family: str | None, known: "Mapping[str, Angle]") -> "list[Angle]":
    from mesolens.angles.angle import FAMILIES
    from mesolens.errors import BadInput
    from mesolens.hostile import printable

    if family is not None and family not in FAMILIES:
        raise BadInput(f"{printable(repr(family), 60)} is no family of angles; there are {', '.join(FAMILIES)}")
    return [angle for angle in known.values() if family in (None, angle.family)]


def _question(text: str, core: str, system: str) -> "Question":
    from mesolens.errors import BadInput
    from mesolens.hostile import printable
    from mesolens.model.question import Question

    if core not in text:
        raise BadInput(f"the core {printable(repr(core), 60)} does not stand in {printable(repr(text), 60)}")
    return Question(text, core=core, system=system)


def _typed() -> list[str]:
    """The lines of stdin."""
    from mesolens.errors import BadInput

    try:
        lines = sys.stdin.read().split("\n")
    except UnicodeDecodeError:
        raise BadInput("stdin is not UTF-8 text; give one message a line") from None
    lines = [line for line in lines if line]
    if not lines:
        raise BadInput("there is no message to turn; give a TEXT, or one message a line on stdin")
    return lines


def _row(angle: "Angle") -> dict[str, object]:
    return {name: getattr(angle, name) for name in _COLUMNS}


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value) or "none"


def _document(question: "Question", steps: "Composition") -> dict[str, object]:
    from dataclasses import asdict

    about = {
        "angles": str(steps),
        "survives": steps.survives,
        "undoing": steps.undoing,
        "families": list(steps.families),
    }
    return {**about, "question": asdict(question)}


def _lines(question: "Question") -> list[str]:
    """The message alone where there is nothing else, or each part of the chat behind its role."""
    parts = [("system", question.system), *question.before, ("user", question.text), ("assistant", question.prefill)]
    said = [(role, words) for role, words in parts if words or role == "user"]
    if len(said) == 1 and question.form == "chat":
        return question.text.split("\n")
    form = [] if question.form == "chat" else [f"form: {question.form}"]
    return [*form, *(line for role, words in said for line in f"{role}: {words}".split("\n"))]
