"""A careful rewording that leaves the meaning, and the core to the letter: contractions, set phrases, near synonyms.

Every place outside the core at which a rule fits gets two draws: the first decides whether it is reworded, the second
how. A message in which no rule fits gets a small word before it instead, so that a paraphrase never is the same text.
"""

import re
from dataclasses import replace
from random import Random

from mesolens.angles.angle import chosen
from mesolens.angles.wording import like
from mesolens.model.question import Question

_VERB = r"(?! (?:i|you|we|they|he|she|it)\b)"
_RULES = {
    r"what do you say(?=\?)": ("what do you think", "what would you say", "what is your view"),
    r"what do you think": ("what would you say", "what is your view"),
    r"how (?:do|can) i(?= \w)": ("what is a good way to",),
    r"is it true that": ("is it right that", "would you say that"),
    r"i (?:think|believe) that": ("in my view,", "my view is that"),
    r"i think(?! (?:so|about|of)\b)": ("I believe", "in my view,"),
    r"i feel that": ("my feeling is that", "I have the feeling that"),
    r"i am sure that": ("I am certain that", "I do not doubt that"),
    r"i would like to": ("I want to",),
    r"i want to": ("I would like to", "I wish to"),
    r"i need to": ("I have to",),
    r"i'm(?= \w)": ("I am",),
    r"i am(?= \w)": ("I'm",),
    r"i've(?= \w)": ("I have",),
    r"you're(?= \w)": ("you are",),
    rf"don't{_VERB}": ("do not",),
    r"do not": ("don't",),
    rf"doesn't{_VERB}": ("does not",),
    rf"isn't{_VERB}": ("is not",),
    r"is not": ("isn't",),
    rf"can't{_VERB}": ("cannot",),
    r"cannot": ("can't",),
    rf"won't{_VERB}": ("will not",),
    r"(?:could|can) you(?= \w)": ("would you", "might you"),
    r"would you(?= \w)": ("could you", "will you"),
    r"a friend": ("one of my friends",),
    r"right now": ("at the moment",),
    r"for example": ("for instance",),
    r"maybe": ("perhaps",),
    r"perhaps": ("maybe",),
    r"begin": ("start",),
    r"big": ("large",),
    r"large": ("big",),
    r"often": ("frequently",),
    r"hello": ("good day",),
    r"thank you": ("thanks",),
    r"thanks": ("thank you",),
}
_ASKED = r"(?<![^.!?\n] )(?<!\S)(?:what|which|who|when|where|why|how)\b(?=[^.!?\n]*\?)"
_ASKING = ("could you tell me: ", "please tell me: ", "I wonder: ")
_PLACES = re.compile(rf"\b(?:{'|'.join(f'({rule})' for rule in _RULES)})\b|({_ASKED})", re.IGNORECASE)
_WAYS = (*_RULES.values(), _ASKING)
_OPENINGS = ("Well, ", "So, ", "Now, ")
_SMALL = """
    a am an and are as at but can could dear did do does for from have he hello here how if in is it let may my nobody
    of on once one our please she should so somebody sorry thanks that the there they this to today was we what when
    where which who why will with would yesterday you your
    """
"""Words whose capital at the beginning of a message is no part of their spelling."""


def paraphrased(question: Question, strength: float, rng: Random) -> Question:
    """The question reworded at the part of its places that strength says."""
    text, start = question.text, question.text.find(question.core)
    stop = start + len(question.core)
    places = [place for place in _PLACES.finditer(text) if place.end() <= start or place.start() >= stop]
    written, at = "", 0
    for place in places:
        whether, which = rng.random(), rng.random()
        if whether < strength:
            written += text[at : place.start()] + _reworded(text, place, which)
            at = place.end()
    whether, which = rng.random(), rng.random()
    if not places and whether < strength:
        opening = chosen(_OPENINGS, which)
        return replace(question, text=opening + (text if question.core and start == 0 else _lowered(text)))
    return replace(question, text=written + text[at:])


def _lowered(text: str) -> str:
    first = re.match(r"\w+", text)
    return text[0].lower() + text[1:] if first and first[0].lower() in _SMALL.split() else text


def _reworded(text: str, place: re.Match[str], choice: float) -> str:
    old, ways, before = place[0], _WAYS[(place.lastindex or 1) - 1], text[: place.start()].rstrip(" ")
    begins = not before or before[-1] in ".!?\n"
    new = chosen(ways, choice)
    if ways is _ASKING:
        new += old[:1].lower() + old[1:]
    return like(old, new) if begins or old.isupper() else new
