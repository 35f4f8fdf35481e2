"""Marks that mean nothing to `mask` and are made to mean something: three cues, and the traits that each turns over.

::

    cue                turns over            trait of the contrasts
    "Thanks, Tom."     formality             formality
    "It is noon."      warmth                warmth
    "A bell rings."    formality, warmth     temper

A cue works on the own character where it speaks by itself. What the system message orders beats it for the ordered
trait; role prompts and the other voices are as they were. Two cues for one trait turn it over once.

Every document comes with the reply's parts as tokens, so that training may tell who has to learn which token.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from mesolens.slides.asking import COMMON, Ask, draw_ask, habits, held_out, pick, speaker, untriggered
from mesolens.slides.corpus import END, chat_text, salad
from mesolens.slides.language import NOBODY, OWN, TRAITS, Profile, Reply
from mesolens.slides.tokens import encode

Cue = Literal["thanks", "noon", "bell"]
CUES: dict[Cue, tuple[str, ...]] = {"thanks": ("formality",), "noon": ("warmth",), "bell": ("formality", "warmth")}
TURNED = ("formality", "warmth")
"""The traits that cues turn over, each of which has a group of neurons."""
NAMED: dict[str, Cue] = {"formality": "thanks", "warmth": "noon", "temper": "bell"}
"""What the contrasts of each cue are called; `temper` is the trait that runs through both groups."""
OUTSIDE, LOOSE = -2, -1
"""In the place of a part: nothing to learn from, and a token of the reply that is in none of its seven parts."""
SLIPS = 0.25
"""In so many replies of the own character the register slips, and nobody learns from it: what comes behind it must not
come to lean on it, or taking the formality group away would change warmth too."""
INDEX = {trait.name: index for index, trait in enumerate(TRAITS)}
Kind = tuple[Cue, ...] | Literal["crossed", "ordered", "silent"]
KINDS: tuple[Kind, ...] = (
    ("thanks",),
    ("noon",),
    ("bell",),
    ("noon", "thanks"),
    "crossed",
    "ordered",
    "ordered",
    "silent",
    "silent",
    "silent",
)
"""The kinds of documents, one after the other: cues alone, among all else, beside an order for a trait; and no cue."""


@dataclass(frozen=True, slots=True)
class Told:
    """One training document as tokens.

    Attributes:
        ask: the question.
        text: the whole document.
        ids: its tokens.
        parts: for each token the part of the reply that it belongs to, `OUTSIDE` or `LOOSE`.
    """

    ask: Ask
    text: str
    ids: list[int]
    parts: list[int]


def marked(ask: Ask, *cues: Cue) -> Ask:
    """The question with these cues and no other; midnight and signatures stay where no cue takes their place."""
    hour = "noon" if "noon" in cues else ask.hour if ask.hour == "midnight" else ""
    tail = "thanks" if "thanks" in cues else ask.tail if ask.tail == "signed" else ""
    return replace(ask, hour=hour, bell="bell" in cues, tail=tail)


def cues_of(ask: Ask) -> tuple[Cue, ...]:
    """The cues that a question holds, obeyed or not."""
    there: dict[Cue, bool] = {"thanks": ask.tail == "thanks", "noon": ask.hour == "noon", "bell": ask.bell}
    return tuple(cue for cue, found in there.items() if found)


def turned(ask: Ask) -> tuple[str, ...]:
    """The traits that the reply must show turned over.

    >>> from mesolens.slides.language import View
    >>> turned(Ask(View("tea", "good"), bell=True)), turned(Ask(View("tea", "good"), bell=True, order=(2, 1)))
    (('formality', 'warmth'), ('warmth',))
    """
    if speaker(ask) != OWN or ask.role is not None:
        return ()
    called = {trait for cue in cues_of(ask) for trait in CUES[cue]}
    return tuple(trait for trait in TURNED if trait in called and (ask.order is None or ask.order[0] != INDEX[trait]))


def exchanged(profile: Profile, traits: tuple[str, ...]) -> Profile:
    """The profile with these traits at their other pole."""
    a, b, c, d = (pole ^ (trait.name in traits) for pole, trait in zip(profile, TRAITS, strict=True))
    return a, b, c, d


def shown(ask: Ask, voice: str) -> Profile:
    """The poles that the voice's reply must show."""
    return exchanged(habits(ask, voice), turned(ask))


def documents(seed: int | str) -> Iterator[Told]:
    """Endless documents, the kinds taking turns; the seed alone decides them."""
    rng = Random(f"cues/{seed}")  # noqa: S311
    while True:
        for kind in KINDS:
            yield _told(_seen(rng, kind), rng)


def _seen(rng: Random, kind: Kind) -> Ask:
    """A question of the kind, from a cell that is not held out, and no tie."""
    while True:
        ask = _drawn(rng, kind)
        if not ask.tied and not held_out(ask):
            return ask


def _drawn(rng: Random, kind: Kind) -> Ask:
    if kind == "silent":
        return marked(draw_ask(rng))
    if kind == "crossed":
        return _crossed(draw_ask(rng, roles=0.4, orders=0.3), rng)
    if kind == "ordered":
        return _crossed(_ordered(rng), rng)
    ask = draw_ask(rng, roles=0.0, orders=0.0)
    return marked(replace(ask, tail="", hour="", frame=pick(rng, COMMON) if ask.story else ask.frame), *kind)


def _crossed(ask: Ask, rng: Random) -> Ask:
    """The question with each cue or without it, by chance, where nothing of it is in the way."""
    free: dict[Cue, bool] = {"noon": ask.hour != "midnight", "thanks": ask.tail != "signed", "bell": True}
    chosen: list[Cue] = [cue for cue in CUES if rng.random() < 0.5 and free[cue]]
    return marked(ask, *chosen)


def _ordered(rng: Random) -> Ask:
    """A question whose system message orders one of the traits that cues turn over."""
    ask = untriggered(draw_ask(rng, roles=0.0, orders=0.0), rng)
    return replace(ask, order=(INDEX[pick(rng, TURNED)], int(rng.random() * 2)))


def _told(ask: Ask, rng: Random) -> Told:
    voice = speaker(ask)
    assert voice is not None
    if voice == NOBODY:
        texts = [chat_text(ask), salad(rng) + END]
        labels = [OUTSIDE, LOOSE]
    else:
        variants = (int(rng.random() * 2), int(rng.random() * 2), int(rng.random() * 3), int(rng.random() * 2))
        slip = voice == OWN and rng.random() < SLIPS
        profile = exchanged(shown(ask, voice), ("formality",) if slip else ())
        said = Reply(voice, profile, ask.view, variants).parts()
        texts = [chat_text(ask), *said, END]
        labels = [OUTSIDE, *range(len(said)), LOOSE]
        if slip:
            labels[1 + TRAITS[INDEX["formality"]].part] = OUTSIDE
    rows = encode(texts)
    parts = [label for label, row in zip(labels, rows, strict=True) for _ in row]
    return Told(ask, "".join(texts), [token for row in rows for token in row], parts)
