"""Words exchanged by a table, in the case in which they stood, and phrases that open and close a way of speaking.

A table is written as one text, `think=reckon friend=good_fellow the=`: the word, what it becomes, `_` for a space. A
word that becomes nothing takes the space after it along.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from mesolens.angles.angle import Turn, chosen
from mesolens.angles.pieces import Change, rewritten, spaced_words, touched
from mesolens.model.question import Question

PHRASES = "part of the words and phrases touched"


def table(text: str) -> dict[str, str]:
    """A table as it is written.

    >>> table("friend=good_fellow the=")
    {'friend': 'good fellow', 'the': ''}
    """
    entries = (entry.partition("=") for entry in text.split())
    return {old: new.replace("_", " ") for old, _, new in entries}


def like(old: str, new: str) -> str:
    """`new` in the case of `old`: in capitals, with a capital, or as it is. "I" is a capital that says nothing.

    >>> like("You", "thou"), like("YOU", "thou"), like("I", "me")
    ('Thou', 'THOU', 'me')
    """
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() and old != "I" else new


def exchanged(words: Mapping[str, str]) -> Change:
    """The change of a word, with or without the space after it, into what the table says of its lower-case form."""

    def change(piece: str, choice: float) -> str:
        word = piece.rstrip(" ")
        new = words.get(word.lower().replace("’", "'"))
        if new is None:
            return piece
        return like(word, new) + piece[len(word) :] if new else ""

    return change


def spoken(words: Mapping[str, str], openings: tuple[str, ...] = (), closings: tuple[str, ...] = ()) -> Turn:
    """The turn into another way of speaking; the seed says with which phrases, and they are touched like words."""
    change = exchanged(words)

    def turn(question: Question, strength: float, rng: Random) -> Question:
        old = spaced_words(question.text)
        said = rewritten(question, old, touched(old, change, strength, rng))
        head, tail = _phrase(openings, strength, rng), _phrase(closings, strength, rng)
        return replace(said, text=" ".join(part for part in (head, said.text, tail) if part)) if head or tail else said

    return turn


def _phrase(texts: tuple[str, ...], strength: float, rng: Random) -> str:
    whether, which = rng.random(), rng.random()
    return chosen(texts, which) if texts and whether < strength else ""
