"""Organs: the missing middle between a trait and its neurons, as groups of leaves that act together.

`plan` asks for the shares of every view, `follow` for removals and close-ups of the organs that they give, and `read`
describes and proves them.
"""

from mesolens.instruments.middle.organs.follow import follow
from mesolens.instruments.middle.organs.matching import Responses, matched, responses
from mesolens.instruments.middle.organs.measure import measure
from mesolens.instruments.middle.organs.plan import NAME, cost, plan
from mesolens.instruments.middle.organs.read import read
from mesolens.instruments.middle.organs.spec import BUDGETS, OrgansSpec, View, within
from mesolens.instruments.middle.organs.twin import Twin
from mesolens.instruments.middle.organs.viewing import Sights, views_of

__all__ = [
    "BUDGETS",
    "NAME",
    "OrgansSpec",
    "Responses",
    "Sights",
    "Twin",
    "View",
    "cost",
    "follow",
    "matched",
    "measure",
    "plan",
    "read",
    "responses",
    "views_of",
    "within",
]
