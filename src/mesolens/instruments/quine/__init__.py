"""Quines: programs that print themselves, asked of a model that may not think aloud.

`plan` cuts items into shards, `measure` takes the replies and judges their programs in the sandbox, and `read` says
what was found. Programs from anywhere are judged by a :class:`Bench` alone.
"""

from mesolens.instruments.quine.honesty import Bench, bench
from mesolens.instruments.quine.items import LANGUAGES, RUNGS, items
from mesolens.instruments.quine.judging import Judged, judge, judge_reply
from mesolens.instruments.quine.measure import measure
from mesolens.instruments.quine.plan import NAME, cost, follow, plan
from mesolens.instruments.quine.read import read
from mesolens.instruments.quine.setting import quine_spec
from mesolens.instruments.quine.spec import Item, QuineSpec

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
