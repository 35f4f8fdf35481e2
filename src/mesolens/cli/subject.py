"""What a run is about, and how what each chapter asks follows from it. A new instrument adds one entry here."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mesolens.cli.average_ask import Corpora, with_broken
from mesolens.cli.opening import Items
from mesolens.cli.organ_ask import organs_of
from mesolens.evidence.shards import Json, content_key
from mesolens.instruments import depth as depths
from mesolens.instruments import face as faces
from mesolens.instruments import middle
from mesolens.instruments import quine as quines
from mesolens.instruments.average import Averaged
from mesolens.instruments.face.opening import opened, worst
from mesolens.instruments.middle import organs
from mesolens.model.loaded import LoadedModel
from mesolens.runs.chapters import Instrument
from mesolens.runs.record import plain
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
        average: a corpus and what is asked of its average; None where that chapter is not run.
        depth, quine: likewise.
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
    average: Corpora | None = None
    depth: depths.DepthSpec | None = None
    quine: quines.QuineSpec | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """An instrument, and how what it is asked follows from the subject.

    Attributes:
        spec: what it is asked.
        other: the second model that it needs, if any.
        depends: what its numbers depend on beside the model, by the names that people use.
        then: what it adds to the questions of the chapters after it.
        before: what it takes from chapters that the run folder holds already.
    """

    instrument: Callable[[Subject], Instrument[Any]]
    spec: Callable[[Subject], object]
    other: Callable[[Subject], LoadedModel | None]
    depends: Callable[[Subject], dict[str, Json]]
    then: Callable[[Subject, Store], Subject] = lambda subject, _: subject
    before: Callable[[Subject, Store], Subject] = lambda subject, _: subject


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


def organs_asked(subject: Subject) -> organs.OrgansSpec:
    """What is asked of the organs."""
    return organs_of(subject.model, subject.items, subject.sights, subject.settings, subject.against)


def _organs_depends(subject: Subject) -> dict[str, Json]:
    against = "" if subject.against is None else subject.against.card.weights_hash
    asked: dict[str, Json] = {"contrasts": content_key(subject.items.to_json()), "against": against}
    asked["sights"] = content_key(plain(asdict(subject.sights)))
    return asked if subject.matched is None else {**asked, "matched": subject.matched.card.weights_hash}


def face_asked(subject: Subject) -> faces.FaceSpec:
    """What is asked of the face."""
    assert subject.face is not None, "a subject with the chapter face says what is asked of it"
    return subject.face


def _face_depends(subject: Subject) -> dict[str, Json]:
    asked: dict[str, Json] = {"face": content_key(plain(asdict(face_asked(subject))))}
    twins: list[Json] = [twin.card.weights_hash for twin in subject.twins]
    return {**asked, "twins": twins} if twins else asked


def _depth_depends(subject: Subject) -> dict[str, Json]:
    assert subject.depth is not None, "a subject with the chapter depth says what is asked of it"
    return {"depth": content_key(plain(asdict(subject.depth)))}


def _depth_twin(subject: Subject) -> LoadedModel | None:
    ahead = None if subject.depth is None else subject.depth.ahead
    return None if ahead is None else _twin(subject, ahead.twin)


def _twin(subject: Subject, wanted: str) -> LoadedModel | None:
    """The twin with those weights, if there is one."""
    return next((twin for twin in subject.twins if twin.card.weights_hash == wanted), None)


def _quine_depends(subject: Subject) -> dict[str, Json]:
    assert subject.quine is not None, "a subject with the chapter quine says what is asked of it"
    return {"quine": content_key(plain(asdict(subject.quine)))}


def _open_worst(subject: Subject, store: Store) -> Subject:
    """The worst angle's prompts as contrasts for the middle, behind those that it has."""
    contrasts = opened(subject.model, face_asked(subject), store.tables(faces.NAME)) if subject.items.contrasts else []
    more = tuple(encode(contrasts, subject.model))
    items = replace(subject.items, contrasts=(*subject.items.contrasts, *more))
    spec = face_asked(subject)
    broken = tuple(worst(spec, store.tables(faces.NAME), _SILENCING))
    sights = replace(subject.sights, broken=(*subject.sights.broken, *broken), declared=tuple(spec.declared))
    return replace(subject, items=items, sights=sights)


def _average(subject: Subject) -> Corpora:
    assert subject.average is not None, "a subject with the chapter average says of what"
    return subject.average


def _average_twin(subject: Subject) -> LoadedModel | None:
    return _twin(subject, _average(subject).spec.twin)


def _average_depends(subject: Subject) -> dict[str, Json]:
    spec = _average(subject).spec
    asked: dict[str, Json] = {"corpus": spec.corpus.digest}
    if spec.neighbours is not None:
        asked["neighbours"] = plain(asdict(spec.neighbours))
    return {**asked, "average twin": spec.twin} if spec.twin else asked


def _broken_too(subject: Subject, store: Store) -> Subject:
    return replace(subject, average=with_broken(_average(subject), subject.model, store))


BUILT: Mapping[str, Chapter] = {
    "face": Chapter(lambda _: faces, face_asked, lambda subject: subject.base, _face_depends, _open_worst),
    "middle": Chapter(lambda _: middle, _middle, lambda subject: subject.against, _middle_depends),
    "organs": Chapter(lambda _: organs, organs_asked, lambda subject: subject.against, _organs_depends),
    "average": Chapter(
        lambda subject: Averaged(_average(subject).counts),
        lambda subject: _average(subject).spec,
        _average_twin,
        _average_depends,
        before=_broken_too,
    ),
    "depth": Chapter(lambda _: depths, lambda subject: subject.depth, _depth_twin, _depth_depends),
    "quine": Chapter(lambda _: quines, lambda subject: subject.quine, lambda _: None, _quine_depends),
}
