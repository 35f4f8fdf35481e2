"""What is commonly measured of a reply from an angle, written plainly, for comparison with the face.

x is the prompt, x′ the prompt as it was turned, y the reply to it; h is the state after a block, at every layer.

================ =============================================================================
metric           of a reply
================ =============================================================================
trait log-odds   log p(y | the order for a trait, x) − log p(y | the order for its opposite, x)
axis             ⟨h at the end of x′ − h at the end of x, own mean − mean of the roles⟩
reply axis       the same of the mean of h over the reply, from that over the own clean replies
KL               mean over t of KL(p(· | x′, y_<t) ‖ p(· | x, y_<t)), nats
self-NLL         −mean over t of log p(y_t | x′, y_<t), nats
================ =============================================================================

The axis from roles to the own voice is the assistant axis of Lu et al. 2026, taken where the reply is decided, and over
the reply; that is the fifth, as slides cannot be asked about themselves. Projections are divided by the squared length
of their axis: 0 is the persona's own mean, −1 that of the roles. None of these says whether a reply is the own voice's,
another's or nobody's: :mod:`benchmarks.three_way` fits that.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.said import Ids, Said, at, in_portions, log_p
from mesolens.evidence.shards import Tables
from mesolens.model.batches import pack
from mesolens.model.loaded import LoadedModel
from mesolens.model.taps import Action, Point, tapped

BATCH_TOKENS = 8192
TRAITS, AXIS, REPLY_AXIS, KL, NLL = "traits", "axis", "reply axis", "KL", "self-NLL"
METHODS: Mapping[str, tuple[str, ...]] = {
    "trait log-odds": (TRAITS,),
    "axis projection": (AXIS,),
    "axis projection of the reply": (REPLY_AXIS,),
    "KL": (KL,),
    "KL + self-NLL": (KL, NLL),
    "all five fused": (TRAITS, AXIS, REPLY_AXIS, KL, NLL),
}
"""The metrics that each method is given."""

Metric = Float[np.ndarray, "I F"]


def metrics(model: LoadedModel, replies: Sequence[Said], own: Sequence[Said], tables: Tables) -> dict[str, Metric]:
    """All five of every reply; `own` are clean replies of every voice, `tables` those of the face's run."""
    kl_I1, nll_I1 = kl_and_self_nll(model, replies)
    return {
        TRAITS: trait_log_odds(tables, replies),
        AXIS: axis(tables, replies),
        REPLY_AXIS: reply_axis(model, replies, own),
        KL: kl_I1,
        NLL: nll_I1,
    }


def trait_log_odds(tables: Tables, replies: Sequence[Said]) -> Metric:
    """For each trait how much likelier its order makes the reply than the order for its opposite, in nats."""
    rows = tables["face-replies"]
    keys = zip(*(rows[name].to_pylist() for name in ("item", "angle", "draw")), strict=True)
    found = dict(zip(keys, rows["traits"].to_pylist(), strict=True))
    return np.array([found[each.item.id, each.angle, each.draw] for each in replies], dtype=float)


def axis(tables: Tables, replies: Sequence[Said]) -> Metric:
    """How far the state at the end of the prompt moved along own less roles, at every layer."""
    rows = tables["face-states"]
    keys = zip(rows["item"].to_pylist(), rows["angle"].to_pylist(), strict=True)
    found = dict(zip(keys, rows["axis"].to_pylist(), strict=True))
    return np.array([found[each.item.id, each.angle] for each in replies], dtype=float)


def reply_axis(model: LoadedModel, replies: Sequence[Said], own: Sequence[Said]) -> Metric:
    """Where the mean state over the reply stands on the axis from the roles' clean replies to the own ones."""
    known_ILW = mean_states(model, [(each.turned, each.reply) for each in own])
    voices = np.array([each.voice for each in own])
    means_KLW = np.stack([known_ILW[voices == voice].mean(0) for voice in np.unique(voices)])
    axis_LW = means_KLW[0] - means_KLW[1:].mean(0)
    off_ILW = mean_states(model, [(each.turned, each.reply) for each in replies]) - means_KLW[0]
    return np.einsum("ilw,lw->il", off_ILW, axis_LW) / (axis_LW**2).sum(1)


@torch.no_grad()
def mean_states(model: LoadedModel, rows: Sequence[tuple[Ids, Ids]]) -> Float[np.ndarray, "I L W"]:
    """The mean over a reply's tokens of the state after each block, for (prompt, reply)."""
    blocks = model.anatomy.blocks
    found = np.zeros((len(rows), len(blocks), model.anatomy.stream_width))
    for batch in pack([x + y for x, y in rows], BATCH_TOKENS):
        seen: dict[int, Tensor] = {}
        actions: dict[Point, Action] = {
            Point(block.module, "out"): partial(seen.__setitem__, layer) for layer, block in enumerate(blocks)
        }
        with tapped(model.module, actions):
            model.module(input_ids=batch.ids, use_cache=False)
        for place, (row, length) in enumerate(zip(batch.rows, batch.lengths, strict=True)):
            said = slice(length - len(rows[row][1]), length)
            found[row] = [seen[layer][place, said].double().mean(0).numpy() for layer in range(len(blocks))]
    return found


def kl_and_self_nll(model: LoadedModel, replies: Sequence[Said]) -> tuple[Metric, Metric]:
    """The KL of what could be said next, turned from plain, and the reply's own surprise; means over its tokens."""
    pairs = np.array(in_portions(replies, partial(_kl_and_self_nll, model)))
    return pairs[:, :1], pairs[:, 1:]


def _kl_and_self_nll(model: LoadedModel, replies: Sequence[Said]) -> list[tuple[float, float]]:
    asked = [[(each.turned, each.reply), (each.plain, each.reply)] for each in replies]
    rows = iter(log_p(model, list(chain.from_iterable(asked))))
    return [_of_one(next(rows), next(rows), each.reply) for each in replies]


def _of_one(turned_PV: Float[Tensor, "P V"], plain_PV: Float[Tensor, "P V"], reply: Ids) -> tuple[float, float]:
    kl_P = (turned_PV.exp() * (turned_PV - plain_PV)).sum(-1)
    return float(kl_P.mean()), -float(at(turned_PV, reply).mean())
