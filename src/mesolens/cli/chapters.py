"""Which chapters an audit has, and how those of this version are run. A new instrument adds one entry here."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mesolens.cli.opening import Items
from mesolens.cli.terminal import tell
from mesolens.errors import BadInput, CheckFailed, Incomplete, MesolensError
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json
from mesolens.instruments import middle
from mesolens.model.loaded import LoadedModel
from mesolens.report.html import CHAPTERS, write_report
from mesolens.runs.chapters import Instrument, foresee, run_chapter
from mesolens.runs.progress import reporter
from mesolens.runs.record import begin, depends, folder_of
from mesolens.runs.settings import Budget, Settings
from mesolens.runs.store import Store

RESAMPLES: Mapping[Budget, int] = {"quick": 200, "standard": 1000, "deep": 5000}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is about: the model, the model that it is compared with if there is one, the contrasts, the engine."""

    model: LoadedModel
    against: LoadedModel | None
    items: Items
    settings: Settings
    engine: str = "gated"
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """An instrument, and how what it is asked follows from the subject."""

    instrument: Instrument[Any]
    spec: Callable[[Subject], object]


def _middle(subject: Subject) -> middle.MiddleSpec:
    other = "" if subject.against is None else subject.against.card.weights_hash
    settings = subject.settings
    return middle.MiddleSpec(
        subject.items.contrasts,
        against=other,
        seed=settings.seed,
        resamples=RESAMPLES[settings.budget],
        engine=subject.engine,
        referee=_referee(subject),
        proof=middle.PROOFS[settings.budget],
    )


def _referee(subject: Subject) -> middle.Refereeing:
    by_budget = middle.REFEREES[subject.settings.budget]
    return by_budget if subject.width is None else replace(by_budget, width=subject.width)


BUILT: Mapping[str, Chapter] = {"middle": Chapter(middle, _middle)}


def engine_of(name: str) -> str:
    """The engine of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in middle.ENGINES:
        raise BadInput(f"--engine is {name!r}; there are {', '.join(middle.ENGINES)}")
    return name


def width_of(part: float | None) -> float | None:
    """The half width of an interval, as a part of the difference.

    Raises:
        BadInput: it is not between 0 and 1.
    """
    if part is not None and not 0 < part < 1:
        raise BadInput(f"--width is {part:g}; give a part of the difference between 0 and 1, such as 0.02")
    return part


def wanted(only: str | None) -> list[str]:
    """The chapters to run, in the report's order: those named, comma-separated, or all that this version has.

    Raises:
        BadInput: a name is no chapter, or one that this version does not have.
    """
    if only is None:
        return [name for name in CHAPTERS if name in BUILT]
    named = [name.strip() for name in only.split(",")]
    for name in named:
        if name not in CHAPTERS:
            raise BadInput(f"--only names {name!r}, which is no chapter; chapters are {', '.join(CHAPTERS)}")
        if name not in BUILT:
            raise BadInput(f"--only names {name!r}, which is not in this version; it has {', '.join(BUILT)}")
    return [name for name in CHAPTERS if name in named]


def missing() -> list[str]:
    """The chapters that this version does not have yet."""
    return [name for name in CHAPTERS if name not in BUILT]


def run(subject: Subject, names: Sequence[str], command: Sequence[str]) -> tuple[Store, dict[str, Reading]]:
    """Run chapters in the subject's run folder, begun or found again, and write the report.

    Raises:
        BadInput: the folder holds something else, or a chapter cannot be run; a folder that was new is removed again.
        Incomplete: stopped before the end; the same command resumes.
    """
    card = subject.model.card
    against = None if subject.against is None else subject.against.card
    depending = depends(card, subject.settings, subject.items.to_json(), against)
    depending |= {"engine": subject.engine, "width": subject.width}
    store = Store(folder_of(card.name, depending, subject.settings))
    for name in names:
        needed = foresee(BUILT[name].instrument, card, BUILT[name].spec(subject), store)
        if needed is not None:
            tell(f"{name}: {needed}")
    states: dict[str, Json] = dict.fromkeys(missing(), "not in this version")
    states |= dict.fromkeys(names, "asked")
    contrasts: dict[str, Json] = {"source": subject.items.source, "items": len(subject.items.contrasts)}
    with _removed_if_useless(store):
        begin(
            store,
            card,
            subject.settings,
            depending,
            against=against,
            contrasts=contrasts,
            chapters=states,
            command=command,
        )
        readings = {name: _read(name, subject, store) for name in names}
        write_report(store.run)
    return store, readings


def _read(name: str, subject: Subject, store: Store) -> Reading:
    chapter = BUILT[name]
    progress = reporter(as_json=subject.settings.json)
    spec = chapter.spec(subject)
    return run_chapter(chapter.instrument, subject.model, spec, store, against=subject.against, reporter=progress)


@contextmanager
def _removed_if_useless(store: Store) -> Generator[None]:
    """Leave no run folder behind that was begun here and cannot hold anything; a stopped run keeps its own."""
    fresh = not store.exists
    try:
        yield
    except MesolensError as error:
        stopped = isinstance(error, Incomplete) and not isinstance(error.__cause__, OSError)
        if fresh and not stopped:
            store.abandon()
        raise


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
