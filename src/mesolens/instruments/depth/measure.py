"""The heavy step: one shard through the model, to tables. Every kind of shard has its own room."""

from collections.abc import Callable, Mapping
from typing import cast

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.depth.answers import answer
from mesolens.instruments.depth.lenses import read_lens, read_tuned
from mesolens.instruments.depth.myopia import KIND as TWINS
from mesolens.instruments.depth.myopia import score_twins
from mesolens.instruments.depth.planning import KIND as PLANNING
from mesolens.instruments.depth.planning import plan_ahead
from mesolens.instruments.depth.present import probe, probe_newborn
from mesolens.instruments.depth.silent import KIND as SILENT
from mesolens.instruments.depth.silent import answer_silently
from mesolens.instruments.depth.used import use
from mesolens.model.loaded import LoadedModel

_KINDS: Mapping[str, Callable[[LoadedModel, Shard], Tables]] = {
    "answers": answer,
    "read": read_lens,
    "tuned": read_tuned,
    "present": probe,
    "newborn": probe_newborn,
    "used": use,
    SILENT: answer_silently,
    PLANNING: plan_ahead,
}


def measure(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
    """The tables of one shard, by its kind.

    =========  =====================================================================================
    `answers`  `depth-answers`: the likeliest choice, and the likeliest token
    `read`     `depth-read`: what the logit lens names at every boundary of the stream
    `tuned`    `depth-tuned`: the same through maps to the last state, fitted on other rows
    `present`  `depth-present`: whether a probe finds each step, and how often with shuffled values
    `newborn`  `depth-newborn`: the same on new weights
    `used`     `depth-used`: what is said when a step's value is exchanged
    =========  =====================================================================================

    The kinds `depth-nocot`, `depth-plan` and `depth-myopia` make the tables of their name, and the second
    `depth-announce` as well. `against` is the myopic twin, which the last of them scores too.
    """
    if shard.depends["kind"] == TWINS:
        return score_twins(model, shard, against)
    return _KINDS[cast(str, shard.depends["kind"])](model, shard)
