"""JavaScript programs, read by their tokens: facts, and the canaries of a program.

A canary is the same program, but for what it could only know by reading its own text or its engine's tables: names that
it binds are others, comments have other letters, spaces and lines are added, and statements stand at its beginning and
end. A name keeps its spelling where it may also be that of a property, and where it is the engine's. A program that
fails with other names, as it evaluates text in which they stand, is tried with its own and all the rest. No string,
template or regular expression is touched.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from mesolens.instruments.quine.facts import Facts
from mesolens.instruments.quine.inside.python_facts import MOST
from mesolens.instruments.quine.javascript_tokens import NotJavaScript, Token, tokens

_PROVIDED = (
    "console print process globalThis Object Array String Number Boolean Symbol Function Math JSON RegExp Date Error "
    "Map Set WeakMap Proxy Reflect Promise BigInt Uint8Array eval parseInt parseFloat isNaN undefined NaN Infinity "
    "escape unescape encodeURIComponent decodeURIComponent encodeURI decodeURI arguments require module exports"
)
_ENGINE = frozenset(_PROVIDED.split())
_DYNAMIC = frozenset({"eval", "Function", "globalThis", "with", "this", "require", "module"})
_BINDING = frozenset({"var", "let", "const", "function", "class"})
_ASSIGNS = frozenset({"=", "=>"})
_LONG, _MANY = 2000, 64
"""Tokens of the longest statement and the longest list of parameters that are looked at, so that time is linear."""


@dataclass(frozen=True, slots=True)
class ReadJavaScript:
    """A JavaScript program, read.

    Attributes:
        canaries: texts of its canaries: with other names, and with the names that it has.
    """

    facts: Facts
    canaries: tuple[str, ...] = ()


def read_javascript(text: str) -> ReadJavaScript:
    """Facts and canaries of a program; an error where it cannot be cut into tokens."""
    try:
        found = tokens(text)
    except NotJavaScript as problem:
        return ReadJavaScript(Facts(error=f"not JavaScript: {problem}"))
    said = [token for token in found if token.kind not in ("space", "comment")]
    comments = tuple(token.text for token in found if token.kind == "comment")
    whole = len(text.encode("utf-8", "replace")) or 1
    facts = Facts(
        identifiers=frozenset(token.text for token in said if token.kind == "name"),
        comments=comments,
        strings=tuple(_values(said)),
        shape=_shape(said),
        comment_share=sum(len(comment.encode("utf-8", "replace")) for comment in comments) / whole,
        dead_share=min(1.0, _dead(said) / whole),
    )
    return ReadJavaScript(facts, tuple(_canary(found, text, renames) for renames in (True, False)))


def _values(said: Sequence[Token]) -> Iterator[str]:
    """The values of strings and of templates without anything embedded."""
    for token in said:
        if token.kind == "string" or (token.kind == "template" and token.text[0] == "`" and token.text[-1] == "`"):
            yield _value(token.text[1:-1])


_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[\s\S])")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}


def _value(spelling: str) -> str:
    def meant(found: re.Match[str]) -> str:
        text = found[1]
        if len(text) > 2 and text[0] in "ux":
            code = int(text[1:].strip("{}"), 16)
            return chr(code) if code <= 0x10FFFF else ""
        return _LETTERS.get(text, text)

    return _ESCAPE.sub(meant, spelling)


def _shape(said: Sequence[Token]) -> dict[str, int]:
    """Runs of one, two and three tokens without names and data, counted."""
    labels = [_label(token, said[place - 1] if place else None) for place, token in enumerate(said)]
    runs = Counter(" ".join(labels[at : at + size]) for size in (1, 2, 3) for at in range(len(labels) - size + 1))
    return {run: min(count, MOST) for run, count in runs.items()}


def _label(token: Token, before: Token | None) -> str:
    if token.kind == "name":
        known = token.text in _ENGINE or (before is not None and before.text in (".", "?."))
        return token.text if known else "name"
    return token.text if token.kind in ("keyword", "mark") else token.kind


def _dead(said: Sequence[Token]) -> int:
    """Bytes of declarations whose name is never said again; a declaration ends with its `;` or its closing brace."""
    if any(token.text in _DYNAMIC for token in said):
        return 0
    said_often = Counter(token.text for token in said if token.kind == "name")
    total = 0
    for place, token in enumerate(said[:-1]):
        if token.text in _BINDING and said[place + 1].kind == "name" and said_often[said[place + 1].text] == 1:
            total += sum(len(each.text.encode("utf-8", "replace")) for each in _statement(said[place : place + _LONG]))
    return total


def _statement(said: Sequence[Token]) -> Iterator[Token]:
    depth = 0
    for token in said:
        yield token
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth <= 0 and token.text in (";", "}"):
            return


def renamable(said: Sequence[Token]) -> set[str]:
    """The names that a program binds and that are certainly no property's."""
    bound = {token.text for before, token, after in _threes(said) if _binds(before, token, after)}
    bound |= _parameters(said)
    kept = {token.text for before, token, after in _threes(said) if _may_be_property(before, token, after)}
    return bound - kept - _ENGINE


