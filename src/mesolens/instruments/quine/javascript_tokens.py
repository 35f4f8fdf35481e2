"""JavaScript cut into tokens, as ECMAScript 2020 (clauses 11.3 to 11.8) has them; nothing is parsed and nothing is run.

A slash begins a regular expression where an operand may stand, which is decided by the token before it; after a closing
bracket it is a division, but for the brackets of `if`, `while`, `for` and `with`. A template is cut into its texts and
the tokens of what it embeds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["space", "comment", "name", "keyword", "number", "string", "template", "regex", "mark"]

_RESERVED = (
    "await break case catch class const continue debugger default delete do else export extends false finally for "
    "function if import in instanceof let new null of return static super switch this throw true try typeof var void "
    "while with yield async get set"
)
KEYWORDS = frozenset(_RESERVED.split())
_SOFT = frozenset({"of", "let", "static", "async", "get", "set", "await"})
_SPELLED = (
    ">>>= ... === !== **= <<= >>= >>> &&= ||= ??= => == != <= >= && || ?? ?. ++ -- += -= *= /= %= &= |= ^= << >> ** "
    "{ } ( ) [ ] ; , < > + - * / % & | ^ ! ~ ? : = . # @"
)
_MARKS = _SPELLED.split()
_NAME = r"(?:[^\W\d]|[$]|\\u[0-9a-fA-F]{4})(?:\w|[$\u200c\u200d]|\\u[0-9a-fA-F]{4})*"
_LEXEME = re.compile(
    r"(?P<space>[\s\ufeff]+)"
    r"|(?P<comment>//[^\n\r\u2028\u2029]*)"
    rf"|(?P<name>{_NAME})"
    r"|(?P<number>0[xX][0-9a-fA-F_]+n?|0[oO][0-7_]+n?|0[bB][01_]+n?"
    r"|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?n?)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\(?:\r\n|[\s\S]))*\"|'(?:[^'\\\n]|\\(?:\r\n|[\s\S]))*')"
    rf"|(?P<mark>{'|'.join(map(re.escape, _MARKS))})"
)
_REGEX = re.compile(r"/(?![*/])(?:[^\\/\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/\w*")
_TEXT = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*")
_BEFORE = "return typeof instanceof in of new delete void throw case do else yield await"
_BEFORE_OPERAND = frozenset(_BEFORE.split())


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a program, in its own spelling."""

    kind: Kind
    text: str


class NotJavaScript(ValueError):
    """The text cannot be cut into tokens."""


def tokens(text: str) -> list[Token]:
    """All pieces of a program, spaces and comments among them; put together they are the program.

    >>> [token.text for token in tokens("a=/b/g // c")]
    ['a', '=', '/b/g', ' ', '// c']

    Raises:
        NotJavaScript: a string, template or comment does not end, or a character has no meaning.
    """
    return list(_cut(text))


def _cut(text: str) -> Iterator[Token]:
    place = 0
    last: Token | None = None
    nested: list[str] = []
    heads: list[bool] = []
    while place < len(text):
        token = _next(text, place, last, nested)
        place += len(token.text)
        yield token
        if token.kind not in ("space", "comment"):
            last = _behind(token, last, heads)
    if nested:
        raise NotJavaScript("a bracket or a template does not end")


def _behind(token: Token, last: Token | None, heads: list[bool]) -> Token:
    """What the next token stands behind: after the brackets of `if (…)` a statement begins, which may be an operand."""
    if token.text == "(":
        heads.append(last is not None and last.text in ("if", "while", "for", "with"))
    if token.text == ")" and heads and heads.pop():
        return Token("mark", ";")
    return token


def _next(text: str, place: int, last: Token | None, nested: list[str]) -> Token:
    character = text[place]
    if character == "`":
        return _template(text, place, 1, nested)
    if character == "}" and nested and nested[-1] == "`":
        nested.pop()
        return _template(text, place, 1, nested)
    if text.startswith("/*", place):
        end = text.find("*/", place + 2)
        if end < 0:
            raise NotJavaScript("a comment does not end")
        return Token("comment", text[place : end + 2])
    if character == "/" and text[place : place + 2] not in ("//", "/*") and _operand_may_stand(last):
        if (found := _REGEX.match(text, place)) is None:
            raise NotJavaScript("a regular expression does not end")
        return Token("regex", found[0])
    found = _LEXEME.match(text, place)
    if found is None or found.lastgroup is None:
        raise NotJavaScript(f"nothing begins with {text[place : place + 10]!r}")
    if found[0] == "{":
        nested.append("{")
    elif found[0] == "}" and nested:
        nested.pop()
    return Token(_kind(found.lastgroup, found[0]), found[0])


def _kind(group: str, text: str) -> Kind:
    if group == "name":
        return "keyword" if text in KEYWORDS - _SOFT else "name"
    if group in ("space", "comment", "number", "string"):
        return group  # pyright: ignore[reportReturnType]  (narrowed by the line above)
    return "mark"


def _template(text: str, place: int, skipped: int, nested: list[str]) -> Token:
    """The text of a template from a backtick or a closing brace to the next backtick or `${`, both counted."""
    found = _TEXT.match(text, place + skipped)
    end = found.end() if found else place
    if text[end : end + 2] == "${":
        nested.append("`")
        return Token("template", text[place : end + 2])
    if text[end : end + 1] != "`":
        raise NotJavaScript("a template does not end")
    return Token("template", text[place : end + 1])


def _operand_may_stand(last: Token | None) -> bool:
    if last is None:
        return True
    if last.kind == "keyword" or last.text in _BEFORE_OPERAND:
        return last.text in _BEFORE_OPERAND
    if last.kind == "template":
        return last.text.endswith("${")
    return last.kind == "mark" and last.text not in (")", "]", "}", "++", "--")
