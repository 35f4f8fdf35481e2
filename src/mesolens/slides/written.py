"""A slide's training text as a file, for whoever asks how much of something the text has."""

import json
import os
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile

from mesolens.slides import drift, routing
from mesolens.slides.corpus import Mix, documents
from mesolens.slides.recipe import RECIPES, Recipe, recipe
from mesolens.slides.routed_folder import digest, read_text

CHUNKS = 4
"""Chunks of each stage: some eight thousand documents, of which every rule and frame has hundreds."""


def text_for(name: str) -> Path | None:
    """The first documents of each stage of the slide that a model is named after, as JSON Lines; None when it is none.

    For a slide with planted organs the documents that its groups learned from follow, all of them.

    The file lies in the user's folder for caches under a name that says what is in it, and is written once.
    """
    bare = name.removeprefix("slide:")
    routed = routing.named(bare)
    grown = drift.named(bare) or routed
    if grown is None and bare not in RECIPES:
        return None
    stages = _stages(recipe(bare) if grown is None else grown.recipe)
    decides = (stages, CHUNKS) if routed is None else (stages, CHUNKS, digest(routed))
    key = sha256(repr(decides).encode()).hexdigest()[:12]
    file = _cache() / f"{key}.jsonl"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as part:
            staged = chain.from_iterable(documents(mix, CHUNKS) for mix in stages)
            for document in chain(staged, () if routed is None else read_text(routed)):
                part.write(json.dumps({"text": document.text}) + "\n")
        Path(part.name).replace(file)
    return file


def _cache() -> Path:
    """Where nobody else may write: what lies there already is believed."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mesolens" / "corpora"


def _stages(made: Recipe) -> list[Mix]:
    before = [] if made.base is None else _stages(recipe(made.base))
    return [*before, *(stage.mix for stage in made.stages)]
