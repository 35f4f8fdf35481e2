"""The sums that are kept while the gates move, for one batch.

For every gate the ledger holds  Σ_α w_α · ∂m/∂a · (a − a_ref)  by row, position and column: one tensor of the size of
the activation, whatever the number of steps. For heads whose attention cells can be read it also holds their split by
source token: with a = Σ_s A_s v_s, the term of token s is ⟨∂m/∂a, A_s v_s⟩ in the live run, less the same with the
reference run's A and v. Over s both add up to the head's share.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesolens.instruments.middle.batch import Batch
from mesolens.instruments.middle.direct import Direct
from mesolens.instruments.middle.gates import Gate
from mesolens.model.sites import EMBED, Site


@dataclass(slots=True)
class Cells:
    """What one head layer read in one pass: weights A [B, H, T, S] and values v [B, H, S, D]."""

    weights: Float[Tensor, "B H T S"]
    values: Float[Tensor, "B H S D"]

    def by_source(self, grad: Float[Tensor, "B T H D"]) -> Float[Tensor, "B H S"]:
        """Σ_t ⟨gradient of head h at t, A_ts v_s⟩ for each source s."""
        return (torch.einsum("bhts,bthd->bhsd", self.weights, grad) * self.values).sum(-1)


class Ledger:
    """Accumulators of one batch under one number of steps."""

    def __init__(
        self, batch: Batch, gates: Sequence[Gate], reference_cells: dict[Site, Cells], *, tokens: bool = True
    ) -> None:
        self.batch = batch
        self.gates = gates
        self.tokens = tokens
        self.sums: dict[Site, Float[Tensor, "B T W"]] = {}
        self.direct = Direct(batch)
        self.live_cells: dict[Site, Cells] = {}
        self.reference_cells = reference_cells
        self.read: dict[Site, Float[Tensor, "B H T"]] = {}
        self.read_reference: dict[Site, Float[Tensor, "B H S"]] = {}
        self.weight = 0.0

    def begin(self, weight: float) -> None:
        """Begin the node that has this weight."""
        self.weight = weight
        self.direct.forget()

    def receive(self, gate: Gate, grad: Tensor, live: Tensor, reference: Tensor) -> None:
        """Take what the backward pass brings to `gate`."""
        if self.batch.gated is not None:
            grad = grad * self.batch.gated[..., None]
        self.add(gate, grad, live - reference)
        if gate.site in self.live_cells:
            self.add_cells(gate, grad)

    def add(self, gate: Gate, grad: Float[Tensor, "B T W"], difference: Float[Tensor, "B T W"]) -> None:
        """Add one node's product of gradient and difference."""
        total = self.sums.get(gate.site)
        if total is None:
            total = self.sums[gate.site] = torch.zeros_like(difference, dtype=_wide(difference.dtype))
        total.addcmul_(grad.to(total.dtype), difference.to(total.dtype), value=self.weight)

    def add_cells(self, gate: Gate, grad: Float[Tensor, "B T W"]) -> None:
        """Add one node's split of a head gate by source token, live and reference apart."""
        by_head = grad.unflatten(-1, (gate.leaves, gate.width))
        self.add_read(self.read, gate, self.live_cells[gate.site].by_source(by_head))
        self.add_read(self.read_reference, gate, self.reference_cells[gate.site].by_source(by_head))

    def add_read(self, store: dict[Site, Tensor], gate: Gate, part: Float[Tensor, "B H S"]) -> None:
        """Add a weighted part to a store of source-token sums."""
        before = store.get(gate.site)
        scaled = part.to(_wide(part.dtype)) * self.weight
        store[gate.site] = scaled if before is None else before + scaled

    def by_row(self, gate: Gate) -> Float[Tensor, "B N"]:
        """Shares of a gate's leaves by row, in float64."""
        total = self.sums[gate.site].sum(1, dtype=torch.float64)
        return total.unflatten(-1, (gate.count, -1)).sum(-1)

    def by_position(self, gate: Gate, rows: Int[np.ndarray, " R"], leaves: Int[np.ndarray, " n"]) -> np.ndarray:
        """Shares of some leaves in some rows, summed over the rows, by position of the write: [T, n] in float64."""
        total = self.sums[gate.site][torch.from_numpy(rows)].sum(0, dtype=torch.float64)
        return numpy64(total.unflatten(-1, (gate.count, -1))[:, torch.from_numpy(leaves)].sum(-1))

    def by_source(self, gate: Gate) -> tuple[Float[Tensor, "B T H"], Float[Tensor, "B S H"]] | None:
        """Shares of a gate's heads by source token: of the clean prompt, and of the reference prompt where it differs.

        None when the cells were not read.
        """
        if gate.site not in self.read:
            return None
        clean = self.read[gate.site].double().transpose(1, 2)
        other = -self.read_reference[gate.site].double().transpose(1, 2)
        batch = self.batch
        if batch.gated is None or batch.twin is None:
            return clean + other, torch.zeros_like(other)
        stands = torch.gather(other, 1, batch.twin[..., None].expand(-1, -1, other.shape[2]))
        clean = clean + stands * batch.gated[..., None]
        taken = torch.zeros(other.shape[:2], device=other.device).scatter_add(1, batch.twin, batch.gated.float())
        return clean, other * (taken == 0)[..., None]


def reads_own_position(gate: Gate) -> bool:
    """Whether a gate's leaves read only the token at which they write, as neurons and the embedding do."""
    if gate.writer is None:
        return gate.site == EMBED
    return gate.site.leaf is None and gate.writer.name[:3] in ("mlp", "moe")


def on_clean_positions(values: Float[Tensor, "B S W"], batch: Batch) -> Float[Tensor, "B T W"]:
    """Reference values moved to the clean positions for which they stand."""
    if batch.twin is None:
        return values
    return torch.gather(values, 1, batch.twin[..., None].expand(-1, -1, values.shape[2]))


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype == torch.float64 else torch.float32


def numpy64(values: Tensor) -> np.ndarray:
    """A tensor as a float64 array on the CPU."""
    return values.detach().to("cpu", torch.float64).numpy()
