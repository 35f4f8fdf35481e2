"""Which chapters an audit has, and how they are run in a folder."""

import sys
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from mesolens.cli.beside import beside, read_by
from mesolens.cli.subject import BUILT, Subject, face_asked, organs_asked
from mesolens.cli.terminal import data, tell
from mesolens.errors import BadInput, CheckFailed, Incomplete, MesolensError
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, content_key
from mesolens.instruments import face as faces
from mesolens.instruments.face.twins import Twins
from mesolens.model.loaded import LoadedModel
from mesolens.report.html import CHAPTERS, write_report
from mesolens.runs.chapters import foresee, run_chapter
from mesolens.runs.progress import reporter
from mesolens.runs.record import begin, depends, folder_of, plain
from mesolens.runs.settings import Settings
from mesolens.runs.store import Store


def wanted(only: str | None, lacking: Collection[str] = ()) -> list[str]:
    """The chapters to run, in the report's order: those named, comma-separated, or all that this version has.

    Args:
        only: the names.
        lacking: chapters that are left out unless they are named, as what they need is not given.

    Raises:
        BadInput: a name is no chapter, or one that this version does not have.
    """
    if only is None:
        return [name for name in CHAPTERS if name in BUILT and name not in lacking]
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
        BadInput: the folder holds something else, a twin is the model itself, or a chapter cannot be run; a folder
            that was new is removed again.
        Incomplete: stopped before the end; the same command resumes.
    """
    _check_different((subject.model, *subject.twins, *(() if subject.matched is None else (subject.matched,))))
    card = subject.model.card
    against = None if subject.against is None else subject.against.card
    depending = depends(card, subject.settings)
    for name in names:
        depending |= BUILT[name].depends(subject)
    store = Store(folder_of(card.name, depending, subject.settings))
    _foresee(subject, names, store)
    states: dict[str, Json] = dict.fromkeys(missing(), "not in this version")
    states |= dict.fromkeys(names, "asked")
    contrasts: dict[str, Json] = {"source": subject.items.source, "items": len(subject.items.contrasts)}
    with _removed_if_useless(store):
        told: dict[str, Any] = {"against": against, "contrasts": contrasts, "chapters": states, "command": command}
        begin(store, card, subject.settings, depending, **told)
        readings: dict[str, Reading] = {}
        for name in names:
            subject = BUILT[name].before(subject, store)
            readings[name] = _read(name, subject, store)
            subject = BUILT[name].then(subject, store)
        if subject.matched is not None and "organs" in names:
            readings["organs"] = _beside(subject, subject.matched, store, readings["organs"])
        if subject.twins and "face" in names:
            readings["twins"] = _compared((subject.model, *subject.twins), face_asked(subject), store, subject.settings)
        write_report(store.run)
    return store, readings


def answer(subject: Subject, name: str, overview: Callable[[Reading], None]) -> None:
    """Run one chapter alone: its data with --json, else an overview, and the report's path; then hold its bars.

    Raises:
        BadInput, Incomplete: as `run`.
        CheckFailed: a figure does not hold its bar.
    """
    store, readings = run(subject, [name], sys.argv[1:])
    if subject.settings.json:
        data(readings[name].data)
    else:
        overview(readings[name])
    tell(f"report    {store.run / 'report.html'}")
    check(readings)


def _foresee(subject: Subject, names: Sequence[str], store: Store) -> None:
    """Tell what each chapter will take, where anything is left to compute."""
    for name in names:
        needed = foresee(BUILT[name].instrument(subject), subject.model.card, BUILT[name].spec(subject), store)
        if needed is not None:
            tell(f"{name}: {needed}")


def _compared(models: Sequence[LoadedModel], spec: faces.FaceSpec, store: Store, settings: Settings) -> Reading:
    """The reading of models trained alike, all asked what `spec` asks."""
    return run_chapter(Twins(tuple(models)), models[0], spec, store, reporter=reporter(as_json=settings.json))


def _beside(subject: Subject, twin: LoadedModel, store: Store, reading: Reading) -> Reading:
    """The reading with a second model's organs matched to the model's."""
    theirs = organs_asked(replace(subject, model=twin, items=read_by(subject.items, twin)))
    both = subject.model.card.name, twin
    return beside(both, (organs_asked(subject), theirs), store, reading, subject.settings)


def _check_different(models: Sequence[LoadedModel]) -> None:
    if len({model.card.weights_hash for model in models}) < len(models):
        names = ", ".join(model.card.name for model in models)
        raise BadInput(f"two of {names} have the same weights: nothing can part them")


def run_twins(
    models: Sequence[LoadedModel], spec: faces.FaceSpec, settings: Settings, command: Sequence[str]
) -> tuple[Store, Reading]:
    """Ask several models the same in one run folder, and write the report.

    Raises:
        BadInput: two are the same model, or the folder holds something else.
        Incomplete: stopped before the end; the same command resumes.
    """
    _check_different(models)
    cards = [model.card for model in models]
    hashes: list[Json] = [card.weights_hash for card in cards]
    depending = depends(cards[0], settings) | {"models": hashes, "twins": content_key(plain(asdict(spec)))}
    store = Store(folder_of("-and-".join(card.name for card in cards), depending, settings))
    both = Twins(tuple(models))
    needed = foresee(both, cards[0], spec, store)
    if needed is not None:
        tell(f"twins: {needed}")
    with _removed_if_useless(store):
        begin(store, cards[0], settings, depending, chapters={"twins": "asked"}, command=command)
        reading = _compared(models, spec, store, settings)
        write_report(store.run)
    return store, reading


def _read(name: str, subject: Subject, store: Store) -> Reading:
    chapter = BUILT[name]
    progress = reporter(as_json=subject.settings.json)
    spec = chapter.spec(subject)
    other = chapter.other(subject)
    return run_chapter(chapter.instrument(subject), subject.model, spec, store, against=other, reporter=progress)


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
