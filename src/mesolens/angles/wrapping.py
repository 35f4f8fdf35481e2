"""What stands around a message: words before and after it, a frame, a system message, earlier turns, a reply begun.

None of this changes the user's words, so it can be taken off again; only a frame lets go of the words around the core,
as it wraps the core anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from random import Random

from mesolens.angles.angle import Turn, Undo, chosen
from mesolens.model.question import Question
from mesolens.model.question import Turn as Spoken

CORE = "{}"
_ENDS = (".", "!", "?", "…")


def before(texts: tuple[str, ...], gap: str = " ") -> Turn:
    """Put one of the texts before the message; the seed says which."""
    return _picking(texts, lambda question, text: replace(question, text=text + gap + question.text))


def unbefore(texts: Sequence[str], gap: str = " ") -> Undo:
    """Take off the longest of the texts that stands before the message."""
    heads = sorted((text + gap for text in texts), key=len, reverse=True)

    def undo(question: Question) -> Question:
        head = next((head for head in heads if question.text.startswith(head)), "")
        return replace(question, text=question.text[len(head) :])

    return undo


def after(texts: tuple[str, ...], gap: str = " ") -> Turn:
    """Put one of the texts after the message; the seed says which."""
    return _picking(texts, lambda question, text: replace(question, text=question.text + gap + text))


def unafter(texts: Sequence[str], gap: str = " ") -> Undo:
    """Take off the longest of the texts that stands after the message."""
    tails = sorted((gap + text for text in texts), key=len, reverse=True)

    def undo(question: Question) -> Question:
        tail = next((tail for tail in tails if question.text.endswith(tail)), "")
        return replace(question, text=question.text[: len(question.text) - len(tail)])

    return undo


def growing(parts: Sequence[str], between: str = " ", gap: str = "\n\n") -> Turn:
    """Put the first parts before the message, as many as strength says."""

    def turn(question: Question, strength: float, rng: Random) -> Question:
        head = between.join(some(parts, strength))
        return replace(question, text=head + gap + question.text) if head else question

    return turn


def ungrowing(parts: Sequence[str], between: str = " ", gap: str = "\n\n") -> Undo:
    """Take off what `growing` put there."""
    return unbefore([between.join(parts[: count + 1]) for count in range(len(parts))], gap)


def some(parts: Sequence[str], strength: float) -> Sequence[str]:
    """The first parts: none at strength 0, all at 1, and at least one between.

    >>> some("abcd", 0.3)
    'ab'
    """
    return parts[: ceil(strength * len(parts))]


def instead(texts: tuple[str, ...]) -> Turn:
    """Put one of the texts in the place of the message; the seed says which."""
    return _picking(texts, Question.said)


def framed(templates: tuple[str, ...]) -> Turn:
    """Wrap the matter in one of the frames, in the place of its `{}`; what stood around the matter is let go.

    The seed says in which frame. An empty message stays empty.
    """

    def put(question: Question, template: str) -> Question:
        matter = question.matter
        return question.said(filled(template, matter), matter) if matter else question

    return _picking(templates, put)


def filled(template: str, matter: str) -> str:
    """The frame around the matter; a full stop behind `{}` gives way where the matter brings its own mark.

    >>> filled("They say: {}. So?", "Is tea good?")
    'They say: Is tea good? So?'
    """
    head, _, tail = template.partition(CORE)
    return head + matter + (tail[1:] if tail.startswith(".") and matter.rstrip().endswith(_ENDS) else tail)


def told(texts: tuple[str, ...]) -> Turn:
    """Put one of the texts before whatever the system message says already; the seed says which."""
    return _picking(texts, lambda question, text: replace(question, system=_joined(text, question.system)))


def begun(text: str) -> Turn:
    """Begin the reply with the text, behind whatever is begun already."""
    return _picking((text,), lambda question, text: replace(question, prefill=_joined(question.prefill, text)))


def written_as(form: str) -> Turn:
    """Write the chat down in another form (see :mod:`mesolens.model.writing`)."""
    return _picking((form,), lambda question, form: replace(question, form=form))


def earlier(pairs: Sequence[tuple[str, str]]) -> Turn:
    """Put the first pairs of what a user and the assistant said before the conversation, as many as strength says."""
    turns: list[tuple[Spoken, ...]] = [(("user", asked), ("assistant", said)) for asked, said in pairs]

    def turn(question: Question, strength: float, rng: Random) -> Question:
        said = tuple(spoken for pair in turns[: ceil(strength * len(turns))] for spoken in pair)
        return replace(question, before=said + question.before)

    return turn


def untouched(question: Question) -> Question:
    """The undoing of what left the message alone."""
    return question


def _picking(texts: tuple[str, ...], change: Callable[[Question, str], Question]) -> Turn:
    def turn(question: Question, strength: float, rng: Random) -> Question:
        text = chosen(texts, rng.random())
        return change(question, text) if strength > 0 else question

    return turn


def _joined(one: str, other: str) -> str:
    return " ".join(part for part in (one, other) if part.strip())
