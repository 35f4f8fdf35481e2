"""`mesolens quine`: can a model write programs that print themselves, and does a program of anybody's do so?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading
    from mesolens.instruments.quine.judging import Judged

Row = dict[str, object]


class Quines(click.Group):
    """A group that takes a word which is none of its commands for a MODEL."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`check` and its files, or the hidden command that asks a model."""
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return _ASK, self.commands[_ASK], args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options before a MODEL belong to the command that asks it."""
        if args and not {"--help", "-h"} & set(args[:1]) and args[0] not in self.commands:
            args = [_ASK, *args]
        return super().parse_args(ctx, args)


_ASK = "model"


@click.group(cls=Quines, subcommand_metavar="MODEL | check FILE…")
def quine() -> None:
    """Ask MODEL for programs that print themselves, or judge programs of anybody's.

    \b
    mesolens quine MODEL         a ladder of quines with nonces and constraints; see `quine model --help`
    mesolens quine check FILE…   is each FILE an honest quine? See `quine check --help`

    Programs run in a sandbox (bubblewrap) or not at all: without one the exit code is 4.
    """


@quine.command(_ASK, hidden=True)
@click.argument("model")
@click.option("--rungs", metavar="A,…", help="Rungs of the ladder (all): identifier, comment, quotes, length, …")
@click.option("--languages", metavar="A,…", help="python, javascript (those that this machine can run).")
@click.option("--draws", metavar="N", type=int, default=1, help="Replies to each item (1).")
@click.option("--temperature", metavar="T", type=float, default=0.0, help="Of sampling; 0 is greedy (0).")
@click.option("--most", metavar="N", type=int, default=768, help="Tokens of the longest reply (768).")
@click.option("--budget", metavar="NAME", help="How many items: quick, standard or deep (standard).")
@common
def ask(model: str, draws: int, temperature: float, most: int, **options: object) -> None:
    """Ask MODEL for quines on every rung of the ladder, and judge what it replies.

    With --json the reading is printed; else an overview.
    """
    found = settings(options)

    from mesolens.cli import chapters
    from mesolens.cli.opening import Items, open_model
    from mesolens.cli.subject import Subject
    from mesolens.errors import Unsafe
    from mesolens.instruments.quine.setting import quine_spec

    spec = quine_spec(
        budget=found.budget,
        rungs=_listed(options["rungs"]),
        languages=_listed(options["languages"]),
        draws=draws,
        temperature=temperature,
        most=most,
        seed=found.seed,
    )
    if spec.why_not:
        raise Unsafe(f"programs are run in a sandbox or not at all: {spec.why_not}")
    subject = Subject(open_model(model, found), None, Items((), ""), found, quine=spec)
    chapters.answer(subject, "quine", _overview)


def _listed(named: object) -> list[str] | None:
    return None if named is None else [part.strip() for part in str(named).split(",") if part.strip()]


def _overview(reading: "Reading") -> None:
    from mesolens.cli.terminal import show, table

    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    rungs = cast(Sequence[Row], reading.data["rungs"])
    cells = [[row[name] for name in ("name", "says", "items", "honest", "novel", "low", "high")] for row in rungs]
    table(("rung", "what is asked", "programs", "honest", "novel", "low", "high"), cells, "The ladder")
    programs = cast(Sequence[Row], reading.data["programs"])
    table(("program", "verdict", "why"), [[row[name] for name in ("id", "verdict", "reason")] for row in programs])


@quine.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--language", metavar="NAME", help="python or javascript; without it a file's ending says so.")
@common
def check(files: tuple[str, ...], language: str | None, **options: object) -> None:
    """Judge whether each FILE (.py, .js, .mjs) is a program that prints itself without looking at itself.

    A file is taken byte for byte. Exit code 1 when one of them is not honest, 4 when there is no sandbox here.
    """
    found = settings(options)

    from mesolens.cli.quine_check import judge_files
    from mesolens.cli.terminal import data, table
    from mesolens.errors import CheckFailed

    judged = judge_files(files, language)
    if found.json:
        data([_document(name, each) for name, each in judged])
    else:
        rows = [[name, each.verdict, each.reason, *_family(each), each.ms] for name, each in judged]
        table(("file", "verdict", "why", "most like", "likeness", "ms"), rows)
    failed = [(name, each) for name, each in judged if each.verdict != "honest"]
    if failed:
        name, first = failed[0]
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise CheckFailed(f"{name}: {first.verdict}: {first.reason}{more}")


def _family(judged: "Judged") -> tuple[str, float | None]:
    near = judged.nearest
    return ("", None) if near is None else (near.family, near.likeness)


def _document(name: str, judged: "Judged") -> Row:
    family, like = _family(judged)
    return {
        "file": name,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "checks": [{"name": c.name, "passed": c.passed, "says": c.says} for c in judged.checks if c.passed is not None],
        "novelty": None if like is None else {"nearest": family, "likeness": like},
        "comments": judged.comments,
        "dead_code": judged.dead_code,
        "ms": judged.ms,
    }
