"""`ml.face` and `ml.twins`: who answers, and where models that were trained alike part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, cast

from mesolens.api.stages import tables_of
from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments import face as face_instrument
from mesolens.instruments.face.shown import shown
from mesolens.instruments.face.twins import Twins
from mesolens.model.loaded import LoadedModel
from mesolens.report.notebook import cell
from mesolens.traits.facepack import FacePack, default_pack


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


def look(model: LoadedModel, spec: face_instrument.FaceSpec, base: LoadedModel | None = None) -> Face:
    """The face of a model under a specification of one's own (:func:`mesolens.instruments.face.face_spec` makes
    one)."""
    tables = tables_of(face_instrument, model, base, spec)
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
    tables = tables_of(both, first, None, spec)
    return Face(both.read(tables, spec, first.card), tables)


def _pack_of(model: LoadedModel) -> FacePack:
    from mesolens.slides.facepack import pack_for

    slides = pack_for(model.card.name) if model.card.name.startswith("slide:") else None
    return slides or default_pack()
