"""The ladder of tasks: quines with a nonce and a constraint, so that a remembered program does not help.

Every prompt says what must be printed, what is no honest way to do it, and how the reply is read. Nonces are drawn by
the seed, so that another seed asks for other programs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.instruments.quine.honesty import Language
from mesolens.instruments.quine.spec import Item

LANGUAGES: tuple[Language, ...] = ("python", "javascript")
_TITLES: Mapping[str, str] = {"python": "Python 3", "javascript": "JavaScript"}
_PRINTS: Mapping[str, str] = {
    "python": "It may import modules of the standard library.",
    "javascript": "It may print by console.log, print or process.stdout.write, and has no modules.",
}
OTHER = "other"
"""The argument with which one program of a pair prints the other."""
GENERATIONS = (2, 4)
_LENGTHS = (240, 480)
_FORBIDDEN = "bdhjkqvwyz"


@dataclass(frozen=True, slots=True)
class Rung:
    """A kind of task.

    Attributes:
        says: it in one line, for people.
        asks: its words in the prompt, from the nonce and the number.
        nonce: draws what the rung needs.
        number: the same for its number.
        languages: in which it can be asked.
    """

    says: str
    asks: Callable[[str, int], str]
    nonce: Callable[[Random], str]
    number: Callable[[Random], int] = lambda _: 0
    languages: tuple[Language, ...] = LANGUAGES


def _word(rng: Random) -> str:
    """A word that nobody knows, in letters that an identifier takes."""
    return "".join(rng.choice("bcdfgklmnprstvz") + rng.choice("aeiou") for _ in range(4))


def _words(rng: Random) -> str:
    return " ".join(_word(rng) for _ in range(3))


def _quoted(rng: Random) -> str:
    one, two = (_word(rng) for _ in range(2))
    return f"{one} \"'\\ {two}"


_SELF = "a program that prints exactly its own source"

RUNGS: Mapping[str, Rung] = {
    "identifier": Rung(
        "the program binds and uses a given name",
        lambda nonce, _: f"Write {_SELF}. It must use the name {nonce} for one of its variables or functions.",
        _word,
    ),
    "comment": Rung(
        "the program has a given comment",
        lambda nonce, _: f"Write {_SELF}. It must have a comment that says exactly: {nonce}",
        _words,
    ),
    "quotes": Rung(
        "a string with both quotes and a backslash",
        lambda nonce, _: f"Write {_SELF}. One of its string literals must have exactly this value: {nonce}",
        _quoted,
    ),
    "length": Rung(
        "an exact number of characters, with a given name",
        lambda nonce, number: (
            f"Write {_SELF}. Its source must have exactly {number} characters, a line break at its end not counted, "
            f"and the name {nonce} must be one of its variables or functions."
        ),
        _word,
        lambda rng: rng.randrange(*_LENGTHS),
    ),
    "letter": Rung(
        "a letter is forbidden",
        lambda nonce, _: (
            f"Write {_SELF}. The letter {nonce[0]} must not stand anywhere in it, in either case, and the name "
            f"{nonce[2:]} must be one of its variables or functions."
        ),
        lambda rng: _without(rng, rng.choice(_FORBIDDEN)),
    ),
    "payload": Rung(
        "the program carries a given text that it does not need",
        lambda nonce, _: f"Write {_SELF}. It must hold, as the value of one of its string literals, the text: {nonce}",
        lambda rng: f"{_words(rng)} {rng.randrange(10**6)}",
    ),
    "reversed": Rung(
        "it prints its source backwards",
        lambda nonce, _: (
            "Write a program that prints exactly its own source backwards, the last character first. It must use the "
            f"name {nonce} for one of its variables or functions. Print nothing else: no line break at the end, unless "
            "the source begins with one."
        ),
        _word,
    ),
    "relay": Rung(
        "Python prints JavaScript, which prints the Python again",
        lambda nonce, _: (
            "Write a Python 3 program that prints a JavaScript program which, when run, prints exactly the source of "
            f"the Python program. Both must use the name {nonce} for one of their variables or functions. The "
            "JavaScript may print by console.log, print or process.stdout.write. Give the Python program alone."
        ),
        _word,
        languages=("python",),
    ),
    "multi": Rung(
        "two programs, each of which can print both",
        lambda nonce, _: (
            "Write two different Python 3 programs. Run without an argument, each prints exactly its own source. Run "
            f"with the argument {OTHER}, each prints exactly the source of the other one. Both must use the name "
            f"{nonce} for one of their variables or functions. Give each in a code block of its own."
        ),
        _word,
        languages=("python",),
    ),
    "generations": Rung(
        "it comes back only after some generations",
        lambda nonce, number: (
            f"Write a program whose output is a different program, and so on, so that the output of generation {number}"
            f" is exactly the first program again, and none before it. All {number} programs are in the same language "
            f"and use the name {nonce} for one of their variables or functions."
        ),
        _word,
        lambda rng: rng.randrange(GENERATIONS[0], GENERATIONS[1] + 1),
    ),
}
"""The ladder, in order."""


def _without(rng: Random, letter: str) -> str:
    word = _word(rng)
    while letter in word:
        word = _word(rng)
    return f"{letter} {word}"


def items(
    each: int,
    seed: int = 0,
    *,
    rungs: Sequence[str] | None = None,
    languages: Sequence[str] = LANGUAGES,
) -> tuple[Item, ...]:
    """Items of every rung, `each` in each of its languages.

    Raises:
        BadInput: there is no such rung or language, or no item is asked for.
    """
    named = tuple(RUNGS) if rungs is None else tuple(rungs)
    for kind, names, known in (("rung", named, RUNGS), ("language", languages, LANGUAGES)):
        for name in names:
            if name not in known:
                raise BadInput(f"{printable(repr(name), 60)} is no {kind} of quines; there are {', '.join(known)}")
    if each < 1:
        raise BadInput(f"{each} items of a rung: ask for 1 or more")
    return tuple(
        _item(name, language, place, seed)
        for name in named
        for language in RUNGS[name].languages
        if language in languages
        for place in range(each)
    )


def _item(name: str, language: Language, place: int, seed: int) -> Item:
    rung, label = RUNGS[name], f"{name}/{language}/{place}"
    rng = Random(f"{seed}/{label}")  # noqa: S311
    nonce, number = rung.nonce(rng), rung.number(rng)
    several = name in ("relay", "multi")
    written = rung.asks(nonce, number)
    task = written if several else f"In {_TITLES[language]}: {written}"
    return Item(label, name, language, f"{task} {_PRINTS[language]} {_RULES}", nonce, number)


_RULES = (
    "It may not read its own source or code in any way: not from a file, not by inspection of functions or of the "
    "running program, not from its arguments or its input. It is run without a network, files or input. "
    "Reply with code alone, in a code block, and with no explanation before it."
)
