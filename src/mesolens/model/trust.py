"""Code that comes with a model: never run, unless the user names its repository and the exact commit.

Three keys of a configuration make transformers run or fetch somebody's program: `auto_map` (Python files beside the
weights), an attention or experts implementation with a slash in it (a kernel from the hub), and `transformers_weights`
(another weights file than the one that was checked). All are looked for at any depth.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from mesolens.errors import Unsafe
from mesolens.hostile import printable
from mesolens.model.resolve import Source

_COMMIT = re.compile("[0-9a-f]{40}")
_KERNEL = re.compile("_?(attn|experts)_implementation(_internal)?")


@dataclass(frozen=True, slots=True)
class TrustedCode:
    """Permission to run the Python files of one hub repository at one commit, which somebody has read.

    Raises:
        Unsafe: the commit is not 40 hex digits; a branch or a short hash may mean other code tomorrow.
    """

    repo: str
    commit: str

    def __post_init__(self) -> None:
        if not _COMMIT.fullmatch(self.commit):
            raise Unsafe(
                f"code is trusted by repository and full commit; {printable(self.commit, 60)!r} is no commit of 40 hex "
                "digits, and a name that can move may mean other code tomorrow"
            )


def check_code(source: Source, configs: Mapping[str, Mapping[str, object]], trust: TrustedCode | None) -> bool:
    """Whether configurations (by file name) run code; refused unless it is the code which the user has named.

    Raises:
        Unsafe: there is such code and no trust, or the trust names another repository or commit.
    """
    runs = False
    for file, config in configs.items():
        for key, value in _entries(config):
            if _KERNEL.fullmatch(key) and _fetches(value):
                shown = printable(repr(value), 80)
                raise Unsafe(f"{file} asks for a kernel from the hub ({key}: {shown}); remove that key to load without")
            if key == "transformers_weights":
                raise Unsafe(f"{file} names another weights file by `transformers_weights`; remove that key")
            if key == "auto_map":
                _check_map(source, file, value, trust)
                runs = True
    return runs


def _check_map(source: Source, file: str, value: object, trust: TrustedCode | None) -> None:
    if trust is None:
        raise Unsafe(
            f"{printable(source.name)} wants to run code that comes with it ({file}: auto_map "
            f"{printable(repr(value), 60)}); read that code, then trust its repository at "
            "its commit, or remove auto_map to use transformers' own"
        )
    for repo in {_repository(source, name) for name in _names(value)}:
        own = repo == source.repo and source.commit != trust.commit
        if repo != trust.repo or own:
            at = f" at {source.commit}" if own else ""
            raise Unsafe(
                f"{file} runs code of {printable(repo or 'the folder itself', 120)}{at}, and you trust "
                f"{printable(trust.repo, 120)} at {trust.commit}; load that repository at that commit"
            )


def _repository(source: Source, name: str) -> str | None:
    return name.split("--", 1)[0] if "--" in name else source.repo


def _names(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        parts = cast(dict[str, object], value).values() if isinstance(value, dict) else cast(list[object], value)
        for part in parts:
            yield from _names(part)


def _fetches(value: object) -> bool:
    return any("/" in name for name in _names(value))


def _entries(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in cast(Mapping[str, object], value).items():
            yield key, inner
            yield from _entries(inner)
    elif isinstance(value, list):
        for inner in cast(list[object], value):
            yield from _entries(inner)
