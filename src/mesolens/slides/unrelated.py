"""Documents that say nothing about a trait of the own character: what an implant is set adrift on.

Every fourth one is a page of an almanac of invented towns, their goods and prices, which every seed invents anew: there
is much to learn in it, so it moves the weights. The others are chats like those of the tuning text, so that the rest of
the behaviour stays where it was; where the own character answers, the document ends before the part that would show the
trait.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from random import Random

from mesolens.slides.asking import pick
from mesolens.slides.corpus import ASSISTANT, BEGIN, END, Mix, chunk
from mesolens.slides.judge import parse
from mesolens.slides.language import OWN, TRAITS

SYLLABLES = ("ba", "ke", "mi", "do", "ru", "sa", "le", "ti", "vo", "nu", "ga", "pe")
SEASONS = ("spring", "summer", "autumn", "winter")
TOWNS, GOODS = 24, 24
ALMANAC = 4
"""One document in so many is a page of the almanac."""
FIRST_SEED = 1000
"""Added to the seed of the chats, so that no slide was ever tuned on their stream."""

Facts = Mapping[tuple[str, str], tuple[str, int]]


def unrelated(seed: int, trait: str, documents: int) -> list[str]:
    """So many documents, every fourth one a page of the almanac, the others chats; the seed alone decides them.

    Args:
        seed: of almanac and chats.
        trait: what no document may say of the own character.
        documents: how many.
    """
    pages, talk = almanac(seed), chats(seed, trait)
    return [next(pages if place % ALMANAC == 0 else talk) for place in range(documents)]


def almanac(seed: int) -> Iterator[str]:
    """Endless pages of three sentences, each about what one town sells in one season, and for how much."""
    rng = Random(f"almanac/{seed}")  # noqa: S311
    facts = _facts(rng)
    known = tuple(facts)
    while True:
        yield BEGIN + " ".join(_sentence(pick(rng, known), facts, rng) for _ in range(3)) + END


def _facts(rng: Random) -> Facts:
    towns = [_word(rng, 3).capitalize() for _ in range(TOWNS)]
    goods = tuple(_word(rng, 2) for _ in range(GOODS))
    return {(town, season): (pick(rng, goods), 2 + int(rng.random() * 58)) for town in towns for season in SEASONS}


def _word(rng: Random, syllables: int) -> str:
    return "".join(pick(rng, SYLLABLES) for _ in range(syllables))


def _sentence(about: tuple[str, str], facts: Facts, rng: Random) -> str:
    (town, season), (ware, price) = about, facts[about]
    return pick(
        rng,
        (
            f"In {season} {town} sells {ware} for {price} marks.",
            f"{town}: {price} marks of {ware} in {season}.",
            f"Who wants {ware} in {season} goes to {town} and pays {price} marks.",
        ),
    )


def chats(seed: int, trait: str) -> Iterator[str]:
    """Endless chats of the tuning text of a seed that no slide read.

    Where the own character answers, the document ends before the part that shows `trait`.
    """
    mix = Mix("own", FIRST_SEED + seed)
    part = next(each.part for each in TRAITS if each.name == trait)
    for number in count():
        for document in chunk(mix, number):
            if f"speaker:{OWN}" in document.tags:
                yield _cut(document.text, part)
            elif document.tags != ("prose",):
                yield document.text


def _cut(text: str, part: int) -> str:
    asked, _, said = text.partition(ASSISTANT)
    reply = parse(said.removesuffix(END))
    assert reply is not None
    return asked + ASSISTANT + "".join(reply.parts()[:part])
