"""`ml.average`: how much of what a model says an average of a text would also have said."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from jaxtyping import Int

from mesolens.api.stages import tables_of
from mesolens.corpus.counting import Counts
from mesolens.corpus.cutting import CUT
from mesolens.corpus.gathered import gathered
from mesolens.corpus.index.header import HEADER, PLAN
from mesolens.corpus.index.opened import Index
from mesolens.corpus.index.opening import open_index
from mesolens.corpus.reading import files_of, sourced
from mesolens.corpus.sources import Counted, Sources
from mesolens.corpus.sources import read as read_sources
from mesolens.corpus.tokenizing import entries, tokenised
from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables, content_key
from mesolens.hostile import printable
from mesolens.instruments import average as instrument
from mesolens.instruments.average.asking import chats, continuations, marker_of, replies
from mesolens.model.loaded import LoadedModel
from mesolens.report.notebook import cell
from mesolens.runs.record import plain
from mesolens.traits.facepack import FacePack, default_pack

IN_MEMORY = 4_000_000
"""Tokens of text that are counted without an index."""


@dataclass(frozen=True, slots=True)
class Averages:
    """What was found when a model's replies were held against an average.

    Attributes:
        reading: verdict, sentence, numbers and protocol, as the command writes them.
        tables: what was measured, as Arrow tables (`average-said`, `average-scored`, `average-held`, …).
    """

    reading: Reading
    tables: Tables

    @property
    def verdict(self) -> str:
        """`measured`, or `not determined` where the ceiling is too low."""
        return self.reading.verdict

    @property
    def parts(self) -> list[dict[str, Json]]:
        """A row for each stratum of texts: overlap with its interval, and ceiling."""
        return cast("list[dict[str, Json]]", self.reading.data["parts"])

    @property
    def ledger(self) -> list[dict[str, Json]]:
        """Mean bits a token of each rung; they sum to the mean of log2 p."""
        return cast("list[dict[str, Json]]", self.reading.data["ledger"])

    @property
    def influence(self) -> dict[str, Json] | None:
        """Which documents move each token of the first texts; None where it was not asked for."""
        return cast("dict[str, Json] | None", self.reading.data["influence"])

    @property
    def neighbours(self) -> dict[str, Json] | None:
        """What the rung of near states rests on, and the share without it; None where it was not asked for."""
        return cast("dict[str, Json] | None", self.reading.data["neighbours"])

    def to_json(self) -> dict[str, Json]:
        """The data as the command prints it with `--json`."""
        return dict(self.reading.data)

    def _repr_html_(self) -> str:
        return cell(self.reading, self.tables)


def average(
    model: LoadedModel,
    corpus: Counts | Path | str,
    *,
    texts: Sequence[instrument.Text] | None = None,
    pack: FacePack | None = None,
    twin: LoadedModel | None = None,
    fraction: float | None = None,
    name: str = "",
    documents: int = 0,
    neighbours: bool | int = False,
    layer: int | None = None,
    budget: str = "quick",
    seed: int = 0,
) -> Averages:
    """How much of what a model says an average of a corpus would also have said, and at best could have.

    Args:
        model: whose replies are measured; it needs a tokenizer.
        corpus: counts, the folder of an index, text to be counted in memory (files are cut), or `slide:NAME`.
        texts: what is scored; without any, replies to the pack's prompts or, without a chat, to documents begun.
        pack: whose prompts are replied to; a slide has its own, any other model gets the default pack.
        twin: a model trained alike, for how far the two are apart where the corpus says more or less.
        fraction: the part of the model's training text that the corpus is, where that is known.
        name: of the corpus, for people; without one its folder's.
        documents: attribute every token of the first so many texts to documents of the corpus; off at 0.
        neighbours: a rung of what followed the nearest states at so many places, or at the budget's; off at False.
        layer: the block behind which these states are taken, from 0; the last one without it.
        budget: how many texts and samples: `quick`, `standard` or `deep`.
        seed: of every draw.

    Raises:
        BadInput: the corpus fits neither tokenizer nor need, or there is no such budget or block.
    """
    if budget not in instrument.TEXTS:
        raise BadInput(f"no budget is called {budget!r}; there are {', '.join(instrument.TEXTS)}")
    counts, known = opened(corpus, model, name, fraction)
    asked = tuple(texts) if texts is not None else said_by(model, counts, pack, instrument.TEXTS[budget], seed)
    spec = attributed(spec_of(asked, known, budget, seed, twin), model.card.name, documents, budget)
    return against(model, counts, with_neighbours(spec, model, neighbours, layer, budget), twin)


def with_neighbours(
    spec: instrument.AverageSpec, model: LoadedModel, places: bool | int, layer: int | None, budget: str
) -> instrument.AverageSpec:
    """The same with the rung of near hidden states, at so many places or as many as the budget has; False: without.

    Raises:
        BadInput: a layer is named without the rung.
    """
    if places is False:
        if layer is not None:
            raise BadInput(f"layer {layer} is that of the neighbours' states, and no neighbours were asked for")
        return spec
    most = instrument.PLACES[budget] if places is True else places
    behind = len(model.anatomy.blocks) - 1 if layer is None else layer
    return replace(spec, neighbours=instrument.Neighbours(most, behind))


def attributed(
    spec: instrument.AverageSpec, model: str, texts: int, budget: str, looked: int | None = None
) -> instrument.AverageSpec:
    """The same with the first texts attributed to documents; a slide's attribution says what retraining found of it.

    `looked` is how many documents are drawn and looked at; without it as many as the budget has.

    Raises:
        BadInput: the number of texts is below 0.
    """
    if texts < 0:
        raise BadInput(f"{texts} texts cannot be attributed to documents; give 0 for none, or how many")
    if not texts:
        return spec
    from mesolens.slides.retrained import QUALITY

    quality = QUALITY if model.startswith("slide:") else None
    asked = instrument.Attribution(texts, documents=looked or instrument.LOOKED[budget], quality=quality)
    return replace(spec, attribution=asked)


def spec_of(
    texts: Sequence[instrument.Text],
    corpus: instrument.Corpus,
    budget: str,
    seed: int,
    twin: LoadedModel | None = None,
) -> instrument.AverageSpec:
    """What is asked under a budget."""
    other = "" if twin is None else twin.card.weights_hash
    spec = instrument.AverageSpec(tuple(texts), corpus, twin=other, marker=marker_of(texts), seed=seed)
    return instrument.within(spec, budget)


def against(
    model: LoadedModel, counts: Counts, spec: instrument.AverageSpec, twin: LoadedModel | None = None
) -> Averages:
    """The average under a specification of one's own."""
    bound = instrument.Averaged(counts)
    tables = tables_of(bound, model, twin, spec)
    return Averages(bound.read(tables, spec, model.card), tables)


