"""What a run asks of a model's organs: its contrasts in words, seen from the angles that were named."""

from mesolens.cli.opening import Items
from mesolens.instruments.middle import organs
from mesolens.model.loaded import LoadedModel
from mesolens.runs.settings import Settings


def organs_of(
    model: LoadedModel, items: Items, sights: organs.Sights, settings: Settings, against: LoadedModel | None
) -> organs.OrgansSpec:
    """What is asked, under the budget of the settings.

    Raises:
        BadInput: no angle has such a name.
    """
    texts = items.texts
    views = organs.views_of(model, texts, items.contrasts[: len(texts)], sights, settings.seed)
    other = "" if against is None else against.card.weights_hash
    return organs.within(views, settings.budget, against=other, seed=settings.seed)
