"""Depth: how many steps a model takes with no token between, which of them are readable, and which are used.

`plan` asks every item of a task, `follow` chooses the level that is solved and reads it, `measure` runs one shard, and
`read` makes the three matrices, the curves and the verdict.
"""

from mesolens.instruments.depth.measure import measure
from mesolens.instruments.depth.plan import NAME, cost, follow, plan
from mesolens.instruments.depth.read import read
from mesolens.instruments.depth.spec import BUDGETS, DepthSpec

__all__ = ["BUDGETS", "NAME", "DepthSpec", "cost", "follow", "measure", "plan", "read"]
