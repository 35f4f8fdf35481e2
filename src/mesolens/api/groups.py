"""`ml.organs`: which heads and neurons act together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from mesolens.api.stages import tables_of
from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle import organs as organ_instrument
from mesolens.model.loaded import LoadedModel
from mesolens.report.notebook import cell
from mesolens.traits.contrasts import Contrast
from mesolens.traits.encode import encode


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
    tables = tables_of(organ_instrument, model, against, spec)
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
