"""`ml.middle`: the tree of shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, cast

import pyarrow as pa

from mesolens.api.stages import tables_of
from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.hostile import printable
from mesolens.instruments import middle as instrument
from mesolens.instruments.middle.tree import Node
from mesolens.model.loaded import LoadedModel
from mesolens.report.notebook import cell
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode


@dataclass(frozen=True, slots=True)
class Tree:
    """What the middle found: shares from the model down to its heads and neurons, in nats.

    Attributes:
        reading: verdict, sentence, numbers and protocol, as the command writes them.
        tables: shares by contrast (`middle-items`, `middle-leaves`, `middle-tokens`) and what was checked and seen from
            close by, as Arrow tables; :meth:`table` gives them one by one.
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

    def table(self, name: str = "nodes", *, arrow: bool = False) -> Any:  # noqa: ANN401 (pandas is the user's choice)
        """The tree's nodes, or what lies under them: a pandas DataFrame where pandas is installed, else an Arrow table.

        Args:
            name: `nodes`, or a table of the run without its `middle-`: `items`, `leaves`, `tokens`, `edges`, ….
            arrow: an Arrow table even where pandas is installed.

        Raises:
            BadInput: the tree has no such table.
        """
        rows = _node_rows(self.nodes) if name == "nodes" else self.tables.get(f"middle-{name}")
        if rows is None:
            there = ", ".join(["nodes", *(table.removeprefix("middle-") for table in sorted(self.tables))])
            raise BadInput(f"the tree has no table {printable(repr(name), 60)}; it has {there}")
        return rows if arrow or find_spec("pandas") is None else rows.to_pandas()

    def _repr_html_(self) -> str:
        return cell(self.reading, self.tables)


def middle(
    model: LoadedModel,
    contrasts: Sequence[Contrast],
    *,
    against: LoadedModel | None = None,
    engine: str = "gated",
    tokens: bool = True,
    budget: str | None = "quick",
    seed: int = 0,
) -> Tree:
    """Which heads and neurons make the difference between each contrast's two prompts, adding up at every level.

    Args:
        model: the model that is explained.
        contrasts: prompts, references and continuations; references are not needed with `against`.
        against: another model of the same shape, which is the reference then.
        engine: `gated`, which hands over to the referee when its total does not close, or `owen`, the referee alone.
        tokens: whether shares are also split by source token.
        budget: what is spent on the referee, on checks and on close-ups: `quick`, `standard` or `deep`; None leaves
            checks and close-ups out.
        seed: of every draw.

    Raises:
        BadInput: a contrast cannot be used, the models differ in shape, or no engine or budget has that name.
    """
    if budget not in (None, *instrument.PROOFS):
        raise BadInput(f"no budget is called {budget!r}; there are {', '.join(instrument.PROOFS)}, or None")
    reference = "" if against is None else against.card.weights_hash
    items = tuple(encode(contrasts, model))
    spec = instrument.MiddleSpec(
        items,
        against=reference,
        tokens=tokens,
        seed=seed,
        engine=engine,
        referee=instrument.REFEREES[budget or "quick"],
        proof=None if budget is None else instrument.PROOFS[budget],
    )
    tables = tables_of(instrument, model, against, spec)
    return Tree(instrument.read(tables, spec, model.card), tables)


def _node_rows(nodes: Sequence[Node]) -> pa.Table:
    texts, figures = ("site", "parent"), ("share", "low", "high", "direct")
    schema = pa.schema([*((name, pa.string()) for name in texts), *((name, pa.float64()) for name in figures)])
    return pa.Table.from_pylist([node.to_json() for node in nodes], schema=schema)
