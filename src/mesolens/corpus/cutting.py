"""Long plain text in pieces, each a document of its own.

Weights of an average are fitted on documents of which each is left out of the counts. A book that is one document is
then left out whole, and what the other chapters of it say is never asked; so text files are cut. A piece ends at the
last blank line that fits, where that is in its second half; else at the last line's end, else before the last space,
else wherever it is full. Nothing is lost or added: the pieces laid end to end are the text.
"""

import re
from collections.abc import Iterator

CUT = 4000
"""Characters of the longest piece: about a thousand tokens of English."""
_BORDERS = (re.compile(r"\n[^\S\n]*\n\s*"), re.compile(r"\n"))
_SPACE = re.compile(r"\s")


def pieces(text: str, most: int = CUT) -> Iterator[str]:
    """The text in pieces of at most so many characters; 0 leaves it whole.

    >>> list(pieces("One.\\n\\nTwo two.\\n\\nThree.", 16))
    ['One.\\n\\nTwo two.\\n\\n', 'Three.']
    """
    start = 0
    while most and len(text) - start > most:
        end = start + _end(text[start : start + most])
        yield text[start:end]
        start = end
    if start < len(text) or not text:
        yield text[start:]


def _end(window: str) -> int:
    """Where a piece ends that may have no more than the window."""
    half = len(window) // 2
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(window) if half < found.end()]
        if ends:
            return ends[-1]
    # A space goes with the word behind it, as most tokenizers have it.
    spaces = [found.start() for found in _SPACE.finditer(window) if half < found.start()]
    return spaces[-1] if spaces else len(window)
