"""How much each leaf writes: the root mean square, over positions, of the norm of what it adds to the stream there.

What counts is the difference to the reference: between prompts ‖W_k (a_k − a_ref,k)‖, between models, each on its own
stream, ‖W_k a_k − W'_k a'_k‖. Null sets are matched on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.gates import Gate, actions_of
from mesolens.instruments.middle.ledger import on_clean_positions
from mesolens.instruments.middle.plan import fields_of
from mesolens.instruments.middle.players import players_of
from mesolens.instruments.middle.readout import logits_at
from mesolens.instruments.middle.rows import rows_of
from mesolens.model.linears import weight_columns
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import UNEMBED, Site
from mesolens.model.taps import tapped
from mesolens.traits.encode import EncodedContrast


@dataclass(frozen=True, slots=True)
class NormsWork:
    """A shard of contrasts on which writes are measured; see `ValuesWork`."""

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    against: str
    batch_tokens: int
    alone: int
    groups: int


def weigh(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`middle-norms`: for each player the sum over positions of the squared norm of its write, and the positions."""
    work = NormsWork(**fields_of(shard))
    other = reference_model(model, against, work.against)
    gates = gates_for(model, other)
    players = players_of(gates, work.alone, work.groups)
    rows = [row for place, contrast in enumerate(work.contrasts) for row in rows_of(place, contrast)]
    squares, positions = np.zeros(len(players.of_leaf)), 0
    for batch in batches_of(rows, work.batch_tokens, str(model.module.device)):
        gated = _gated(batch)
        clean = _passing(model.module, gates, batch, reference=False)
        held = _passing(model.module if other is None else other.module, gates, batch, reference=other is None)
        maps = [_maps(one.module, gates) for one in (model, other or model)]
        with torch.no_grad():
            parts = [_squares(gate, clean, held, maps, gated) for gate in gates]
        squares += torch.cat(parts).double().cpu().numpy()
        positions += int(gated.sum())
    summed = np.bincount(players.of_leaf, weights=squares)
    names = [str(site) for site in players.sites]
    counts = pa.array([positions] * len(names), pa.int64())
    return {"middle-norms": pa.table({"site": pa.array(names), "squares": pa.array(summed), "positions": counts})}


def norms_in(table: pa.Table, leaves: int) -> Float[np.ndarray, " N"]:
    """Root mean squares over all shards."""
    squares, positions = (table[name].to_numpy().reshape(-1, leaves).sum(0) for name in ("squares", "positions"))
    return np.sqrt(squares / np.maximum(positions, 1))


def _gated(batch: Batch) -> Float[Tensor, "B T"]:
    if batch.gated is not None:
        return batch.gated.double()
    lengths = torch.tensor([len(row.clean) for row in batch.rows], device=batch.clean.device)
    return (torch.arange(batch.clean.shape[1], device=batch.clean.device) < lengths[:, None]).double()


def _passing(model: PreTrainedModel, gates: Sequence[Gate], batch: Batch, *, reference: bool) -> dict[Site, Tensor]:
    """What passes each gate, on the clean positions."""
    seen: dict[Site, Tensor] = {}
    ids, reads = (batch.reference, batch.reference_reads) if reference else (batch.clean, batch.clean_reads)
    inner = [gate for gate in gates if gate.site != UNEMBED and gate.site.leaf is None]
    with torch.no_grad(), tapped(model, actions_of(inner, partial(_keep, seen, batch, reference=reference))):
        logits_at(model, ids, reads.positions)
    return seen


def _keep(seen: dict[Site, Tensor], batch: Batch, gate: Gate, live: Tensor, *, reference: bool) -> None:
    seen[gate.site] = (on_clean_positions(live, batch) if reference else live).clone()


def _maps(model: PreTrainedModel, gates: Sequence[Gate]) -> Mapping[Site, Float[Tensor, "d W"]]:
    return {gate.site: weight_columns(model.get_submodule(gate.module)) for gate in gates if gate.leaves}


def _squares(
    gate: Gate,
    clean: Mapping[Site, Tensor],
    held: Mapping[Site, Tensor],
    maps: Sequence[Mapping[Site, Float[Tensor, "d W"]]],
    gated: Float[Tensor, "B T"],
) -> Float[Tensor, " N"]:
    """Squared norms of each leaf's write, over gated positions; 0 for biases, norms and the way to the logits."""
    if gate.site not in clean or gate.site not in held:
        return torch.zeros(gate.leaves or 1, dtype=torch.float64, device=gated.device)
    one, other = clean[gate.site].double(), held[gate.site].double()
    if not gate.leaves:
        return (((one - other) ** 2).sum(-1) * gated).sum()[None]
    heads = (gate.leaves, gate.width)
    ours, theirs = (linear[gate.site].double().unflatten(1, heads) for linear in maps)
    live, kept = one.unflatten(-1, heads), other.unflatten(-1, heads)
    apart = _inner(live, ours, live, ours, gated) + _inner(kept, theirs, kept, theirs, gated)
    return (apart - 2 * _inner(live, ours, kept, theirs, gated)).clamp_min(0)


def _inner(a: Tensor, u: Tensor, b: Tensor, v: Tensor, gated: Tensor) -> Float[Tensor, " N"]:
    """Σ over gated positions of ⟨u_k a_k, v_k b_k⟩ for each leaf k, through the small matrices uᵀv and a bᵀ."""
    gram = torch.einsum("dhw,dhx->hwx", u, v)
    outer = torch.einsum("bthw,bthx,bt->hwx", a, b, gated)
    return (gram * outer).sum((1, 2))
