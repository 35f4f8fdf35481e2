"""Coalitions that checks ask for, in a form that fits a shard, and their values as they come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float


@dataclass(frozen=True, slots=True)
class Coalition:
    """Which leaves are live; written down by whichever way is short.

    Attributes:
        check, label: who asks, and as which of its values.
        leaves: the leaves that are meant; or, when `size` is not 0, the first `size` of an order.
        order: 0 for the ranked order; k for the k-th random one.
        alone: whether those that are meant are the only ones live (beside those that always are) or the only ones held.
        swapped: whether the ends are exchanged: held leaves then have their clean values, in the reference run.
    """

    check: str
    label: int
    leaves: tuple[int, ...] = ()
    size: int = 0
    order: int = 0
    alone: bool = False
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders of the leaves that play.

    Attributes:
        count: of all leaves, those that are always live included.
        ranked: the leaves that play, from the largest share down.
        seed: of the random orders.
    """

    count: int
    ranked: tuple[int, ...]
    seed: int

    def live(self, coalition: Coalition) -> Bool[np.ndarray, " N"]:
        """Which of all leaves are live in a coalition."""
        meant = list(coalition.leaves)
        if coalition.size:
            order = np.asarray(self.ranked)
            if coalition.order:
                order = np.random.default_rng([self.seed, coalition.order]).permutation(order)
            meant = order[: coalition.size].tolist()
        live = np.ones(self.count, bool)
        if coalition.alone:
            live[list(self.ranked)] = False
        live[meant] = coalition.alone
        return live


@dataclass(frozen=True, slots=True)
class Values:
    """Readouts under the coalitions that were asked for, in nats, contrast by contrast.

    Attributes:
        items: the contrasts.
        by_check: for each check its values, [label, contrast].
    """

    items: tuple[int, ...]
    by_check: Mapping[str, Float[np.ndarray, "C I"]]

    @property
    def clean(self) -> Float[np.ndarray, " I"]:
        """The readout with every leaf live."""
        return self.by_check["ends"][0]

    @property
    def reference(self) -> Float[np.ndarray, " I"]:
        """The readout of the reference run."""
        return self.by_check["ends"][1]

    def part(self, check: str, chosen: Sequence[int] | None = None) -> Float[np.ndarray, " C"] | None:
        """The part of the mean difference that stands under each coalition; None when there is next to none.

        `chosen` restricts the mean to some places of `items`.
        """
        pick = slice(None) if chosen is None else list(chosen)
        clean, reference = float(self.clean[pick].mean()), float(self.reference[pick].mean())
        if abs(clean - reference) < 1e-6 * max(1.0, abs(clean)):
            return None
        return (self.by_check[check][:, pick].mean(1) - reference) / (clean - reference)


def values_in(table: pa.Table) -> Values:
    """Values from their table: item, check, label, value."""
    table = table.sort_by([("check", "ascending"), ("label", "ascending"), ("item", "ascending")])
    checks = np.asarray(table["check"].cast(pa.string()).to_pylist())
    items, values = table["item"].to_numpy(), table["value"].to_numpy()
    names = sorted(set(items.tolist()))
    return Values(tuple(names), {str(c): values[checks == c].reshape(-1, len(names)) for c in np.unique(checks)})