def _threes(said: Sequence[Token]) -> Iterator[tuple[str, Token, str]]:
    for place, token in enumerate(said):
        if token.kind == "name":
            before = said[place - 1].text if place else ""
            yield before, token, said[place + 1].text if place + 1 < len(said) else ""


def _binds(before: str, token: Token, after: str) -> bool:
    return before not in (".", "?.") and (before in _BINDING or after in _ASSIGNS)


def _may_be_property(before: str, token: Token, after: str) -> bool:
    del token
    shorthand = before in ("{", ",") and after in ("}", ",")
    method = before in ("{", "}", ",", ";", "get", "set", "static", "async", "*") and after == "("
    return before in (".", "?.") or after == ":" or shorthand or method


def _parameters(said: Sequence[Token]) -> set[str]:
    """Names alone between brackets before `=>` or a body."""
    found: set[str] = set()
    opened: list[int] = []
    for place, token in enumerate(said):
        if token.text == "(":
            opened.append(place)
        elif token.text == ")" and opened:
            begin = opened.pop() + 1
            if place - begin > _MANY:
                continue
            inside = said[begin:place]
            plain = all(each.kind == "name" or each.text == "," for each in inside)
            if plain and place + 1 < len(said) and said[place + 1].text in ("=>", "{"):
                found |= {each.text for each in inside if each.kind == "name"}
    return found


def _canary(found: Sequence[Token], text: str, renames: bool) -> str:
    rng = Random(sha256(text.encode("utf-8", "replace")).hexdigest())  # noqa: S311
    said = [token for token in found if token.kind not in ("space", "comment")]
    names = {name: _fresh(rng) for name in sorted(renamable(said))} if renames else {}
    strict = "".join(f"{token.text};" for token in said[:1] if token.text[1:-1] == "use strict")
    body = "".join(_edited(token, before, names) for before, token in _with_before(found))
    first, last = (f"var {_fresh(rng)}={json.dumps(rng.randrange(1 << 30))};" for _ in range(2))
    return f"{strict}\n\n{first}\n {body}\n;{last}\n"


def _with_before(found: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    before = ""
    for token in found:
        yield before, token
        before = token.text if token.kind not in ("space", "comment") else before


def _edited(token: Token, before: str, names: dict[str, str]) -> str:
    if token.kind == "name" and before not in (".", "?."):
        return names.get(token.text, token.text)
    if token.kind == "comment":
        return token.text[:2] + "".join("q" if c.isalnum() else c for c in token.text[2:])
    if token.kind == "space":
        return f" {token.text}"
    return f"{token.text} " if token.text in ("(", ",", ";") else token.text


def _fresh(rng: Random) -> str:
    return "".join(rng.choice("bcdfghjklmnpqrstvwxz") for _ in range(9))
