"""Order: the same words in other places. What a sentence says may be lost with its order; the persona should not be."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from mesolens.angles.angle import Angle, Turn, Undoing
from mesolens.angles.pieces import WORDS, each, sentences, unwhole, whole, words
from mesolens.model.question import Question

Moved = Callable[[list[str]], list[str]]
"""Puts the words of a message, as single spaces part them, in another order."""


def _by_words(move: Moved) -> Callable[[str], str]:
    return lambda text: " ".join(move(text.split(" ")))


def _shuffled(question: Question, strength: float, rng: Random) -> Question:
    """Exchange the places of those words that are touched, among each other."""
    old = list(words(question.text))
    drawn = [(rng.random(), rng.random()) for _ in old]
    places = [at for at, (whether, _) in enumerate(drawn) if whether < strength and old[at][0].isalnum()]
    new = list(old)
    for place, source in zip(places, sorted(places, key=lambda at: drawn[at][1]), strict=True):
        new[place] = old[source]
    return replace(question, text="".join(new))


def _inner(piece: str, choice: float) -> str:
    """The letters between the first and the last in another order."""
    rng = Random(int(choice * 2**53))  # noqa: S311  (no secret)
    middle = sorted(piece[1:-1], key=lambda _: rng.random())
    return piece[:1] + "".join(middle) + piece[-1:] if len(piece) > 3 and piece[0].isalnum() else piece


def _inside_out(piece: str, choice: float) -> str:
    return piece[::-1]


def _neighbours(question: Question, strength: float, rng: Random) -> Question:
    """Exchange touched pairs of words that stand side by side."""
    old = question.text.split(" ")
    new = list(old)
    for at in range(0, len(old) - 1, 2):
        if rng.random() < strength:
            new[at], new[at + 1] = old[at + 1], old[at]
    return replace(question, text=" ".join(new))


def _interleaved(old: list[str]) -> list[str]:
    half = (len(old) + 1) // 2
    return [old[at // 2 + (half if at % 2 else 0)] for at in range(len(old))]


def _halves_back(old: list[str]) -> list[str]:
    half = len(old) - len(old) // 2
    return old[half:] + old[:half]


def _sorted(old: list[str]) -> list[str]:
    return sorted(old, key=lambda word: (word.lower(), word))


def _sentences_reversed(text: str) -> str:
    return " ".join(sentence.strip() for sentence in reversed(sentences(text)))


def _angle(name: str, about: str, move: Moved, back: Moved) -> Angle:
    turn, undo = whole(_by_words(move)), unwhole(_by_words(back))
    return Angle(name, "order", about, True, "exact", "", turn, undo)


def _lost(name: str, about: str, undoing: Undoing, turn: Turn, dial: str = "") -> Angle:
    return Angle(name, "order", about, True, undoing, dial, turn)


def _each_word(name: str, about: str) -> Angle:
    undo = unwhole(lambda text: "".join(piece[::-1] for piece in words(text)))
    return Angle(name, "order", about, True, "exact", WORDS, each(words, _inside_out), undo)


def _twice() -> Angle:
    turn, undo = whole(lambda text: f"{text} {text}"), unwhole(lambda text: text[: len(text) // 2])
    return Angle("said-twice", "order", "The message twice.", True, "exact", "", turn, undo)


ORDER = (
    _angle("reversed-words", "Words from the last to the first.", lambda w: w[::-1], lambda w: w[::-1]),
    _angle("swapped-halves", "The second half first.", lambda w: w[len(w) // 2 :] + w[: len(w) // 2], _halves_back),
    _angle("interleaved", "A word of each half in turn.", _interleaved, lambda w: w[::2] + w[1::2]),
    _angle("last-first", "The last word at the front.", lambda w: w[-1:] + w[:-1], lambda w: w[1:] + w[:1]),
    _angle("first-last", "The first word at the end.", lambda w: w[1:] + w[:1], lambda w: w[-1:] + w[:-1]),
    _each_word("backward-words", "The letters of words from the last to the first."),
    _twice(),
    _lost("inner-letters", "The letters inside words in any order.", "lossy", each(words, _inner), WORDS),
    _lost("swapped-words", "Words exchanged with their neighbours.", "lossy", _neighbours, "part of the pairs touched"),
    _lost("reversed-sentences", "Sentences from the last to the first.", "lossy", whole(_sentences_reversed)),
    _lost("shuffled-words", "Words in any order.", "none", _shuffled, WORDS),
    _lost("sorted-words", "Words in the order of the alphabet.", "none", whole(_by_words(_sorted))),
)
