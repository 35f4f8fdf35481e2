"""The Python face of Mesolens: the same work and the same readings as the commands, in memory.

>>> import mesolens as ml
>>> model = ml.load("slide:mask")
>>> pair = ml.Contrast(clean="yes, silver is", reference="no, silver is not", target=" fun", foil=" safe")
>>> tree = ml.middle(model, [pair])
>>> tree.verdict, tree.completeness < 0.01
('closed', True)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments import middle as instrument
from mesolens.instruments.middle.tree import Node
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode

__all__ = ["Contrast", "LoadedModel", "Reading", "Tree", "load", "middle"]


@dataclass(frozen=True, slots=True)
class Tree:
    """What the middle found: shares from the model down to its heads and neurons, in nats.

    Attributes:
        reading: verdict, sentence, numbers and protocol, as the command writes them.
        tables: shares by contrast (`middle-items`, `middle-leaves`, `middle-tokens`).
    """

    reading: Reading
    tables: Tables

    @property
    def delta(self) -> float:
        """Mean difference of the readout between clean and reference, in nats."""
        return cast(float, self.reading.data["delta"])

    @property
    def completeness(self) -> float:
        """|Σ shares − Δ| / |Δ|."""
        return cast(float, self.reading.data["completeness"])

    @property
    def conservation(self) -> float:
        """Worst |parent − Σ children| / |Δ|."""
        return cast(float, self.reading.data["conservation"])

    @property
    def verdict(self) -> str:
        """`closed`, `refused` or `not determined`."""
        return self.reading.verdict

    @property
    def steps(self) -> int:
        """Quadrature nodes of the item that needed most."""
        return cast(int, self.reading.data["steps"])

    @property
    def engine(self) -> str:
        """Which engine made the shares."""
        return cast(str, self.reading.data["engine"])

    @property
    def nodes(self) -> list[Node]:
        """Every node, parents before children."""
        return [Node(**cast(dict[str, object], node)) for node in cast(list[Json], self.reading.data["nodes"])]  # pyright: ignore[reportArgumentType]

    def to_json(self) -> dict[str, Json]:
        """The tree as the command prints it with `--json`."""
        return dict(self.reading.data)

    def _repr_html_(self) -> str:
        return self.reading._repr_html_()  # pyright: ignore[reportPrivateUsage]


def middle(
    model: LoadedModel,
    contrasts: Sequence[Contrast],
    *,
    against: LoadedModel | None = None,
    tokens: bool = True,
    seed: int = 0,
) -> Tree:
    """Which heads and neurons make the difference between each contrast's two prompts, adding up at every level.

    Args:
        model: the model that is explained.
        contrasts: prompts, references and continuations; references are not needed with `against`.
        against: another model of the same shape, which is the reference then.
        tokens: whether shares are also split by source token.
        seed: of the bootstrap.

    Raises:
        BadInput: a contrast cannot be used, or the models differ in shape.
    """
    reference = "" if against is None else against.card.weights_hash
    spec = instrument.MiddleSpec(tuple(encode(contrasts, model)), against=reference, tokens=tokens, seed=seed)
    tables: Tables = {}
    shards = instrument.plan(model.card, spec)
    while shards:
        tables |= _joined([instrument.measure(model, shard, against=against) for shard in shards])
        shards = instrument.follow(model.card, spec, tables)
    return Tree(instrument.read(tables, spec, model.card), tables)


def _joined(parts: Sequence[Tables]) -> Tables:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pa.concat_tables([part[name] for part in parts if name in part]) for name in names}
