"""The Python face of Mesolens: the same work and the same readings as the commands, in memory.

>>> import mesolens as ml
>>> model = ml.load("slide:mask")
>>> pair = ml.Contrast(clean="yes, silver is", reference="no, silver is not", target=" fun", foil=" safe")
>>> tree = ml.middle(model, [pair])
>>> tree.verdict, tree.completeness < 0.01
('closed', True)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, cast

import pyarrow as pa

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.hostile import printable
from mesolens.instruments import face as face_instrument
from mesolens.instruments import middle as instrument
from mesolens.instruments.face.shown import shown
from mesolens.instruments.face.twins import Twins
from mesolens.instruments.middle import organs as organ_instrument
from mesolens.instruments.middle.tree import Node
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.report.notebook import cell
from mesolens.runs.chapters import Instrument
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode
from mesolens.traits.facepack import FacePack, default_pack

__all__ = [
    "Contrast",
    "Face",
    "LoadedModel",
    "Organs",
    "Reading",
    "Tree",
    "face",
    "load",
    "middle",
    "organ_twins",
    "organs",
    "twins",
]


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
    tables = _stages(instrument, model, against, spec)
    return Tree(instrument.read(tables, spec, model.card), tables)


@dataclass(frozen=True, slots=True)
class Face:
    """What was found when a model's face, or that of twins, was looked at.

    Attributes:
        reading: verdict, sentence, numbers and protocol, as the command writes them.
        tables: what was measured, as Arrow tables (`face-replies`, `face-clean`, `face-states`).
    """

    reading: Reading
    tables: Tables

    @property
    def verdict(self) -> str:
        """`breaks`, `holds` or `not determined`; of twins `one face`, `split` or `strangers`."""
        return self.reading.verdict

    @property
    def angles(self) -> list[dict[str, Json]]:
        """A row for each angle: shares with their intervals, test, commonness; see the reference of the face."""
        return cast("list[dict[str, Json]]", self.reading.data["angles"])

    def to_json(self) -> dict[str, Json]:
        """The data as the command prints it with `--json`."""
        return dict(self.reading.data)

    def replies(self, *, arrow: bool = False) -> Any:  # noqa: ANN401 (pandas is the user's choice)
        """Every reply with who was heard in it: a pandas DataFrame where pandas is installed, else an Arrow table.

        Raises:
            BadInput: the reading is one of twins, which keeps replies by model.
        """
        rows = shown(self.reading, self.tables)
        if rows is None:
            raise BadInput("this reading has no replies of one model; twins keep them in `tables`")
        return rows if arrow or find_spec("pandas") is None else rows.to_pandas()

    def _repr_html_(self) -> str:
        return cell(self.reading, self.tables)


@dataclass(frozen=True, slots=True)
class Organs:
    """What was found when a model's leaves were grouped.

    Attributes:
        reading: verdict, sentence, numbers and protocol, as the command writes them.
        tables: what was measured, as Arrow tables (`organs-items`, `organs-removed`, …).
    """

    reading: Reading
    tables: Tables

    @property
    def verdict(self) -> str:
        """`organs`, `unstable`, `diffuse`, `not determined` or `refused`."""
        return self.reading.verdict

    @property
    def found(self) -> list[dict[str, Json]]:
        """A row for each organ, the one that carries most first; see the reference of organs."""
        return cast("list[dict[str, Json]]", self.reading.data["organs"])

    def to_json(self) -> dict[str, Json]:
        """The data as the command prints it with `--json`."""
        return dict(self.reading.data)

    def _repr_html_(self) -> str:
        return cell(self.reading, self.tables)


def face(
    model: LoadedModel,
    *,
    pack: FacePack | None = None,
    angles: Sequence[str] | None = None,
    base: LoadedModel | None = None,
    budget: str = "quick",
    temperature: float = 1.0,
    seed: int = 0,
) -> Face:
    """Who answers, and from which angles it becomes somebody else, or nobody.

    Args:
        model: whose face is looked at; it needs a tokenizer.
        pack: voices, traits, prompts and more angles; a slide has its own, any other model gets the default pack.
        angles: compositions in the syntax of :mod:`mesolens.angles.composition`; without any, every angle.
        base: the model before tuning.
        budget: how many prompts and replies: `quick`, `standard` or `deep`.
        temperature: of sampling.
        seed: of every draw.

    Raises:
        BadInput: an angle's name is wrong, the pack is too small, or the model cannot be asked in words.
    """
    spec = face_instrument.face_spec(
        pack or _pack_of(model),
        budget=budget,
        angles=angles,
        temperature=temperature,
        seed=seed,
    )
    return look(model, replace(spec, base="" if base is None else base.card.weights_hash), base)


def organs(
    model: LoadedModel,
    contrasts: Sequence[Contrast],
    *,
    sights: organ_instrument.Sights | None = None,
    against: LoadedModel | None = None,
    budget: str = "quick",
    seed: int = 0,
) -> Organs:
    """Which heads and neurons act together, what each group serves, and whether its removal does what its share says.

    Args:
        model: the model that is explained.
        contrasts: several of each trait; a template's name up to its first slash is the trait (`warmth/order`).
        sights: angles that organs are found by, tried from, and only looked from; None is the usual few.
        against: another model of the same shape, which is the reference then.
        budget: what null tables and proofs may cost: `quick`, `standard` or `deep`.
        seed: of every draw.

    Raises:
        BadInput: there are too few contrasts, one cannot be used, or no budget or angle has that name.
    """
    if budget not in organ_instrument.BUDGETS:
        raise BadInput(f"no budget is called {budget!r}; there are {', '.join(organ_instrument.BUDGETS)}")
    encoded = encode(contrasts, model)
    views = organ_instrument.views_of(model, contrasts, encoded, sights or organ_instrument.Sights(), seed)
    reference = "" if against is None else against.card.weights_hash
    spec = organ_instrument.within(views, budget, against=reference, seed=seed)
    tables = _stages(organ_instrument, model, against, spec)
    return Organs(organ_instrument.read(tables, spec, model.card), tables)


def organ_twins(
    models: tuple[LoadedModel, LoadedModel],
    contrasts: Sequence[Contrast],
    *,
    sights: organ_instrument.Sights | None = None,
    budget: str = "quick",
    seed: int = 0,
) -> tuple[Organs, Organs]:
    """The organs of two models, the first with its organs matched to the second's by what they do (`data["twins"]`).

    Raises:
        BadInput: as for `organs`, or a model cannot read all that the other can.
    """
    both = [organs(model, contrasts, sights=sights, budget=budget, seed=seed) for model in models]
    rows: list[organ_instrument.Responses] = []
    for model, found in zip(models, both, strict=True):
        encoded = encode(contrasts, model)
        views = organ_instrument.views_of(model, contrasts, encoded, sights or organ_instrument.Sights(), seed)
        spec = organ_instrument.within(views, budget, seed=seed)
        rows.append(organ_instrument.responses(found.tables, spec, model.card.name))
    data = {**both[0].reading.data, "twins": organ_instrument.matched(rows[0], rows[1], seed)}
    return Organs(replace(both[0].reading, data=data), both[0].tables), both[1]


def look(model: LoadedModel, spec: face_instrument.FaceSpec, base: LoadedModel | None = None) -> Face:
    """The face of a model under a specification of one's own (:func:`mesolens.instruments.face.face_spec` makes
    one)."""
    tables = _stages(face_instrument, model, base, spec)
    return Face(face_instrument.read(tables, spec, model.card), tables)


def twins(
    models: Sequence[LoadedModel],
    *,
    pack: FacePack | None = None,
    angles: Sequence[str] | None = None,
    budget: str = "quick",
    seed: int = 0,
) -> Face:
    """Where models that were trained alike agree, and from which angles they part.

    Raises:
        BadInput: fewer than two models are given, or as for `face`.
    """
    if len(models) < 2:
        raise BadInput(f"{len(models)} models have nobody to be compared with: give two or more")
    spec = face_instrument.face_spec(pack or _pack_of(models[0]), budget=budget, angles=angles, seed=seed)
    return stages(Twins(tuple(models)), spec)


def stages(both: Twins, spec: face_instrument.FaceSpec) -> Face:
    """Twins under a specification of one's own."""
    first = both.models[0]
    tables = _stages(both, first, None, spec)
    return Face(both.read(tables, spec, first.card), tables)


def _pack_of(model: LoadedModel) -> FacePack:
    from mesolens.slides.facepack import pack_for

    slides = pack_for(model.card.name) if model.card.name.startswith("slide:") else None
    return slides or default_pack()


def _stages(work: Instrument[Any], model: LoadedModel, against: LoadedModel | None, spec: object) -> Tables:
    """The tables of every stage of an instrument; those of one name joined, stage after stage."""
    tables: Tables = {}
    shards = work.plan(model.card, spec)
    while shards:
        parts = [work.measure(model, shard, against=against) for shard in shards]
        tables = _joined([tables, *parts])
        shards = work.follow(model.card, spec, tables)
    return tables


def _node_rows(nodes: Sequence[Node]) -> pa.Table:
    texts, figures = ("site", "parent"), ("share", "low", "high", "direct")
    schema = pa.schema([*((name, pa.string()) for name in texts), *((name, pa.float64()) for name in figures)])
    return pa.Table.from_pylist([node.to_json() for node in nodes], schema=schema)


def _joined(parts: Sequence[Tables]) -> Tables:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pa.concat_tables([part[name] for part in parts if name in part]) for name in names}
