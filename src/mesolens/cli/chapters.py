"""Which chapters an audit has, and how those of this version are run. A new instrument adds one entry here."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mesolens.cli.beside import beside, read_by
from mesolens.cli.opening import Items
from mesolens.cli.organ_ask import organs_of
from mesolens.cli.terminal import tell
from mesolens.errors import BadInput, CheckFailed, Incomplete, MesolensError
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, content_key
from mesolens.instruments import depth as depths
from mesolens.instruments import face as faces
from mesolens.instruments import middle
from mesolens.instruments.face.opening import opened, worst
from mesolens.instruments.face.twins import Twins
from mesolens.instruments.middle import organs
from mesolens.model.loaded import LoadedModel
from mesolens.report.html import CHAPTERS, write_report
from mesolens.runs.chapters import Instrument, foresee, run_chapter
from mesolens.runs.progress import reporter
from mesolens.runs.record import begin, depends, folder_of, plain
from mesolens.runs.settings import Budget, Settings
from mesolens.runs.store import Store
from mesolens.traits.encode import encode

_SILENCING = 3
"""Of the angles that broke the face, those from which organs are looked at."""
RESAMPLES: Mapping[Budget, int] = {"quick": 200, "standard": 1000, "deep": 5000}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is about, and what each chapter asks of it.

    Attributes:
        against: the model with which the middle compares, if there is one.
        items: the middle's contrasts.
        engine, width: of the middle and its referee.
        face: what is asked of the face; None where that chapter is not run.
        base: the model before tuning, for the face.
        twins: models trained alike, which the face is compared with.
        sights: from where organs are found and tried.
        matched: a model trained alike, whose organs are matched with the model's.
        depth: what is asked of depth; None where that chapter is not run.
    """

    model: LoadedModel
    against: LoadedModel | None
    items: Items
    settings: Settings
    engine: str = "gated"
    width: float | None = None
    face: faces.FaceSpec | None = None
    base: LoadedModel | None = None
    twins: tuple[LoadedModel, ...] = ()
    sights: organs.Sights = field(default_factory=organs.Sights)
    matched: LoadedModel | None = None
    depth: depths.DepthSpec | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """An instrument, and how what it is asked follows from the subject.

    Attributes:
        spec: what it is asked.
        other: the second model that it needs, if any.
        depends: what its numbers depend on beside the model, by the names that people use.
        then: what it adds to the questions of the chapters after it.
    """

    instrument: Instrument[Any]
    spec: Callable[[Subject], object]
    other: Callable[[Subject], LoadedModel | None]
    depends: Callable[[Subject], dict[str, Json]]
    then: Callable[[Subject, Store], Subject] = lambda subject, _: subject


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


def _middle_depends(subject: Subject) -> dict[str, Json]:
    against = "" if subject.against is None else subject.against.card.weights_hash
    contrasts = content_key(subject.items.to_json())
    return {"contrasts": contrasts, "against": against, "engine": subject.engine, "width": subject.width}


def _organs(subject: Subject) -> organs.OrgansSpec:
    return organs_of(subject.model, subject.items, subject.sights, subject.settings, subject.against)


def _organs_depends(subject: Subject) -> dict[str, Json]:
    against = "" if subject.against is None else subject.against.card.weights_hash
    asked: dict[str, Json] = {"contrasts": content_key(subject.items.to_json()), "against": against}
    asked["sights"] = content_key(plain(asdict(subject.sights)))
    return asked if subject.matched is None else {**asked, "matched": subject.matched.card.weights_hash}


def _face(subject: Subject) -> faces.FaceSpec:
    assert subject.face is not None, "a subject with the chapter face says what is asked of it"
    return subject.face


def _face_depends(subject: Subject) -> dict[str, Json]:
    asked: dict[str, Json] = {"face": content_key(plain(asdict(_face(subject))))}
    twins: list[Json] = [twin.card.weights_hash for twin in subject.twins]
    return {**asked, "twins": twins} if twins else asked


def _depth(subject: Subject) -> depths.DepthSpec:
    assert subject.depth is not None, "a subject with the chapter depth says what is asked of it"
    return subject.depth


def _depth_depends(subject: Subject) -> dict[str, Json]:
    return {"depth": content_key(plain(asdict(_depth(subject))))}


def _open_worst(subject: Subject, store: Store) -> Subject:
    """The worst angle's prompts as contrasts for the middle, behind those that it has."""
    contrasts = opened(subject.model, _face(subject), store.tables(faces.NAME)) if subject.items.contrasts else []
    more = tuple(encode(contrasts, subject.model))
    items = replace(subject.items, contrasts=(*subject.items.contrasts, *more))
    spec = _face(subject)
    broken = tuple(worst(spec, store.tables(faces.NAME), _SILENCING))
    sights = replace(subject.sights, broken=(*subject.sights.broken, *broken), declared=tuple(spec.declared))
    return replace(subject, items=items, sights=sights)


BUILT: Mapping[str, Chapter] = {
    "face": Chapter(faces, _face, lambda subject: subject.base, _face_depends, _open_worst),
    "middle": Chapter(middle, _middle, lambda subject: subject.against, _middle_depends),
    "organs": Chapter(organs, _organs, lambda subject: subject.against, _organs_depends),
    "depth": Chapter(depths, _depth, lambda _: None, _depth_depends),
}


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
        readings: dict[str, Reading] = {}
        for name in names:
            readings[name] = _read(name, subject, store)
            subject = BUILT[name].then(subject, store)
        if subject.matched is not None and "organs" in names:
            readings["organs"] = _beside(subject, subject.matched, store, readings["organs"])
        if subject.twins and "face" in names:
            readings["twins"] = _compared((subject.model, *subject.twins), _face(subject), store, subject.settings)
        write_report(store.run)
    return store, readings


def _foresee(subject: Subject, names: Sequence[str], store: Store) -> None:
    """Tell what each chapter will take, where anything is left to compute."""
    for name in names:
        needed = foresee(BUILT[name].instrument, subject.model.card, BUILT[name].spec(subject), store)
        if needed is not None:
            tell(f"{name}: {needed}")


def _compared(models: Sequence[LoadedModel], spec: faces.FaceSpec, store: Store, settings: Settings) -> Reading:
    """The reading of models trained alike, all asked what `spec` asks."""
    return run_chapter(Twins(tuple(models)), models[0], spec, store, reporter=reporter(as_json=settings.json))


def _beside(subject: Subject, twin: LoadedModel, store: Store, reading: Reading) -> Reading:
    """The reading with a second model's organs matched to the model's."""
    theirs = _organs(replace(subject, model=twin, items=read_by(subject.items, twin)))
    both = subject.model.card.name, twin
    return beside(both, (_organs(subject), theirs), store, reading, subject.settings)


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
    return run_chapter(chapter.instrument, subject.model, spec, store, against=other, reporter=progress)


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
