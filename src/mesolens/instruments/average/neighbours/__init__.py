"""The rung above counts: what followed the places of the corpus where the model's own states are nearest.

`plan` asks for one shard, in which the model reads places of the corpus, documents by which the rung's weight is
fitted, and every text; `measure` finds the nearest places (:mod:`mesolens.corpus.neighbours`), and `read` says what the
rung rests on, and what is shared without it. Off unless the specification has a
:class:`~mesolens.instruments.average.spec.Neighbours`. What a state makes alike is the model's own notion: a share that
rests on this rung says that the model repeats what it holds for the same, not that counts of the text would.
"""

from mesolens.instruments.average.neighbours.measure import near
from mesolens.instruments.average.neighbours.plan import NEAR, WEIGHT, cost, given, said_in, shard, told
from mesolens.instruments.average.neighbours.read import neighbours, rung_of

__all__ = ["NEAR", "WEIGHT", "cost", "given", "near", "neighbours", "rung_of", "said_in", "shard", "told"]
