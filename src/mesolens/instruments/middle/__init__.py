"""The middle: which computations make a readout, level by level, adding up exactly.

`plan` cuts contrasts into shards, `measure` runs one shard through a model, `follow` asks for what is to be checked of
the shares that were found, and `read` makes the tree, its checks and its verdict.
"""

from mesolens.instruments.middle.follow import follow
from mesolens.instruments.middle.measure import measure
from mesolens.instruments.middle.plan import NAME, cost, plan
from mesolens.instruments.middle.read import read
from mesolens.instruments.middle.spec import ENGINES, PROOFS, REFEREES, MiddleSpec, Refereeing

__all__ = [
    "ENGINES",
    "NAME",
    "PROOFS",
    "REFEREES",
    "MiddleSpec",
    "Refereeing",
    "cost",
    "follow",
    "measure",
    "plan",
    "read",
]
