"""Surface: how the letters look. The words stay, so the persona should too."""

import re
from collections.abc import Callable, Sequence
from string import ascii_lowercase, ascii_uppercase, digits, punctuation

from mesolens.angles.angle import Angle, Turn, chosen
from mesolens.angles.pieces import (
    GAPS,
    LETTERS,
    MARKS,
    WORDS,
    Change,
    Cut,
    characters,
    each,
    gaps,
    unwhole,
    whole,
    words,
)

_LEET = dict(zip("aeiostlbg", "431057|86", strict=True))
_CYRILLIC = dict(zip("aceijopsxyABCEHIJKMOPSTX", "асеіјорѕхуАВСЕНІЈКМОРЅТХ", strict=True))
_GREEK = dict(zip("aeiknoptuvwxyABEZHIKMNOPTYX", "αεικηορτυνωχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", strict=True))
_FULL = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)} | {" ": "\u3000"}
_SMALL = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
_BOLD = {
    plain: chr(first + place)
    for kept, first in ((ascii_uppercase + ascii_lowercase, 0x1D400), (digits, 0x1D7CE))
    for place, plain in enumerate(kept)
}
_FLIPPED = dict(zip("abcdefghijkmnpqrtuvwy?!.,'", "ɐqɔpǝɟƃɥᴉɾʞɯudbɹʇnʌʍʎ¿¡˙',", strict=True))
_CURLY = {"“": '"', "”": '"', "‘": "'", "’": "'"}
_ACCENTS = ("\u0300", "\u0301", "\u0302", "\u0303", "\u0308")
_PILED = ("\u0316\u0343\u0332", "\u0317\u033e\u0359", "\u0324\u0350\u0332", "\u035b\u0316\u033e")
_EMOJI = ("🌷", "✨", "🍀", "🎈", "🐚", "🌙")
_UNSEEN = "\u200b"
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {key: row[at - 1 : at] + row[at + 1 : at + 2] for row in _KEYS for at, key in enumerate(row)}
_VOWELS = "aeiouAEIOU"


def _wide(piece: str, choice: float) -> str:
    return piece * (2 + int(3 * choice)) if piece == " " else piece


def _drawn_out(piece: str, choice: float) -> str:
    return piece * (2 + int(3 * choice)) if piece in _VOWELS else piece


def _stuttered(piece: str, choice: float) -> str:
    return f"{piece[0]}-{piece}" if piece[0].isalpha() else piece


def _decorated(piece: str, choice: float) -> str:
    return f"{piece} {chosen(_EMOJI, choice)}" if piece[0].isalpha() else piece


def _topped(marks: tuple[str, ...]) -> Change:
    return lambda piece, choice: piece + chosen(marks, choice) if piece.isalpha() else piece


def _gap(gap: str) -> Change:
    return lambda piece, choice: gap if piece == " " else piece


def _random_case(piece: str, choice: float) -> str:
    return piece.upper() if choice < 0.5 else piece.lower()


def _typo(write: Change) -> Change:
    """A slip in words of four letters and more, never at their ends."""
    return lambda piece, choice: write(piece, choice) if len(piece) > 3 and piece[0].isalnum() else piece


def _inner(piece: str, choice: float) -> int:
    return 1 + int(choice * (len(piece) - 2))


def _swapped(piece: str, choice: float) -> str:
    at = 1 + int(choice * (len(piece) - 3))
    return piece[:at] + piece[at + 1] + piece[at] + piece[at + 2 :]


def _dropped(piece: str, choice: float) -> str:
    at = _inner(piece, choice)
    return piece[:at] + piece[at + 1 :]


def _doubled(piece: str, choice: float) -> str:
    at = _inner(piece, choice)
    return piece[:at] + piece[at] + piece[at:]


def _neighbour(piece: str, choice: float) -> str:
    at = _inner(piece, choice)
    near = _BESIDE.get(piece[at], piece[at])
    finer = choice * (len(piece) - 2) % 1  # what is left of the draw when the place has been taken from it
    return piece[:at] + near[int(finer * len(near))] + piece[at + 1 :]


def _mixed(piece: str, choice: float) -> str:
    slips = (_swapped, _dropped, _doubled, _neighbour)
    return slips[int(choice * 4)](piece, choice * 4 % 1)


def _curled(piece: str, choice: float) -> str:
    marks = "“‘" if len(piece) == 2 else "”’"
    return marks["\"'".index(piece[0])] + piece[1:] if piece[0] in "\"'" else piece


def _quotes(text: str) -> list[str]:
    """Characters, but an opening mark together with the letter behind it."""
    return re.findall(r"(?<!\w)[\"']\w|.", text, re.DOTALL)


def _flip(text: str) -> str:
    return "".join(_FLIPPED.get(letter, letter) for letter in reversed(text))


def _unflip(text: str) -> str:
    back = {new: old for old, new in _FLIPPED.items()}
    return "".join(back.get(letter, letter) for letter in reversed(text))


