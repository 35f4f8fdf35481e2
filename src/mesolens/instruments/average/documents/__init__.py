"""Which documents of the corpus move what the model says: influence in a sketch of all gradients.

`plan` cuts documents and texts into shards, `measure` takes their gradients into a sketch
(:mod:`mesolens.model.sketching`), and `read` solves the damped Gauss–Newton there (:mod:`mesolens.evidence.influence`).
Off unless the specification has an :class:`~mesolens.instruments.average.spec.Attribution`.
"""

from mesolens.instruments.average.documents.measure import behind, moved
from mesolens.instruments.average.documents.plan import BEHIND, MOVED, cost, shards
from mesolens.instruments.average.documents.read import attribution_of, influence

__all__ = ["BEHIND", "MOVED", "attribution_of", "behind", "cost", "influence", "moved", "shards"]
