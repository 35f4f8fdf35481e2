"""A large pool of contrasts on one slide, of which small packs are drawn to see what an interval is worth.

A template is a frame with its marks and the trait that a system message turns; its items are questions on different
views. The pool is made the way a slide's own pack is (`mesolens.slides.pack`), with other questions and many more
templates, so its mean is what the mean of a drawn pack estimates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from mesolens import api
from mesolens.instruments.middle.found import Found, found_in
from mesolens.slides import shelf
from mesolens.slides.asking import COMMON, Ask, draw_view, pick
from mesolens.slides.language import OWN, TRAITS, VOICES
from mesolens.slides.pack import Pair, ends
from mesolens.slides.replies import open_slide, replies
from mesolens.traits.contrasts import Contrast

SLIDE = "mask"
EACH = 4
"""Items in a template, as in the slides' own packs."""


def pairs(templates: int) -> list[Pair]:
    """Question pairs, `EACH` in every template: the own character's pole asked for, against the other pole."""
    rng = Random("pool")  # noqa: S311
    return [Pair(name, trait, clean, other) for name, trait, clean, other in _asked(templates, rng)]


def _asked(templates: int, rng: Random) -> Iterator[tuple[str, str, Ask, Ask]]:
    made: set[str] = set()
    while len(made) < templates:
        index = len(made) % len(TRAITS)
        trait, pole = TRAITS[index], VOICES[OWN].profile[index]
        like = Ask(draw_view(rng), pick(rng, COMMON), bell=rng.random() < 0.5, quotes=rng.random() < 0.5)
        like = replace(like, hour=pick(rng, ("", "noon")), tail=pick(rng, ("", "thanks")))
        name = f"{trait.name}/{like.cell}"
        if name in made:
            continue
        made.add(name)
        for _ in range(EACH):
            ask = replace(like, view=draw_view(rng))
            yield name, trait.name, replace(ask, order=(index, pole)), replace(ask, order=(index, 1 - pole))


def contrasts(templates: int) -> list[Contrast]:
    """The pool's contrasts: target and foil are the slide's own reply as said, and with the trait turned over."""
    among = pairs(templates)
    said = replies(open_slide(shelf.folder(SLIDE)), [pair.clean.messages() for pair in among])
    return [_contrast(pair, reply) for pair, reply in zip(among, said, strict=True)]


def _contrast(pair: Pair, reply: str) -> Contrast:
    target, foil = ends(pair.trait, reply, "")
    clean, reference = (tuple(ask.messages()) for ask in (pair.clean, pair.reference))
    return Contrast(clean, reference, target, foil, template=pair.template)


def trait_of(template: str) -> str:
    """The trait that a template's system message turns."""
    return template.split("/")[0]


def found(items: Sequence[Contrast]) -> Found:
    """The middle's share of every leaf for each contrast, in nats."""
    tree = api.middle(api.load(f"slide:{SLIDE}"), items, tokens=False, budget=None)
    return found_in(tree.tables)
