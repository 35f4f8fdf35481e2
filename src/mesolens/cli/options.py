"""The options that every command has. They carry no default: what is not given is looked up by the settings."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from mesolens.runs.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

NAMES = ("json", "out", "seed", "device", "dtype", "threads")


def common(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the common options, passed as `json`, `out`, `seed`, `device`, `dtype` and `threads`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings(flags: Mapping[str, object], **usual: object) -> "Settings":
    """The settings that hold for a command's flags; `usual` are defaults of the command's own.

    Raises:
        BadInput: a value cannot be used; the message names the flag, the variable or the file that has it.
    """
    from mesolens.runs.settings import current

    return current(flags, usual)


def _trace(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    from mesolens.cli.main import TRACEBACK

    ctx.meta[TRACEBACK] = wanted


_option = functools.partial(click.option, default=None)

_OPTIONS = (
    _option("--json", is_flag=True, help="Print data as JSON on stdout, and nothing else there."),
    _option("--out", metavar="DIR", help="Run folder; without it the run is named after what it depends on."),
    _option("--seed", metavar="N", help="Seed of every random draw (0)."),
    _option("--device", metavar="NAME", help="cpu, cuda, cuda:N or mps (cpu)."),
    _option("--dtype", metavar="NAME", help="float32, float64, bfloat16 or float16 (float32)."),
    _option("--threads", metavar="N", help="Threads of torch (one for small models)."),
    click.option("--traceback", is_flag=True, expose_value=False, callback=_trace, help="Show where a failure arose."),
)
