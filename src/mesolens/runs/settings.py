"""What a person may set about any command, and where each value came from.

A value is taken from the first place that has it: a flag, an environment variable (`MESOLENS_SEED`), the nearest
`mesolens.toml` at or above the working folder, the default. The winner's place is kept beside the value, so that a run
can say later why it was run as it was.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, get_args

from mesolens.errors import BadInput
from mesolens.hostile import printable

Budget = Literal["quick", "standard", "deep"]
Dtype = Literal["float32", "float64", "bfloat16", "float16"]

FILE = "mesolens.toml"
PREFIX = "MESOLENS_"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that every command has.

    Attributes:
        out: the run folder; None lets the run be named after what it depends on.
        seed: of every random draw.
        device: as torch names it: `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: in which the model is loaded and measured.
        threads: of torch; None leaves it to the model's size.
        budget: how much time may be spent for narrower intervals.
        json: whether data, and nothing else, goes to stdout.
        sources: for each name, the place that its value came from.
    """

    out: Path | None = None
    seed: int = 0
    device: str = "cpu"
    dtype: Dtype = "float32"
    threads: int | None = None
    budget: Budget = "standard"
    json: bool = False
    sources: Mapping[str, str] = field(default_factory=dict[str, str])


def resolve(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    folder: Path,
    usual: Mapping[str, object] = MappingProxyType({}),
) -> Settings:
    """The settings that hold, given flags (None is "not given"), environment variables, a working folder, and what a
    command takes where nobody says anything.

    >>> resolve({"seed": None}, {"MESOLENS_SEED": "7"}, Path("/")).seed
    7

    Raises:
        BadInput: a value cannot be used, or `mesolens.toml` is damaged or has a key that no setting is called.
    """
    file = _nearest(folder)
    written = {} if file is None else _read(file)
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for name, parse in _PARSERS.items():
        variable = PREFIX + name.upper()
        if (flag := flags.get(name)) is not None:
            values[name], sources[name] = parse(flag, f"--{name}"), "flag"
        elif variable in environ:
            values[name], sources[name] = parse(environ[variable], variable), variable
        elif file is not None and name in written:
            values[name], sources[name] = parse(written[name], f"{name} in {file}"), str(file)
        else:
            sources[name] = "default"
            if name in usual:
                values[name] = parse(usual[name], f"the default of {name}")
    if file is not None and sources["out"] == str(file):
        values["out"] = file.parent / cast(Path, values["out"])
    return Settings(**values, sources=sources)  # pyright: ignore[reportArgumentType]


def current(flags: Mapping[str, object], usual: Mapping[str, object] = MappingProxyType({})) -> Settings:
    """The settings that hold in this process, given flags and a command's own defaults."""
    return resolve(flags, os.environ, Path.cwd(), usual)


def _nearest(folder: Path) -> Path | None:
    return next((file for above in (folder, *folder.parents) if (file := above / FILE).is_file()), None)


def _read(file: Path) -> dict[str, object]:
    try:
        written = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {printable(str(error))}") from error
    for key in written:
        if key not in _PARSERS:
            near = get_close_matches(key, _PARSERS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it may set {', '.join(_PARSERS)}"
            raise BadInput(f"{file} sets {printable(key)!r}, which is no setting: {hint}")
    return written


def _wrong(where: str, value: object, wanted: str) -> BadInput:
    return BadInput(f"{where} is {printable(repr(value))}: it must be {wanted}")


def _path(value: object, where: str) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise _wrong(where, value, "a path")
    return Path(value).expanduser()


def _number(low: int, high: int) -> Callable[[object, str], int]:
    def parse(value: object, where: str) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _wrong(where, value, f"a whole number from {low} to {high}")
        return value

    return parse


def _choice(*words: str) -> Callable[[object, str], str]:
    def parse(value: object, where: str) -> str:
        if value not in words:
            raise _wrong(where, value, f"one of {', '.join(words)}")
        return cast(str, value)

    return parse


def _device(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"cpu|mps|cuda(:[0-9]{1,3})?", value):
        raise _wrong(where, value, "cpu, cuda, cuda:N or mps")
    return value


def _truth(value: object, where: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    found = words.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise _wrong(where, value, "true or false")
    return found


_PARSERS: dict[str, Callable[[object, str], object]] = {
    "out": _path,
    "seed": _number(0, 2**63 - 1),
    "device": _device,
    "dtype": _choice(*get_args(Dtype)),
    "threads": _number(1, 1024),
    "budget": _choice(*get_args(Budget)),
    "json": _truth,
}
