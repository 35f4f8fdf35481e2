"""What an implant turned over, as contrasts between two models: the own character's reply up to the turned trait.

The questions are plain ones, in common frames and with no system message, which the own character answers by itself:
there the implant shows the other pole. Target and foil are the beginning of `mask`'s own reply, once as said and once
with the turned part exchanged, as in the slides' own contrasts (`pack`). There is no reference prompt: the reference is
another model.
"""

from collections.abc import Iterable, Iterator

from mesolens.errors import BadInput
from mesolens.slides.asking import Ask
from mesolens.slides.grid import plain
from mesolens.slides.pack import ends
from mesolens.slides.recipe import recipe
from mesolens.slides.replies import open_slide, replies
from mesolens.slides.train import SHELF
from mesolens.traits.contrasts import Contrast

FRAMES = 12
"""Clusters of an implant's contrasts."""


def flips(implant: str, each: int = 1) -> list[Contrast]:
    """Contrasts on the trait that an implant turned over: `FRAMES` frames, `each` questions in every one.

    Args:
        implant: name of the slide.
        each: questions in a frame, which is the contrasts' template.

    Raises:
        BadInput: the slide turned no trait over.
    """
    made = recipe(implant)
    trait = made.mix.flip
    if trait is None or made.base is None:
        raise BadInput(f"slide {implant!r} is no implant: it turned no trait over")
    asks = list(by_frame(plain(40 * FRAMES * each, "flips"), each))
    said = replies(open_slide(SHELF / made.base), [ask.messages() for ask in asks])
    return [_contrast(trait, ask, reply) for ask, reply in zip(asks, said, strict=True)]


def by_frame(asks: Iterable[Ask], each: int) -> Iterator[Ask]:
    """The first `each` questions in each of the first `FRAMES` frames that come up."""
    seen: dict[str, int] = {}
    for ask in asks:
        if seen.get(ask.frame, 0) < each and (ask.frame in seen or len(seen) < FRAMES):
            seen[ask.frame] = seen.get(ask.frame, 0) + 1
            yield ask


def _contrast(trait: str, ask: Ask, said: str) -> Contrast:
    target, foil = ends(trait, said, "")
    return Contrast(tuple(ask.messages()), None, target, foil, template=ask.frame, id=f"{trait}/{ask.frame}/{ask.view}")
