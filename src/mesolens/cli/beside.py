"""The organs of a second model in the same run, matched with those of the first."""

from dataclasses import replace

from mesolens.cli.opening import Items
from mesolens.evidence.reading import Reading
from mesolens.instruments.middle import organs
from mesolens.model.loaded import LoadedModel
from mesolens.runs.chapters import run_chapter
from mesolens.runs.progress import reporter
from mesolens.runs.settings import Settings
from mesolens.runs.store import Store
from mesolens.traits.encode import encode


def beside(
    models: tuple[str, LoadedModel],
    specs: tuple[organs.OrgansSpec, organs.OrgansSpec],
    store: Store,
    reading: Reading,
    settings: Settings,
) -> Reading:
    """The reading with the twin's organs beside the model's, where both have any.

    Args:
        models: the name of the first, and the second.
        specs: what either is asked.
        store: of the run, which holds the first one's tables.
        reading: of the first.
        settings: of the run.

    Raises:
        BadInput: the two cannot see the same views.
    """
    name, twin = models
    theirs = run_chapter(organs.Twin(twin), twin, specs[1], store, reporter=reporter(as_json=settings.json))
    if "refused" in (reading.verdict, theirs.verdict):
        return reading
    one = organs.responses(store.tables(organs.NAME), specs[0], name)
    other = organs.responses(store.tables(organs.Twin(twin).NAME), specs[1], twin.card.name)
    whole = replace(reading, data={**reading.data, "twins": organs.matched(one, other, settings.seed)})
    store.write_json(f"readings/{organs.NAME}", whole.to_json())
    return whole


def read_by(items: Items, model: LoadedModel) -> Items:
    """The contrasts that were given in words, as token ids of another model."""
    return replace(items, contrasts=tuple(encode(items.texts, model)))
