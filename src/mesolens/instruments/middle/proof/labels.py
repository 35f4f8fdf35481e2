"""Shuffled labels: a trait whose targets and foils are exchanged at random has no leaves, and none should be called."""

from mesolens.evidence.calling import FEWEST, called, shuffled
from mesolens.evidence.shards import Json
from mesolens.instruments.middle.proof.ground import Ground

BAR = 0.05
LISTED = 256


def told(ground: Ground) -> dict[str, Json]:
    """The part of the leaves that is called with labels shuffled, and with true ones."""
    found, templates = ground.found, ground.found.templates
    if len(set(templates)) < FEWEST:
        return {
            "refused": f"no leaf can be called by fewer than {FEWEST} templates, and there are {len(set(templates))}"
        }
    draws = shuffled(found.leaves, templates, draws=ground.proof.shuffles, seed=ground.spec.seed)
    true = called(found.leaves, templates)
    sites: list[Json] = [found.sites[leaf] for leaf in found.largest() if true[leaf]]
    return {
        "draws": len(draws),
        "called": float(draws.mean()),
        "worst": float(draws.max()),
        "called_true": float(true.mean()),
        "called_sites": [*sites[:LISTED]],
        "bar": BAR,
    }
