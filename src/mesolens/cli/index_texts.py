"""What `mesolens index build` reads: files and folders, or the text that a slide was trained on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mesolens.corpus import reading
from mesolens.slides import drift, routing
from mesolens.slides.corpus import Mix, documents
from mesolens.slides.recipe import recipe
from mesolens.slides.shelf import describe
from mesolens.slides.written import text_for


@dataclass(frozen=True, slots=True)
class Texts:
    """A stream of documents that can be begun again.

    Attributes:
        documents: gives them from the first on, each with the name of what it is read from.
        sources: a digest of what they are read from.
        bytes, tokens: about how much it is, where that is known beforehand.
    """

    documents: Callable[[], Iterable[tuple[str, str]]]
    sources: str
    bytes: int = 0
    tokens: int = 0


def texts_of(names: tuple[str, ...], field: str, cut: int = 0) -> Texts:
    """The documents of all that was named, in that order; text files in pieces of at most `cut` characters.

    Raises:
        BadInput: a file is not there, or no slide has that name.
    """
    parts = [_slide(name) if name.startswith("slide:") else _files(Path(name), field, cut) for name in names]
    size, tokens = (sum(getattr(part, name) for part in parts) for name in ("bytes", "tokens"))
    whole = sha256("".join(part.sources for part in parts).encode()).hexdigest()
    return Texts(lambda: (each for part in parts for each in part.documents()), whole, size, tokens)


def _files(path: Path, field: str, cut: int) -> Texts:
    files = reading.files_of([path])
    size = sum(file.stat().st_size for file in files)
    return Texts(lambda: reading.sourced(files, field, cut), reading.fingerprint(files, field, cut), size)


def _slide(name: str) -> Texts:
    """All chunks that the slide and those before it learned from; of one grown otherwise, what is kept of its text."""
    bare = name.removeprefix("slide:")
    if drift.named(bare) or routing.named(bare):
        path = text_for(name)
        assert path is not None
        return _files(path, "text", 0)
    read = _stages(bare)
    tokens = sum(stage.tokens for stage in read)
    return Texts(
        lambda: ((name, text) for text in _streamed(read)), sha256(repr(read).encode()).hexdigest(), tokens=tokens
    )


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage of training: the mix, how many chunks of it were read, and how many tokens trained on."""

    mix: Mix
    chunks: int
    tokens: int


def _stages(name: str) -> list[_Stage]:
    """The stages of a slide, those of the slides that it started from first."""
    made, told = recipe(name), describe(name)["recipe"]
    before = [] if made.base is None else _stages(made.base)
    spent = zip(made.stages, told["chunks"], told["tokens"], strict=True)
    return [*before, *(_Stage(stage.mix, chunks, tokens) for stage, chunks, tokens in spent)]


def _streamed(stages: list[_Stage]) -> Iterator[str]:
    for stage in stages:
        for document in documents(stage.mix, stage.chunks):
            yield document.text
