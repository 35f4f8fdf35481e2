"""Text that a stranger wrote, made fit to print: tensor names, file names, tokens, model replies.

Control characters can move a terminal's cursor or set its title, and bidirectional and invisible ones can make a name
look like another. Each such character is shown as its escape (`\\x1b`, `\\u202e`), so that what is printed is one line,
harmless, and still tells two names apart.
"""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are never printed: controls, format characters (all bidi marks among them), lone surrogates,
line and paragraph separators."""


def printable(text: str, limit: int | None = None) -> str:
    r"""`text` with each control, bidi or invisible character as its escape, cut to `limit` characters if one is given.

    >>> printable("model\x1b[2J.weight")
    'model\\x1b[2J.weight'
    >>> printable("0123456789", limit=5)
    '0123…'
    """
    shown = "".join(_escaped(character) for character in (text if limit is None else text[: limit + 1]))
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
