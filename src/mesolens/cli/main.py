"""The command line: finds commands when they are asked for, and turns every failure into one line and an exit code.

0 done, 1 a check failed, 2 usage or bad input, 3 incomplete and resumable, 4 refused for safety. Nothing heavy is
imported before a command runs, so that help and completion answer at once.

Data goes to stdout and people's text to stderr. A failure is told on stderr only, also with `--json`: then stdout holds
either one whole JSON document or nothing, so no program has to tell a result from an apology.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import cast

import click

from mesolens import __version__
from mesolens.cli.terminal import tell
from mesolens.errors import MesolensError

COMMANDS = {
    "anatomy": ("mesolens.cli.anatomy", "Show MODEL's writers and heads, and the errors measured."),
    "angles": ("mesolens.cli.angles", "List, show and apply the ways to turn a prompt."),
    "audit": ("mesolens.cli.audit", "Audit MODEL (slide:mask) and write one report."),
    "average": ("mesolens.cli.average", "Measure how much of what MODEL says an average would also say."),
    "calibrate": ("mesolens.cli.calibrate", "Hold instruments against planted truth."),
    "completion": ("mesolens.cli.completion", "Print a completion script for bash, zsh or fish."),
    "depth": ("mesolens.cli.depth", "Find how many steps MODEL takes with no token, and which are used."),
    "face": ("mesolens.cli.face", "Find who answers, and from which angles it becomes somebody else."),
    "index": ("mesolens.cli.index", "Index a corpus and count any n-gram of it exactly."),
    "middle": ("mesolens.cli.middle", "Divide a difference among layers, heads and neurons."),
    "organs": ("mesolens.cli.organs", "Group heads and neurons that act together."),
    "quine": ("mesolens.cli.quine", "Ask MODEL for programs that print themselves, or check some."),
    "slides": ("mesolens.cli.slides", "List, show, grow and verify the models with planted truth."),
    "twins": ("mesolens.cli.twins", "Find where MODELs agree and from which angles they part."),
    "view": ("mesolens.cli.view", "Print the path of RUN's report, and open it on a desktop."),
}
"""Where each command is, and its line in the help, so that help imports none of them."""
TRACEBACK = "mesolens.traceback"


class Commands(click.Group):
    """A group whose commands are imported on first use, and whose failures are lines."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        return cast(click.Command, getattr(import_module(module), cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for, and exit with the code that its end means."""
        from mesolens.runs.signals import interruptible

        try:
            with interruptible():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            tell("mesolens: stopped; the same command resumes what it has kept")
            ctx.exit(3)
        except BrokenPipeError:
            ctx.exit(0)
        except MesolensError as error:
            _trace(ctx)
            tell(f"mesolens: {error}")
            ctx.exit(error.exit_code)
        except Exception as error:
            _trace(ctx)
            tell(f"mesolens: {type(error).__name__}: {error} (a fault of mesolens; --traceback shows where)")
            ctx.exit(1)


def _trace(ctx: click.Context) -> None:
    if ctx.meta.get(TRACEBACK):
        import traceback

        traceback.print_exc()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mesolens")
def cli() -> None:
    """See a language model's personality, and the heads and neurons that make it, with every sum kept on the way.

    MODEL is a local folder, a hub id (org/name@revision) or slide:NAME. Settings are taken from flags, else from
    MESOLENS_* variables, else from the nearest mesolens.toml. Exit codes: 0 done, 1 a check failed, 2 bad input,
    3 incomplete (the same command resumes), 4 refused for safety.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line; gives the exit code."""
    try:
        code = cli.main(list(arguments), prog_name="mesolens", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 3
    except SystemExit as end:  # completion scripts leave this way
        return end.code if isinstance(end.code, int) else 0
    except BrokenPipeError:
        # Python would flush stdout once more at its end, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0


def main() -> None:
    """The `mesolens` program."""
    sys.exit(run(sys.argv[1:]))
