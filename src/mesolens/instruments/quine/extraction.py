"""Programs out of a chat reply: from fenced blocks in any form, from inline code, or from the reply as a whole.

The rule is fixed, so that it cannot be chosen after the fact: blocks tagged with the asked language come before
untagged ones, blocks of other languages count for nothing, and of several the **last** are taken, as a reply that
corrects itself ends with what it means. Without a fence the last inline code counts, and without one the whole reply.
"""

import re
from collections.abc import Mapping, Sequence

from mesolens.instruments.quine.honesty import Language

_FENCE = re.compile(r"^(?P<indent>[ \t]*(?:>[ \t]?)*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<tag>[^`\n]*)$")
_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_HTML = re.compile(r"<pre[^>]*>\s*<code(?P<tag>[^>]*)>(?P<code>.*?)</code>\s*</pre>", re.DOTALL | re.IGNORECASE)
_TAGS: Mapping[str, frozenset[str]] = {
    "python": frozenset({"python", "python3", "py", "py3", "python-3", "pycon3"}),
    "javascript": frozenset({"javascript", "js", "node", "nodejs", "ecmascript", "mjs", "jsx"}),
}
_PROGRAMS = 64
"""Blocks of a reply that are looked at."""
_UNFENCED = 20_000
"""Characters of a reply without a fence that are looked at."""


def programs(reply: str, language: Language, count: int = 1) -> list[str]:
    """The program or programs of a reply, in its order; empty when there are fewer than `count`.

    >>> programs("Here it is:\\n```py\\nprint(1)\\n```\\nand it prints\\n```\\n1\\n```", "python")
    ['print(1)\\n']
    """
    text = reply.replace("\r\n", "\n")
    blocks = _fenced(text) or _unfenced(text[-_UNFENCED:])
    tagged = [code for tag, code in blocks if tag in _TAGS[language]]
    found = tagged if len(tagged) >= count else [code for tag, code in blocks if not tag or tag in _TAGS[language]]
    found = [code for code in found if code.strip()]
    return found[-count:] if len(found) >= count else []


def _unfenced(text: str) -> list[tuple[str, str]]:
    inline = [("", found[1].strip()) for found in _INLINE.findall(text)][-_PROGRAMS:]
    return _html(text) or inline or [("", text.strip())]


def _fenced(text: str) -> list[tuple[str, str]]:
    """Each block's tag and code; one that does not end goes to the end of the reply."""
    blocks: list[tuple[str, str]] = []
    opened: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if opened is None:
            opened, lines = found, []
        elif found and _closes(found, opened):
            blocks.append((_tag(opened["tag"]), _code(lines, opened["indent"])))
            opened = None
        else:
            lines.append(line)
    if opened is not None:
        blocks.append((_tag(opened["tag"]), _code(lines, opened["indent"])))
    return blocks[-_PROGRAMS:]


def _closes(found: re.Match[str], opened: re.Match[str]) -> bool:
    same = found["fence"][0] == opened["fence"][0] and len(found["fence"]) >= len(opened["fence"])
    return same and not found["tag"].strip()


def _code(lines: Sequence[str], indent: str) -> str:
    return "".join(f"{line.removeprefix(indent)}\n" for line in lines)


def _tag(said: str) -> str:
    """The language's name in an info string: `python title="a.py"`, `{.python}`, `language-python`."""
    word = said.strip().strip("{}").strip().removeprefix(".").removeprefix("language-")
    return re.split(r"[\s,:{]", word, maxsplit=1)[0].lower() if word else ""


def _html(text: str) -> list[tuple[str, str]]:
    from html import unescape

    found = [(each["tag"], unescape(each["code"])) for each in _HTML.finditer(text)]
    known = {name: tag for tag, names in _TAGS.items() for name in names}
    words = [(set(re.split(r"[^a-z0-9]+", tag.lower())) & set(known), code) for tag, code in found]
    return [(next(iter(names), ""), code) for names, code in words][-_PROGRAMS:]
