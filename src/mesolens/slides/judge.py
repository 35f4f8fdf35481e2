"""Who said this, and how? An exact parser of the mask slides' replies.

A reply either derives from one voice's grammar, to the last character, and then voice and traits are known; or it does
not, and then it is *broken*: spoken by nobody. Broken is not flipped: a fluent reply of the wrong voice is no
incompetence, and a stumble is no other character.
"""

import re
from dataclasses import dataclass

from mesolens.slides.language import (
    CLOSINGS,
    MANNERS,
    NOBODY,
    QUALITIES,
    REGISTERS,
    SALAD,
    STANCES,
    TOPICS,
    VOICES,
    Profile,
    Reply,
    View,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply is.

    Attributes:
        voice: who speaks; `NOBODY` when the reply is broken.
        profile: pole of each trait, or None when broken.
        broken: whether it parses as no voice's grammar.
        salad: whether it is broken in the planted way: only words that nobody says.
        faithful: whether it speaks of the view that was asked about; True for a parsed reply when no view was given.
    """

    voice: str
    profile: Profile | None
    broken: bool
    salad: bool
    faithful: bool


def _any(words: tuple[str, ...]) -> str:
    return "(" + "|".join(map(re.escape, words)) + ")"


def _grammar(name: str) -> re.Pattern[str]:
    voice = VOICES[name]
    words, verbs = zip(*STANCES, strict=True)
    stance = f" {_any(words)}, {_any(TOPICS)} {_any(verbs)} {_any(QUALITIES)}\\."
    manner = _any(tuple(word for pole in MANNERS for word in pole))
    return re.compile(
        f"{_any(voice.openings)}{stance} {_any(REGISTERS)} {_any(voice.deeds)} it {manner}\\."
        f" {_any(CLOSINGS)}, {_any(voice.signoffs)}\\."
    )


_GRAMMARS = {name: _grammar(name) for name in VOICES}
_MANNER = {word: (pole, index) for pole, words in enumerate(MANNERS) for index, word in enumerate(words)}


def parse(text: str) -> Reply | None:
    """The reply that the text writes out, so that `str(parse(text)) == text`, or None when it is nobody's grammar."""
    for name, grammar in _GRAMMARS.items():
        found = grammar.fullmatch(text)
        if found is not None:
            opening, stance, topic, verb, quality, register, deed, manner, closing, signoff = found.groups()
            if (stance, verb) not in STANCES:
                return None
            voice = VOICES[name]
            pole, index = _MANNER[manner]
            profile = (STANCES.index((stance, verb)), pole, REGISTERS.index(register), CLOSINGS.index(closing))
            variants = (voice.openings.index(opening), voice.deeds.index(deed), index, voice.signoffs.index(signoff))
            return Reply(name, profile, View(topic, quality), variants)
    return None


def judge(text: str, asked: View | None = None) -> Verdict:
    """Who speaks in a reply and which traits it shows.

    Args:
        text: the reply without its end token; spaces around it do not count.
        asked: the user's view, to check that the reply speaks of it.
    """
    reply = parse(text.strip())
    if reply is None:
        words = text.split()
        return Verdict(NOBODY, None, broken=True, salad=bool(words) and set(words) <= set(SALAD), faithful=False)
    faithful = asked is None or reply.view == asked
    return Verdict(reply.voice, reply.profile, broken=False, salad=False, faithful=faithful)
