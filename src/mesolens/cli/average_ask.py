"""What a run asks of the average: the texts, the corpus, and the face's broken replies where a face was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from mesolens.angles.composition import turned
from mesolens.api.averages import attributed, opened, said_by, spec_of, with_neighbours
from mesolens.cli.opening import open_pack
from mesolens.corpus.counting import Counts
from mesolens.errors import BadInput
from mesolens.evidence.reading import from_json as reading_from
from mesolens.evidence.shards import Json
from mesolens.instruments.average import BROKEN, TEXTS, AverageSpec, Text
from mesolens.instruments.average.asking import chats
from mesolens.instruments.face.asking import compositions
from mesolens.instruments.face.shown import TABLE, shown
from mesolens.model.chat import encode_continuation
from mesolens.model.generating import endings
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.model.writing import written
from mesolens.runs.settings import Settings
from mesolens.runs.store import Store
from mesolens.traits.facepack import FacePack

BROKEN_MOST = 200
"""Broken replies of the face that are scored."""


@dataclass(frozen=True, slots=True)
class AverageAsk:
    """What a person may say about how the average is measured; None is "as it comes"."""

    index: str | None = None
    pack: str | None = None
    name: str | None = None
    fraction: float | None = None
    longest: int = 64
    documents: int = 0
    looked: int | None = None
    neighbours: bool = False
    places: int | None = None
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class Corpora:
    """A corpus in hand, and what is asked of a model against it."""

    counts: Counts
    spec: AverageSpec


def average_of(name: str, model: LoadedModel, twin: LoadedModel | None, settings: Settings, ask: AverageAsk) -> Corpora:
    """The corpus and what is asked of it.

    Raises:
        BadInput: there is no index and the model is no slide, a number makes no sense, or a file cannot be read.
    """
    if ask.longest < 1:
        raise BadInput(f"--most is {ask.longest}; give the number of tokens that a reply may have")
    if ask.index is None and not name.startswith("slide:"):
        raise BadInput(
            "--index names the corpus: text, or what `mesolens index build TEXT… --model MODEL --out DIR` made of it"
        )
    counts, corpus = opened(ask.index or name, model, ask.name or "", ask.fraction)
    pack = open_pack(name, ask.pack, None, None) if chats(model) else None
    texts = said_by(model, counts, pack, TEXTS[settings.budget], settings.seed)
    spec = spec_of(texts, corpus, settings.budget, settings.seed, twin)
    spec = attributed(replace(spec, longest=ask.longest), name, ask.documents, settings.budget, ask.looked)
    if ask.places is not None and not ask.neighbours:
        raise BadInput(f"--places {ask.places} are those of neighbours: say --neighbours too")
    places = ask.neighbours if ask.places is None else ask.places
    return Corpora(counts, with_neighbours(spec, model, places, ask.layer, settings.budget))


def with_broken(asked: Corpora, model: LoadedModel, store: Store) -> Corpora:
    """The same with the broken replies of the face in the run folder, where there is one."""
    if not (store.run / "readings" / "face.json").is_file():
        return asked
    more = broken_texts(model, store, open_pack(model.card.name, None, None, None))
    return replace(asked, spec=replace(asked.spec, texts=(*asked.spec.texts, *more)))


def broken_texts(model: LoadedModel, store: Store, pack: FacePack) -> tuple[Text, ...]:
    """The replies of the face in the run folder that were nobody's, with the prompts they answered.

    A run keeps the message and the system message that were asked, so replies from an angle that changes more of a
    prompt are left out, and so are those from an angle that the pack does not know.
    """
    if model.tokenizer is None:
        return ()
    tables = store.tables("face")
    rows = shown(reading_from(store.read_json("readings/face")), tables)
    assert rows is not None, "a run with a face has its replies"
    systems = [str(words) for words in tables[TABLE]["system"].to_pylist()]
    broken = [
        (row, systems[n]) for n, row in enumerate(rows.to_pylist()) if row["outcome"] == "nobody" and row["reply"]
    ]
    told = {name for name in {str(row["angle"]) for row, _ in broken} if _by_message(name, pack)}
    found = [_broken(model, row, system) for row, system in broken if row["angle"] in told]
    window = model.card.window
    fits = [text for text in found if window is None or len(text.prompt) + len(text.said or ()) <= window]
    return tuple(fits[:BROKEN_MOST])


def _by_message(angle: str, pack: FacePack) -> bool:
    """Whether an angle changes nothing but the message and the system message."""
    try:
        (composition,) = compositions([angle], cast("Sequence[Mapping[str, Json]]", pack.angles))
    except BadInput:
        return False
    plain = Question("x", system="x")
    seen = turned(plain, composition, 0, "x")
    return (seen.before, seen.prefill, seen.form) == (plain.before, plain.prefill, plain.form)


def _broken(model: LoadedModel, row: Mapping[str, object], system: str) -> Text:
    prompt = written(model.tokenizer, Question(str(row["rotated"]), system=system)).ids
    name = f"face/{row['angle']}/{row['item']}/{row['seed']}"
    return Text(name, BROKEN, str(row["item"]), prompt, _said(model, str(row["reply"])))


def _said(model: LoadedModel, reply: str) -> tuple[int, ...]:
    """The reply's tokens, with the one that ended it where the model has only one such."""
    stop = sorted(endings(model))
    return (*encode_continuation(model.tokenizer, (), reply), *(stop if len(stop) == 1 else ()))
