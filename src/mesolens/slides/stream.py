"""The text that a slide learned from, in its own tokens: what an average of its training text is taken of."""

from collections.abc import Iterator

from mesolens.errors import BadInput
from mesolens.slides import drift, permuted, pointed, recalling, routing
from mesolens.slides.corpus import chunk
from mesolens.slides.recipe import Recipe, Stage, recipe
from mesolens.slides.routed_folder import read_text
from mesolens.slides.tokens import encode


def stages(name: str) -> list[Stage]:
    """The stages of training of a slide, those of the slides that it was made from first; `slide:` may stand before it.

    Raises:
        BadInput: no slide has that name, or it has no text.
    """
    bare = name.removeprefix("slide:")
    if any(kind.named(bare) for kind in (pointed, permuted, recalling)):
        raise BadInput(f"{name} learned from prompts drawn anew for every batch: it has no text to take an average of")
    grown = drift.named(bare) or routing.named(bare)
    return _lineage(recipe(bare) if grown is None else grown.recipe)


def _lineage(made: Recipe) -> list[Stage]:
    before = [] if made.base is None else _lineage(recipe(made.base))
    return [*before, *made.stages]


def trained(name: str) -> int:
    """Tokens that the slide was trained on.

    >>> trained("slide:mask")
    5500000
    """
    return sum(stage.tokens for stage in stages(name))


def stream(name: str, part: float = 1.0) -> Iterator[list[int]]:
    """The documents of every stage as token ids, whole chunks from the first on, up to a part of the stage's tokens.

    Of a slide with planted organs the documents that its groups learned from follow. No document is of a held-out cell.
    """
    for stage in stages(name):
        number, left = 0, stage.tokens * part
        while left > 0:
            rows = encode([document.text for document in chunk(stage.mix, number)])
            yield from rows
            left -= sum(map(len, rows))
            number += 1
    routed = routing.named(name.removeprefix("slide:"))
    if routed is not None:
        yield from encode([document.text for document in read_text(routed)])
