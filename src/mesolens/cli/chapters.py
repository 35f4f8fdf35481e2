"""Which chapters an audit has, and how those of this version are run. A new instrument adds one entry here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mesolens.cli.opening import Items
from mesolens.cli.terminal import tell
from mesolens.errors import BadInput, CheckFailed
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json
from mesolens.instruments import middle
from mesolens.model.loaded import LoadedModel
from mesolens.report.html import CHAPTERS
from mesolens.runs.chapters import run_chapter
from mesolens.runs.progress import reporter
from mesolens.runs.record import begin, depends, folder_of
from mesolens.runs.settings import Budget, Settings
from mesolens.runs.store import Store

RESAMPLES: Mapping[Budget, int] = {"quick": 200, "standard": 1000, "deep": 5000}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is about: the model, the model that it is compared with if there is one, and the contrasts."""

    model: LoadedModel
    against: LoadedModel | None
    items: Items
    settings: Settings


def read_middle(subject: Subject, store: Store) -> Reading:
    """The chapter *middle*, computed as far as the run folder does not hold it."""
    other = "" if subject.against is None else subject.against.card.weights_hash
    spec = middle.MiddleSpec(
        subject.items.contrasts,
        against=other,
        seed=subject.settings.seed,
        resamples=RESAMPLES[subject.settings.budget],
    )
    progress = reporter(as_json=subject.settings.json)
    return run_chapter(middle, subject.model, spec, store, against=subject.against, reporter=progress, say=tell)


RUNNERS: Mapping[str, Callable[[Subject, Store], Reading]] = {"middle": read_middle}


def wanted(only: str | None) -> list[str]:
    """The chapters to run, in the report's order: those named, comma-separated, or all that this version has.

    Raises:
        BadInput: a name is no chapter, or one that this version does not have.
    """
    if only is None:
        return [name for name in CHAPTERS if name in RUNNERS]
    named = [name.strip() for name in only.split(",")]
    for name in named:
        if name not in CHAPTERS:
            raise BadInput(f"--only names {name!r}, which is no chapter; chapters are {', '.join(CHAPTERS)}")
        if name not in RUNNERS:
            raise BadInput(f"--only names {name!r}, which is not in this version; it has {', '.join(RUNNERS)}")
    return [name for name in CHAPTERS if name in named]


def missing() -> list[str]:
    """The chapters that this version does not have yet."""
    return [name for name in CHAPTERS if name not in RUNNERS]


def begin_run(subject: Subject, chapters: list[str], command: list[str]) -> Store:
    """The run folder of a subject, begun or found again.

    Raises:
        BadInput: the folder cannot be used, or holds another run.
    """
    card, settings = subject.model.card, subject.settings
    against = None if subject.against is None else subject.against.card
    depending = depends(card, settings, subject.items.to_json(), against)
    store = Store(folder_of(card.name, depending, settings))
    states: dict[str, Json] = dict.fromkeys(missing(), "not in this version")
    states |= dict.fromkeys(chapters, "asked")
    contrasts: dict[str, Json] = {"source": subject.items.source, "items": len(subject.items.contrasts)}
    begin(store, card, settings, depending, against=against, contrasts=contrasts, chapters=states, command=command)
    return store


def check(readings: Mapping[str, Reading]) -> None:
    """Hold every figure against its bar.

    Raises:
        CheckFailed: one does not hold; the message names the first and counts the rest.
    """
    failed = [(name, n) for name, reading in readings.items() for n in reading.numbers if n.holds is False]
    if failed:
        name, number = failed[0]
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise CheckFailed(f"{name}: {number.name} is {number.value:.3g}, its bar {number.bar}{more}")
