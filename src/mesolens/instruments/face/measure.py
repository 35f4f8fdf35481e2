"""The heavy step: one shard through the model, to tables. Every kind of shard has its own room."""

from typing import cast

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.face.claims import ask_of_itself
from mesolens.instruments.face.covered import cover
from mesolens.instruments.face.replies import clean, reply
from mesolens.instruments.face.states import look
from mesolens.model.loaded import LoadedModel


def measure(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
    """The tables of one shard, by its kind.

    ===========  ===================================================================================================
    `clean`      `face-clean`: replies of one voice to clean prompts, heard under all voices
    `replies`    `face-replies`: replies from some angles, heard under all voices and orders
    `claims`     `face-claims`: what the model says of itself
    `coverage`   `face-coverage`: how much of each prompt the training text has
    `states`     `face-states`: how common each turned prompt is, and where the state at its end stands
    ===========  ===================================================================================================

    `against` is the model before tuning, where there is one.

    Raises:
        BadInput: the model cannot be asked, or the model before tuning reads other tokens.
    """
    kind = cast(str, shard.depends["kind"])
    if kind == "clean":
        return clean(model, shard)
    if kind == "claims":
        return ask_of_itself(model, shard)
    if kind == "coverage":
        return cover(model, shard)
    return reply(model, shard) if kind == "replies" else look(model, shard, against)
