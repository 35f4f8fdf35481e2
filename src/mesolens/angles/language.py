"""Language and register: the same matter in another way of speaking, or word for word in another language."""

import re
from collections.abc import Mapping, Sequence

from mesolens.angles import registers
from mesolens.angles.angle import Angle
from mesolens.angles.glosses import GLOSSES
from mesolens.angles.pieces import SENTENCES, WORDS, Change, each, sentences, words
from mesolens.angles.wording import PHRASES, exchanged, like, spoken

_SOUNDS = (
    (r"^wh", "w"), (r"^kn", "n"), (r"^wr", "r"), (r"ph", "f"), (r"tion", "shun"), (r"sion", "zhun"), (r"ight", "ite"),
    (r"igh", "y"),
    (r"ould", "ud"), (r"ough", "uf"), (r"augh", "af"), (r"ck", "k"), (r"qu", "kw"), (r"x", "ks"), (r"ea", "ee"),
    (r"c(?=[eiy])", "s"), (r"c(?!h)", "k"), (r"oo(?=k)", "u"), (r"ow(?=n)", "ou"), (r"ay$", "ey"),
    (r"(?<=[a-z][b-df-hj-np-tv-z])e$", ""),
)  # fmt: skip
_CLAUSE = re.compile(
    r"\b(?:(?:do|does|don't|doesn't|can|can't|cannot|will|won't|would|could|should|shall|may|might|must) "
    r"(?:(?:i|you|he|she|it|we|they|not) )*|to )\w+|\w+(?:['’]\w+)*|\W",
    re.IGNORECASE,
)
_VERBS = "part of the verbs touched"
_into_past = exchanged(registers.PAST)
_ALONE = {"a", "i", "the", "he", "she", "we", "me", "be", "they", "you"}


def _pig(piece: str, choice: float) -> str:
    found = re.fullmatch(r"([b-df-hj-np-tv-z]*)([a-z]+)", piece.lower())
    if not found or not piece.isascii():
        return piece
    onset, rest = found.groups()
    return like(piece, f"{rest}{onset}ay" if onset else f"{rest}way")


def _by_sound(piece: str, choice: float) -> str:
    said = piece.lower()
    if said in _ALONE or not said.isalpha():
        return piece
    for written, heard in _SOUNDS:
        said = re.sub(written, heard, said)
    return like(piece, said)


def _lisped(piece: str, choice: float) -> str:
    said = re.sub(r"s+(?!h)|x|z|c(?=[eiy])", lambda found: "kth" if found[0] == "x" else "th", piece.lower())
    return like(piece, said) if piece.isalpha() and said != piece.lower() else piece


def _last_first(piece: str, choice: float) -> str:
    """The sentence with its last word at the front, as a small green teacher of a film puts it."""
    found = re.fullmatch(r"(\w[^\n]*) (\w+)([.!?]*\s*)", piece)
    if not found:
        return piece
    rest, last, end = found.groups()
    small = rest if re.match(r"I\b", rest) else rest[0].lower() + rest[1:]
    return f"{last[0].upper()}{last[1:]}, {small}{end}"


def _clauses(text: str) -> Sequence[str]:
    """Words, but an auxiliary together with its subject and its verb, and `to` together with what follows it."""
    return _CLAUSE.findall(text)


def _past(piece: str, choice: float) -> str:
    first, space, rest = piece.partition(" ")
    return _into_past(first, choice) + space + rest


def _way(
    name: str,
    about: str,
    table: Mapping[str, str],
    openings: tuple[str, ...] = (),
    closings: tuple[str, ...] = (),
) -> Angle:
    return Angle(name, "language", about, True, "lossy", PHRASES, spoken(table, openings, closings))


def _words(name: str, about: str, change: Change) -> Angle:
    return Angle(name, "language", about, True, "lossy", WORDS, each(words, change))


LANGUAGE = (
    Angle("past-tense", "language", "Verbs in the past tense.", True, "lossy", _VERBS, each(_clauses, _past)),
    _way("telegraph", "Without function words.", registers.DROPPED),
    _way(
        "formal",
        "Stiff and formal.",
        registers.FORMAL,
        ("Dear Sir or Madam, I write with reference to the following.", "I should be obliged for your reply to this."),
        ("I remain, yours faithfully.",),
    ),
    _way("slang", "Slang.", registers.SLANG, ("Yo,", "Alright mate,"), ("Innit.", "Know what I mean?")),
    _way("texting", "As in text messages.", registers.TEXTING, ("hey", "yo"), ("lol", "thx")),
    _way("child", "As a small child talks.", registers.CHILD, ("Um,", "Guess what,"), ("Pwease?", "Hee hee.")),
    _way("archaic", "As long ago.", registers.ARCHAIC, ("Hear me,", "Good day to thee."), ("I pray thee, speak.",)),
    _way(
        "legalese",
        "As lawyers write.",
        registers.LEGAL,
        ("The undersigned hereby submits the following matter for consideration:",),
        ("All rights are reserved.", "The foregoing is without prejudice."),
    ),
    _way(
        "business",
        "As managers write.",
        registers.BUSINESS,
        ("Hi team, circling back on this.", "Quick one before the next meeting."),
        ("Please advise.", "Let us take this offline if needed."),
    ),
    _way(
        "hedged",
        "Tentative.",
        registers.HEDGED,
        ("I may be wrong about this.", "I am not at all certain."),
        ("But I could be mistaken.", "Or perhaps not."),
    ),
    _way(
        "polite",
        "Very polite.",
        {},
        ("Good day, and forgive me for taking your time.", "If it is no trouble, may I put something to you?"),
        ("Thank you ever so much.", "I am most grateful for your kindness."),
    ),
    _way("rude", "Rude.", registers.RUDE, ("Listen up.", "Hey you."), ("And be quick.", "Do not waste my time.")),
    _way("broken", "As one writes who has just begun to learn English.", registers.BROKEN),
    _way("third-person", "The user and the assistant by these names.", registers.THIRD),
    _way("we", "The user as more than one.", registers.PLURAL),
    _words("pig-latin", "Pig Latin.", _pig),
    _words("by-sound", "Spelled as it sounds.", _by_sound),
    _words("lisp", "With a lisp.", _lisped),
    Angle("yoda", "language", "The last word first.", True, "lossy", SENTENCES, each(sentences, _last_first)),
    *(_words(f"{name}-gloss", f"{name.capitalize()}, word for word.", exchanged(GLOSSES[name])) for name in GLOSSES),
)
