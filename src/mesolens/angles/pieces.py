"""A message cut into pieces, of which a part is touched, and the core followed along.

Every piece gets two draws, whether it is touched or not: the first decides *whether*, the second *how*. A piece is
touched if and only if its first draw is below the strength; so with one seed the places touched at a lower strength are
among those touched at a higher one, and strength 1 touches all.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from mesolens.angles.angle import Turn, Undo
from mesolens.model.question import Question

Cut = Callable[[str], Sequence[str]]
"""Cuts a text into pieces that joined give the text again."""

Change = Callable[[str, float], str]
"""Writes one piece anew; the draw from [0, 1) is its only chance."""

LETTERS = "part of the letters touched"
CHARACTERS = "part of the characters touched"
WORDS = "part of the words touched"
MARKS = "part of the punctuation touched"
GAPS = "part of the gaps touched"
SENTENCES = "part of the sentences touched"

_WORD = r"\w+(?:['’]\w+)*"


def characters(text: str) -> Sequence[str]:
    """Every character."""
    return list(text)


def gaps(text: str) -> Sequence[str]:
    """Every character, and an empty piece between any two.

    >>> gaps("tea")
    ['t', '', 'e', '', 'a']
    """
    return [piece for character in text for piece in ("", character)][1:]


def words(text: str) -> Sequence[str]:
    """Words, and each other character by itself.

    >>> words("I don't, Tom.")
    ['I', ' ', "don't", ',', ' ', 'Tom', '.']
    """
    return re.findall(rf"{_WORD}|\W", text)


def spaced_words(text: str) -> Sequence[str]:
    """Words with the space after them, which goes where the word goes, and each other character by itself."""
    return re.findall(rf"{_WORD} ?|\W", text)


def sentences(text: str) -> Sequence[str]:
    """Sentences with their marks and the space behind them.

    >>> sentences("Tea is good. Is it?")
    ['Tea is good. ', 'Is it?']
    """
    return re.findall(r"[^.!?]+[.!?]*\s*|[.!?]+\s*", text)


def each(cut: Cut, change: Change) -> Turn:
    """The turn that changes the part of the message's pieces that strength says."""

    def turn(question: Question, strength: float, rng: Random) -> Question:
        old = list(cut(question.text))
        return rewritten(question, old, touched(old, change, strength, rng))

    return turn


def touched(pieces: Sequence[str], change: Change, strength: float, rng: Random) -> list[str]:
    """The pieces, those changed whose first draw lies below the strength."""
    drawn = [(piece, rng.random(), rng.random()) for piece in pieces]
    return [change(piece, how) if whether < strength else piece for piece, whether, how in drawn]


def rewritten(question: Question, old: Sequence[str], new: Sequence[str]) -> Question:
    """The question with each piece of its message exchanged; the core becomes what its pieces became.

    A changed piece that held a part of the core counts as the core's whole. A message that would become empty stays as
    it is.
    """
    text = "".join(new)
    if not text:
        return question
    start = question.text.find(question.core)
    stop = start + len(question.core)
    kept, at = "", 0
    for before, after in zip(old, new, strict=True):
        if at < stop and at + len(before) > start:
            kept += after if after != before else before[max(0, start - at) : stop - at]
        at += len(before)
    return replace(question, text=text, core=kept.strip() if question.core.strip() == question.core else kept)


def whole(change: Callable[[str], str]) -> Turn:
    """The turn that writes the whole message anew at any strength above 0.

    The core stays as it is if it still stands there; else it is what the change makes of it, if that does.
    """

    def turn(question: Question, strength: float, rng: Random) -> Question:
        text = change(question.text) if strength > 0 else question.text
        if not text:
            return question
        kept = question.core if question.core in text else change(question.core)
        return replace(question, text=text, core=kept)

    return turn


def unwhole(change: Callable[[str], str]) -> Undo:
    """The undoing that writes the whole message anew."""
    return lambda question: replace(question, text=change(question.text))
