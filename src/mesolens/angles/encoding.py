"""Encoding: the message in another notation, which a reader must decode before it can answer.

A persona should survive it. Where a model cannot read the notation it answers something else, and that is no change of
face; the control `decode` on top of an angle tells the two apart.
"""

import ast
import base64
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits
from urllib.parse import unquote

from mesolens.angles.angle import Angle
from mesolens.angles.pieces import CHARACTERS, WORDS, Change, Cut, characters, each, unwhole, whole, words
from mesolens.model.question import Question

_DOTS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. "
    ".-.-.- --..-- ..--.. -.-.-- .----. .-..-. -.--. -.--.- ---... -....- -..-."
)
_RADIO = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo "
    "Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu"
)
_MORSE = dict(zip(ascii_lowercase + digits + ".,?!'\"():-/", _DOTS.split(" "), strict=True))
_NATO = dict(zip(ascii_lowercase, _RADIO.split(" "), strict=True))

Way = Callable[[str], str]
Ways = tuple[Way, Way]
"""Into a notation, and back."""
_ESCAPES = r"\\[uU]([0-9a-f]{8}|[0-9a-f]{4})"
_MAIL = "On Monday you were asked:\n"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _bits(data: bytes) -> str:
    return " ".join(f"{byte:08b}" for byte in data)


def _unbits(text: str) -> bytes:
    return bytes(int(bits, 2) for bits in text.split())


def _morse(text: str) -> str:
    spelled = (" ".join(_MORSE.get(letter, letter) for letter in word.lower()) for word in text.split(" "))
    return " / ".join(spelled)


def _spelled(piece: str, choice: float) -> str:
    return " ".join(_NATO.get(letter.lower(), letter) for letter in piece)


def _half(piece: str, choice: float) -> str:
    return _shifted(piece, 13)


def _reference(piece: str, choice: float) -> str:
    return f"&#{ord(piece)};"


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogatepass")


def _percent(piece: str, choice: float) -> str:
    return "".join(f"%{byte:02X}" for byte in _bytes(piece))


def _escape(piece: str, choice: float) -> str:
    return f"\\u{ord(piece):04x}" if ord(piece) < 0x10000 else f"\\U{ord(piece):08x}"


def _numbered(pattern: str, root: int) -> Way:
    """Writes each number that the pattern finds as the character of that code."""
    return lambda text: re.sub(pattern, lambda found: chr(int(found[1], root)), text)


def _shifted(text: str, places: int) -> str:
    moved = "".join(kept[places % 26 :] + kept[: places % 26] for kept in (ascii_lowercase, ascii_uppercase))
    return text.translate(str.maketrans(ascii_lowercase + ascii_uppercase, moved))


def _caesar(question: Question, strength: float, rng: Random) -> Question:
    places = max(1, round(25 * strength)) if strength > 0 else 0
    return replace(question, text=_shifted(question.text, places), core=_shifted(question.core, places))


def _mirrored(text: str) -> str:
    mirrored = ascii_lowercase[::-1] + ascii_uppercase[::-1]
    return text.translate(str.maketrans(ascii_lowercase + ascii_uppercase, mirrored))


def _lines(lead: str) -> Ways:
    """Puts `lead` before every line, and takes it off again."""
    return (
        lambda text: "\n".join(lead + line for line in text.split("\n")),
        lambda text: "\n".join(line.removeprefix(lead) for line in text.split("\n")),
    )


def _between(head: str, tail: str) -> Ways:
    """Puts a text between head and tail, and takes it out again."""
    return lambda text: head + text + tail, lambda text: text[len(head) : len(text) - len(tail)]


def _doubling(head: str, mark: str, tail: str) -> Ways:
    """Between head and tail with every `mark` in the text written twice, as CSV and SQL do."""
    put, take = _between(head, tail)
    return lambda text: put(text.replace(mark, mark * 2)), lambda text: take(text).replace(mark * 2, mark)


