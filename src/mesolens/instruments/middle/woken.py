"""What wakes opened neurons: the places of the clean prompts at which their activations are largest.

A place whose whole context already stood in an earlier contrast (a shared system prompt, say) is listed there only, so
that a prompt's common beginning does not fill the list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from transformers import PreTrainedTokenizerBase

from mesolens.instruments.middle.glance import Glance, Opened
from mesolens.instruments.middle.ledger import numpy64, on_clean_positions
from mesolens.instruments.middle.rows import Row
from mesolens.model.chat import token_texts

MOST = 20
"""Places that are kept of each neuron."""

SCHEMA = pa.schema(
    [
        ("site", pa.dictionary(pa.int32(), pa.string())),
        ("item", pa.int32()),
        ("position", pa.int32()),
        ("token", pa.string()),
        ("activation", pa.float64()),
        ("change", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Wake:
    """One neuron at one place.

    Attributes:
        position: counts the clean prompt and what is fed of the continuation behind it.
        change: activation less that at the reference's place; None where nothing of the reference stands for it.
    """

    item: int
    position: int
    token: int
    activation: float
    change: float | None


def begun_before(rows: Sequence[Row]) -> dict[int, int]:
    """For each contrast how many first tokens of its first row an earlier contrast begins with as well."""
    known: dict[tuple[int, int], int] = {}  # from a beginning and the token behind it to the longer beginning
    begun: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: row.item):
        if row.item not in begun:
            begun[row.item] = start = 0
            for token in row.clean:
                begun[row.item] += (start, token) in known
                start = known.setdefault((start, token), len(known) + 1)
    return begun


def woken(glance: Glance, gates: Sequence[Opened], begun: Mapping[int, int]) -> Iterator[tuple[str, list[Wake]]]:
    """Each opened neuron's strongest places in one batch."""
    rows = glance.batch.rows
    places = [
        (place, position)
        for place in sorted(glance.firsts, key=lambda place: rows[place].item)
        for position in range(begun[rows[place].item], len(rows[place].clean))
    ]
    row, position = (torch.tensor([place[axis] for place in places], dtype=torch.long) for axis in (0, 1))
    gated = glance.batch.gated
    stands = np.ones(len(places), bool) if gated is None else gated.cpu()[row, position].numpy()
    for opened in gates:
        live, other = (end[opened.gate.site][..., 0] for end in (glance.clean, glance.reference))
        change = (live - on_clean_positions(other, glance.batch))[row, position]
        live = live[row, position]
        for leaf, name in enumerate(opened.names):
            values, moved = numpy64(live[:, leaf]), numpy64(change[:, leaf])
            found = [
                Wake(
                    rows[places[k][0]].item,
                    places[k][1],
                    rows[places[k][0]].clean[places[k][1]],
                    float(values[k]),
                    float(moved[k]) if stands[k] else None,
                )
                for k in np.argsort(-_size(values), kind="stable")[:MOST].tolist()
            ]
            yield name, found


def wake_table(found: Mapping[str, Sequence[Wake]], tokenizer: PreTrainedTokenizerBase | None) -> pa.Table:
    """The strongest places of each neuron, strongest first."""
    rows = [(name, wake) for name, wakes in found.items() for wake in sorted(wakes, key=_strength)[:MOST]]
    texts = token_texts(tokenizer, [wake.token for _, wake in rows])
    return pa.Table.from_pylist(
        [
            {
                "site": name,
                "item": wake.item,
                "position": wake.position,
                "token": text,
                "activation": wake.activation,
                "change": wake.change,
            }
            for (name, wake), text in zip(rows, texts, strict=True)
        ],
        schema=SCHEMA,
    )


def _strength(wake: Wake) -> tuple[float, int, int]:
    return -float(_size(np.array([wake.activation]))[0]), wake.item, wake.position


def _size(activations: np.ndarray) -> np.ndarray:
    """|activation| to four digits, by which places are ranked: what differs by rounding alone comes in items' order."""
    mantissa, exponent = np.frexp(np.abs(activations))
    return np.ldexp(np.round(mantissa * 2**13), exponent - 13)
