"""Quines: programs that print themselves, asked of a model that may not think aloud.

`plan` cuts items into shards, `measure` takes the replies and judges their programs in the sandbox, and `read` says
what was found. Programs from anywhere are judged on a :class:`Bench` alone. The names are imported on first use, so
that a program is judged without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesolens.instruments.quine.asking import measure
    from mesolens.instruments.quine.concluding import read
    from mesolens.instruments.quine.honesty import Bench, bench
    from mesolens.instruments.quine.judging import Judged, judge, judge_reply
    from mesolens.instruments.quine.ladder import LANGUAGES, RUNGS, items
    from mesolens.instruments.quine.setting import quine_spec
    from mesolens.instruments.quine.spec import Item, QuineSpec
    from mesolens.instruments.quine.work import NAME, cost, follow, plan

__all__ = [
    "LANGUAGES",
    "NAME",
    "RUNGS",
    "Bench",
    "Item",
    "Judged",
    "QuineSpec",
    "bench",
    "cost",
    "follow",
    "items",
    "judge",
    "judge_reply",
    "measure",
    "plan",
    "quine_spec",
    "read",
]

_ROOMS = ("honesty", "spec", "setting", "ladder", "judging", "work", "concluding", "asking")
"""Where a name is looked for, the heavy room last. No room has the name of a function: it would hide it."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'mesolens.instruments.quine' has no attribute {name!r}")
    found = (getattr(import_module(f"{__name__}.{room}"), name, None) for room in _ROOMS)
    value = next(each for each in found if each is not None)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
