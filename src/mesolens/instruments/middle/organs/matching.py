"""Organs of two models, matched by what they do: who answers to the same prompts, from the same angles, alike.

An organ's response is its share in every view that organs were found by, each view divided by its gross. Two organs are
as like as the |cosine| of their responses; pairs are those that make the sum of likenesses largest (Kuhn, *The
Hungarian method for the assignment problem*, 1955). A pair counts as shared when it is more alike than nineteen of
twenty pairs are whose views were shuffled, the largest over all pairs taken; every other organ is one model's own.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from mesolens.errors import BadInput
from mesolens.evidence.axes import unit
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.organs.found import Found, found_in
from mesolens.instruments.middle.organs.partition import Partition, partition, sums
from mesolens.instruments.middle.organs.spec import FOUND, OrgansSpec

SHUFFLES = 400


@dataclass(frozen=True, slots=True)
class Responses:
    """A model's organs by what they do: a unit row each, over the same views."""

    name: str
    rows: Float[np.ndarray, "K V"]


def responses(tables: Tables, spec: OrgansSpec, name: str) -> Responses:
    """The responses of one model's organs."""
    found = found_in(tables, spec)
    return Responses(name, _responses(found, partition(found, spec)))


def _responses(found: Found, known: Partition) -> Float[np.ndarray, "K V"]:
    rows = found.of(FOUND)
    share_VK = sums(found.shares[rows], known.of, known.organs)[:, :-1]
    return unit((share_VK / found.gross[rows, None]).T)


def matched(one: Responses, other: Responses, seed: int) -> dict[str, Json]:
    """Pairs with their likeness, which of them are shared, and the organs that are one model's own.

    Raises:
        BadInput: the models did not see the same views.
    """
    if one.rows.shape[1] != other.rows.shape[1]:
        raise BadInput(
            f"{one.name} and {other.name} were seen in {one.rows.shape[1]} and {other.rows.shape[1]} views: organs can "
            "be matched where both models can read all contrasts"
        )
    likeness = np.abs(one.rows @ other.rows.T)
    rng = np.random.default_rng(seed)
    shuffled = [np.abs(one.rows @ other.rows[:, rng.permutation(other.rows.shape[1])].T).max() for _ in range(SHUFFLES)]
    floor = float(np.quantile(shuffled, 0.95))
    pairs = [(int(a), int(b)) for a, b in zip(*linear_sum_assignment(-likeness), strict=True)]
    shared = {pair for pair in pairs if likeness[pair] > floor}
    rows: list[Json] = [
        {"one": a, "other": b, "likeness": float(likeness[a, b]), "floor": floor, "shared": (a, b) in shared}
        for a, b in pairs
    ]
    alone_one: list[Json] = [organ for organ in range(len(one.rows)) if organ not in {a for a, _ in shared}]
    alone_other: list[Json] = [organ for organ in range(len(other.rows)) if organ not in {b for _, b in shared}]
    return {
        "models": [one.name, other.name],
        "matched": rows,
        "alone": {"one": alone_one, "other": alone_other},
    }
