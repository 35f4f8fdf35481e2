"""Which leaves are opened: the largest heads and the largest neurons, whose edges and close-ups are taken."""

from typing import Literal

from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.model.sites import Site, parse


def opened(found: Found, spec: MiddleSpec, leaf: Literal["h", "n"]) -> list[Site]:
    """At most `spec.proof.opened` heads (`h`) or neurons (`n`), from the largest mean |share| down.

    None when no checks are asked for; no neurons where the referee divided among groups of them.
    """
    most = 0 if spec.proof is None else spec.proof.opened
    sites = (parse(found.sites[place]) for place in found.largest())
    return [site for _, site in zip(range(most), (site for site in sites if site.leaf == leaf), strict=False)]
