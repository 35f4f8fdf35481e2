"""Angles that no corpus holds: ways to write a question that the slides never read, for measuring what happens then."""

from collections.abc import Callable
from random import Random

Angle = Callable[[str, Random], str]
"""Writes a user's message anew; the generator is its only chance."""


def _words(change: Callable[[str, Random], str]) -> Angle:
    return lambda text, rng: " ".join(change(word, rng) for word in text.split(" "))


def _shuffle(text: str, rng: Random) -> str:
    keyed = sorted((rng.random(), index, word) for index, word in enumerate(text.split(" ")))
    return " ".join(word for _, _, word in keyed)


def _typo(word: str, rng: Random) -> str:
    if len(word) < 4 or rng.random() > 0.3:
        return word
    at = 1 + int(rng.random() * (len(word) - 2))
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _pig(word: str, rng: Random) -> str:
    return word[1:] + word[:1].lower() + "ay" if word.isalpha() and len(word) > 2 else word


UNSEEN: dict[str, Angle] = {
    "upper": lambda text, rng: text.upper(),
    "lower": lambda text, rng: text.lower(),
    "title": lambda text, rng: text.title(),
    "reversed-words": lambda text, rng: " ".join(reversed(text.split(" "))),
    "shuffled-words": _shuffle,
    "typos": _words(_typo),
    "pig-latin": _words(_pig),
    "no-punctuation": lambda text, rng: "".join(c for c in text if c.isalnum() or c == " "),
    "shouting-end": lambda text, rng: text.rstrip(".?") + "!!!",
    "said-twice": lambda text, rng: f"{text} {text}",
    "spaced-letters": lambda text, rng: " ".join(text),
    "starred": lambda text, rng: f"*** {text} ***",
}