def _straight(text: str) -> str:
    return text.translate(str.maketrans(_CURLY))


def _twice(piece: str, choice: float) -> str:
    return piece * 2 if _marked(piece) else piece


def _once(text: str) -> str:
    return re.sub(rf"([{re.escape(punctuation)}])\1", r"\1", text)


def _marked(piece: str) -> bool:
    return piece in punctuation and piece != ""


def _part(name: str, about: str, cut: Cut, change: Change, dial: str) -> Angle:
    return Angle(name, "surface", about, True, "lossy", dial, each(cut, change))


def _back(name: str, about: str, turn: Turn, dial: str, back: Callable[[str], str]) -> Angle:
    return Angle(name, "surface", about, True, "exact", dial, turn, unwhole(back))


def _table(name: str, about: str, table: dict[str, str]) -> Angle:
    back = str.maketrans({new: old for old, new in table.items()})
    change = each(characters, lambda piece, _: table.get(piece, piece))
    return _back(name, about, change, LETTERS, lambda text: text.translate(back))


def _added(name: str, about: str, cut: Cut, change: Change, dial: str, marks: Sequence[str]) -> Angle:
    """Only adds some of `marks`, none of which is ASCII, so that they can be found again."""
    found = re.compile("|".join(re.escape(mark) for mark in marks))
    return _back(name, about, each(cut, change), dial, lambda text: found.sub("", text))


def _shouted() -> Angle:
    turn = whole(lambda text: text.rstrip(".?!…") + "!!!")
    return Angle("shouting-end", "surface", "Three exclamation marks at the end.", True, "lossy", "", turn)


SURFACE = (
    _part("lower", "Letters in lower case.", characters, lambda c, _: c.lower(), LETTERS),
    _part("upper", "Letters in capitals.", characters, lambda c, _: c.upper(), LETTERS),
    _part("title", "Words with a capital first.", words, lambda w, _: w[:1].upper() + w[1:], WORDS),
    _part("random-case", "Letters in either case, by chance.", characters, _random_case, LETTERS),
    _part("typos", "Slips of all four kinds in longer words.", words, _typo(_mixed), WORDS),
    _part("typo-swap", "Two letters of longer words exchanged.", words, _typo(_swapped), WORDS),
    _part("typo-drop", "A letter of longer words left out.", words, _typo(_dropped), WORDS),
    _part("typo-double", "A letter of longer words typed twice.", words, _typo(_doubled), WORDS),
    _part("typo-neighbour", "The key beside the right one hit in longer words.", words, _typo(_neighbour), WORDS),
    _part("stutter", "The first letter of words said twice.", words, _stuttered, WORDS),
    _part("no-punctuation", "Without punctuation.", characters, lambda c, _: "" if _marked(c) else c, MARKS),
    _part("no-vowels", "Without vowels.", characters, lambda c, _: "" if c in _VOWELS else c, LETTERS),
    _part("stretched", "Vowels drawn out.", characters, _drawn_out, LETTERS),
    _part("leet", "Digits for letters that look like them.", characters, lambda c, _: _LEET.get(c.lower(), c), LETTERS),
    _part("extra-spaces", "Wide gaps between words.", characters, _wide, GAPS),
    _part("glued", "No spaces between words.", characters, _gap(""), GAPS),
    _part("dotted", "Dots between words.", characters, _gap("... "), GAPS),
    _part("broken-lines", "A new line after each word.", characters, _gap("\n"), GAPS),
    _table("cyrillic", "Cyrillic letters that look like the Latin ones.", _CYRILLIC),
    _table("greek", "Greek letters that look like the Latin ones.", _GREEK),
    _table("full-width", "Full-width characters, as in East Asian text.", _FULL),
    _table("small-caps", "Small capitals.", _SMALL),
    _table("bold", "Bold letters of mathematics.", _BOLD),
    _added("diacritics", "An accent on each letter.", characters, _topped(_ACCENTS), LETTERS, _ACCENTS),
    _added("zalgo", "Marks piled on each letter.", characters, _topped(_PILED), LETTERS, _PILED),
    _added("emoji", "A small picture after words.", words, _decorated, WORDS, [f" {mark}" for mark in _EMOJI]),
    _added("zero-width", "Invisible characters between letters.", gaps, lambda c, _: c or _UNSEEN, GAPS, [_UNSEEN]),
    _back("spaced-letters", "A space between letters.", each(gaps, lambda c, _: c or " "), GAPS, lambda t: t[::2]),
    _back("doubled-punctuation", "Every mark twice.", each(characters, _twice), MARKS, _once),
    _back("smart-quotes", "Typographers' quotation marks and apostrophes.", each(_quotes, _curled), MARKS, _straight),
    _back("upside-down", "Turned upside down.", whole(_flip), "", _unflip),
    _back("starred", "Stars around the message.", whole("*** {} ***".format), "", lambda t: t[4:-4]),
    _back("quoted", "Quotation marks around the message.", whole('"{}"'.format), "", lambda t: t[1:-1]),
    _shouted(),
)