def _quoted_mail() -> Ways:
    put, take = _lines("> ")
    return lambda text: _MAIL + put(text), lambda text: take(text.removeprefix(_MAIL))


def _python() -> Ways:
    put, take = _between("message = ", "")
    return lambda text: put(repr(text)), lambda text: str(ast.literal_eval(take(text)))


def _json(head: str, tail: str) -> Ways:
    put, take = _between(head, tail)
    return lambda text: put(json.dumps(text, ensure_ascii=False)), lambda text: str(json.loads(take(text)))


def _xml() -> Ways:
    put, take = _between("<message>", "</message>")
    return lambda text: put(html.escape(text, quote=False)), lambda text: html.unescape(take(text))


def _bytewise(write: Callable[[bytes], str], read: Callable[[str], bytes]) -> Ways:
    return lambda text: write(_bytes(text)), lambda text: _text(read(text))


def _whole(name: str, about: str, ways: Ways) -> Angle:
    return Angle(name, "encoding", about, True, "exact", "", whole(ways[0]), unwhole(ways[1]))


def _part(name: str, about: str, cut: Cut, change: Change, dial: str, back: Way) -> Angle:
    return Angle(name, "encoding", about, True, "exact", dial, each(cut, change), unwhole(back))


_SHIFT = "how far the letters move, up to 25 places"
_NATO_ABOUT = "Letters by their names in the radio alphabet."
_LOG = _between('2031-03-02 09:14:07 INFO message received: "', '"')

ENCODING = (
    _whole("base64", "Base64.", _bytewise(lambda b: base64.b64encode(b).decode(), base64.b64decode)),
    _whole("ascii85", "ASCII85.", _bytewise(lambda b: base64.a85encode(b).decode(), base64.a85decode)),
    _whole("hex", "Bytes as hexadecimal digits.", _bytewise(lambda b: b.hex(" "), bytes.fromhex)),
    _whole("binary", "Bytes as zeros and ones.", _bytewise(_bits, _unbits)),
    _whole("atbash", "The alphabet counted from its other end.", (_mirrored, _mirrored)),
    _whole("mirror", "From the last letter to the first.", (lambda t: t[::-1], lambda t: t[::-1])),
    _whole("json", "The value in a JSON object.", _json('{"message": ', "}")),
    _whole("yaml", "The value of a YAML key.", _json("message: ", "")),
    _whole("xml", "The content of an XML element.", _xml()),
    _whole("csv", "A quoted cell of a CSV table.", _doubling('id,message\n1,"', '"', '"')),
    _whole("sql", "A string in an SQL query.", _doubling("SELECT reply FROM replies WHERE message = '", "'", "';")),
    _whole("python", "A string in Python.", _python()),
    _whole("comment", "A comment in source code.", _lines("# ")),
    _whole("code-block", "A code block of Markdown.", _between("```text\n", "\n```")),
    _whole("email", "Quoted lines of an e-mail.", _quoted_mail()),
    _whole("log-line", "A line in the log of a program.", _LOG),
    _part("rot13", "Letters moved by half the alphabet.", words, _half, WORDS, lambda text: _shifted(text, 13)),
    _part("url", "Characters as in a web address.", characters, _percent, CHARACTERS, _unquoted),
    _part("html", "Characters as numbers in HTML.", characters, _reference, CHARACTERS, _numbered(r"&#(\d+);", 10)),
    _part("escapes", "Characters as Unicode escapes.", characters, _escape, CHARACTERS, _numbered(_ESCAPES, 16)),
    Angle("caesar", "encoding", "Letters moved.", True, "exact", _SHIFT, _caesar, unwhole(lambda t: _shifted(t, -25))),
    Angle("morse", "encoding", "Morse code.", True, "lossy", "", whole(_morse)),
    Angle("nato", "encoding", _NATO_ABOUT, True, "lossy", WORDS, each(words, _spelled)),
)
