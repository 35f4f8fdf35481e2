r"""The options that an item offers: found in its words, and put into another order.

A model that likes to say "(A)", or the first word that it was offered, agrees with whatever stands there. So an item is
asked in more than one order, and its options must be found without losing a character around them. Public items write
them as lines, not always tidily (`" (A) Yes \n (B)No\n\nAnswer:"`), and ours as the words `Yes or No`. Only the texts
change places; letters, spaces and line breaks stay where they are, so an order and its inverse give the item back.
"""

import re
from collections.abc import Sequence

from mesolens.errors import BadInput

_START = re.compile(r"^ ?\(([A-Z])\)", re.MULTILINE)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BETWEEN = " or "
Span = tuple[int, int]


def letter(place: int) -> str:
    """How the option at a place is answered.

    >>> letter(2)
    ' (C)'
    """
    return f" ({LETTERS[place]})"


def lettered(question: str) -> tuple[str, ...]:
    r"""The texts behind (A), (B), … in the last list of options that the question holds; empty when it holds none.

    >>> lettered("Tea?\n\nChoices:\n (A) Yes \n (B)No\n\nAnswer:")
    ('Yes', 'No')
    """
    return tuple(question[start:end] for start, end in _lettered_spans(question))


def before(question: str) -> str:
    r"""What stands before the last list of options, without the word `Choices:`; all of it where there is no list.

    >>> before("Tea?\n\nChoices:\n (A) Yes\n (B) No")
    'Tea?'
    """
    found = _lettered_spans(question)
    if not found:
        return question
    head = question[: question.rfind("(A)", 0, found[0][0])]
    return head.strip().removesuffix("Choices:").strip() or question


def _lettered_spans(question: str) -> list[Span]:
    """Where the texts stand, without the spaces around them: the last runs to the end of its line."""
    starts = list(_START.finditer(question))
    first = max((index for index, found in enumerate(starts) if found[1] == "A"), default=len(starts))
    run = [found for place, found in enumerate(starts[first:]) if found[1] == LETTERS[place : place + 1]]
    if len(run) < 2 or len(run) < len(starts) - first:
        return []
    last = question.find("\n", run[-1].end())
    ends = [found.start() for found in run[1:]] + [len(question) if last < 0 else last]
    return [_bare(question, found.end(), end) for found, end in zip(run, ends, strict=True)]


def _bare(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _offered_spans(question: str, options: Sequence[str]) -> list[Span]:
    """Where the words of the last `first or second` stand."""
    start = question.rfind(_BETWEEN.join(options))
    if start < 0:
        return []
    found: list[Span] = []
    for option in options:
        found.append((start, start + len(option)))
        start += len(option) + len(_BETWEEN)
    return found


def spans(question: str, options: Sequence[str]) -> list[Span]:
    """Where each option stands in the question: behind its letter, or in `first or second`.

    Raises:
        BadInput: the question does not offer these options in this order.
    """
    for found in (_lettered_spans(question), _offered_spans(question, options)):
        if [question[start:end] for start, end in found] == list(options):
            return found
    raise BadInput(f"the question does not offer {', '.join(map(repr, options))} in this order, as (A) … or as A or B")


def exchanged(question: str, options: Sequence[str], order: Sequence[int]) -> str:
    r"""The question with option `order[place]` at each place.

    >>> exchanged("Tea?\n (A) Yes \n (B)No", ("Yes", "No"), (1, 0))
    'Tea?\n (A) No \n (B)Yes'

    Raises:
        BadInput: `order` is no order of the options, or the question does not offer them.
    """
    if sorted(order) != list(range(len(options))):
        raise BadInput(f"{list(order)} is no order of {len(options)} options")
    written, done = "", 0
    for (start, end), option in zip(spans(question, options), order, strict=True):
        written += question[done:start] + options[option]
        done = end
    return written + question[done:]