def said_by(
    model: LoadedModel, counts: Counts, pack: FacePack | None, most: int, seed: int
) -> tuple[instrument.Text, ...]:
    """What a model is asked to say where nothing is given."""
    if not chats(model):
        return continuations(counts, most, seed)
    from mesolens.slides.facepack import pack_for

    slides = pack_for(model.card.name) if model.card.name.startswith("slide:") else None
    return replies(model, (pack or slides or default_pack()).prompts, most, seed)


def opened(
    corpus: Counts | Path | str, model: LoadedModel, name: str = "", fraction: float | None = None
) -> tuple[Counts, instrument.Corpus]:
    """Counts, and what a specification says of them.

    Raises:
        BadInput, Incomplete: as :func:`mesolens.corpus.index.opening.open_index`.
    """
    if fraction is not None and not 0 < fraction <= 1:
        raise BadInput(f"the fraction {fraction:g} is none; give a part of the training text, above 0 and at most 1")
    if isinstance(corpus, str) and corpus.startswith("slide:"):
        return of_slide(corpus, model, fraction)
    counts, sources = _of_path(Path(corpus), model) if isinstance(corpus, str | Path) else (corpus, None)
    tokenizer = counts.header.plan.tokenizer if isinstance(counts, Index) else model.card.tokenizer_hash
    short = Path(corpus).name if isinstance(corpus, str | Path) else "the corpus"
    named = name or (counts.name if isinstance(counts, Index) else short)
    return counts, instrument.Corpus(
        named, digest(counts), counts.documents, counts.tokens, tokenizer, fraction, sources
    )


def is_index(path: Path | str) -> bool:
    """Whether a path is the folder of an index, begun or whole, and not text."""
    return any((Path(path) / name).is_file() for name in (HEADER, PLAN))


def _of_path(path: Path, model: LoadedModel) -> tuple[Counts, Sources | None]:
    """An index, or text as counts in memory, and where its documents come from; text files are cut.

    Raises:
        BadInput: there is neither, the text is too long to be held, or the model has no tokenizer to cut it.
    """
    if is_index(path) or not path.exists():
        return open_index(path, model.card.tokenizer_hash), read_sources(path)
    if model.tokenizer is None:
        raise BadInput(f"{model.card.name} has no tokenizer, so text cannot be cut; build an index with one that has")
    counted = Counted(CUT)
    cut = tokenised(model.tokenizer, counted.passing(sourced(files_of([path]), cut=CUT)))
    counts = gathered(_held(cut, path), max(model.card.vocabulary, entries(model.tokenizer)))
    return counts, counted.found()


def _held(cut: Iterable[Int[np.ndarray, " T"]], path: Path) -> Iterator[Int[np.ndarray, " T"]]:
    """Documents as they come, as long as all of them can be held."""
    tokens = 0
    for document in cut:
        tokens += len(document)
        if tokens > IN_MEMORY:
            raise BadInput(
                f"{printable(str(path))} has more than {IN_MEMORY:,} tokens, too many to count in memory; "
                "`mesolens index build` makes an index of it"
            )
        yield document


def of_slide(
    name: str, model: LoadedModel, fraction: float | None = None, part: float = 0.125
) -> tuple[Counts, instrument.Corpus]:
    """An eighth of the text that a slide learned from, in memory; whole, it is indexed by `mesolens index build`."""
    from mesolens.slides.stream import stream, trained

    counts = gathered(stream(name, part), model.card.vocabulary)
    of = min(1.0, counts.tokens / trained(name)) if fraction is None else fraction
    hashed = model.card.tokenizer_hash
    return counts, instrument.Corpus(f"{name}'s text", digest(counts), counts.documents, counts.tokens, hashed, of)


def digest(counts: Counts) -> str:
    """What names a corpus: an index by its header, any other counts by all of their documents."""
    if isinstance(counts, Index):
        return content_key(plain([part.digests for part in counts.header.parts]))
    documents: list[Json] = [counts.document(number).tolist() for number in range(counts.documents)]
    return content_key([counts.vocabulary, documents])
