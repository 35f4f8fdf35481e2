"""Where a program opens the quote in which it keeps the rest of itself, and how it ends behind that.

A quine of the usual build says a text and then what to do with it, and the text holds that very ending. So whoever
opens the quote must know an ending that is not written yet. The quote is the first string of `LEAST` characters or
more; programs are cut into tokens, and nothing of them is run.
"""

import io
import tokenize
from typing import NamedTuple

from mesolens.instruments.quine.honesty import Language
from mesolens.instruments.quine.javascript_tokens import NotJavaScript, tokens

LEAST = 20
_MARKS = "'\"`"


class Quoted(NamedTuple):
    """A long string of a program.

    Attributes:
        opens: the character of the program behind its opening quote.
        ending: what the program says behind the string, without the spaces around it.
    """

    opens: int
    ending: str


def quoted(program: str, language: Language) -> Quoted | None:
    """The first long string, or None where there is none or the program cannot be cut into tokens.

    >>> quoted("s = 'print(%r and so on %% s)'; print(s % s)", "python")
    Quoted(opens=5, ending='; print(s % s)')
    >>> quoted("print('short')", "python") is None
    True
    """
    found = _python(program) if language == "python" else _javascript(program)
    if found is None:
        return None
    start, end = found
    text = program[start:end]
    mark = next(place for place, letter in enumerate(text) if letter in _MARKS)
    width = 3 if language == "python" and text[mark : mark + 3] in ("'''", '"""') else 1
    return Quoted(start + mark + width, program[end:].strip())


def _python(program: str) -> tuple[int, int] | None:
    starts = [0]
    for line in program.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    try:
        for token in tokenize.generate_tokens(io.StringIO(program, newline="").readline):
            if token.type == tokenize.STRING and len(token.string) >= LEAST:
                (first, begin), (last, end) = token.start, token.end
                return starts[first - 1] + begin, starts[last - 1] + end
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass
    return None


def _javascript(program: str) -> tuple[int, int] | None:
    try:
        place = 0
        for token in tokens(program):
            if token.kind in ("string", "template") and len(token.text) >= LEAST and token.text[0] in _MARKS:
                return place, place + len(token.text)
            place += len(token.text)
    except NotJavaScript:
        pass
    return None
