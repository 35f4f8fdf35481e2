"""From contrasts in words to views: each seen from several angles, some kept back to try the organs on.

Both prompts of a contrast are turned alike: the user's last message by the angle, everything else as it was. Half of
each trait's templates (where a trait has few, every fourth contrast of each) are kept back, and are seen from angles
that the others are not. A prompt that is plain text or token ids cannot be turned, and is seen as it is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import cast

from mesolens.angles.composition import Composition, parse, turned
from mesolens.angles.declared import declared
from mesolens.errors import BadInput
from mesolens.instruments.middle.organs.spec import BROKEN, CLEAN, FOUND, HELD, View
from mesolens.model.chat import token_texts
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.model.writing import written
from mesolens.traits.contrasts import Contrast, Messages, Prompt
from mesolens.traits.encode import EncodedContrast

ANGLES = (CLEAN, "quoted", "typos:0.2")
"""From which organs are found by default: nothing, and two small changes of the message."""
UNSEEN = ("shouting-end", "typo-swap:0.2")
"""From which they are tried by default."""
MANY = 4
"""Templates of a trait from which whole templates are kept back."""


@dataclass(frozen=True, slots=True)
class Sights:
    """From where contrasts are seen.

    Attributes:
        found: angles that organs are found by, :data:`~mesolens.instruments.middle.organs.spec.CLEAN` among them.
        held: angles that they are tried from.
        broken: angles that are only looked from, to see which organs fall silent.
        declared: rows that declare angles beyond the catalogue's.
    """

    found: tuple[str, ...] = ANGLES
    held: tuple[str, ...] = UNSEEN
    broken: tuple[str, ...] = ()
    declared: tuple[Mapping[str, object], ...] = ()


def trait_of(template: str) -> str:
    """The trait that a template is about: its name up to the first slash.

    >>> trait_of("warmth/order-against-order")
    'warmth'
    """
    return template.partition("/")[0]


def views_of(
    model: LoadedModel, texts: Sequence[Contrast], encoded: Sequence[EncodedContrast], sights: Sights, seed: int
) -> tuple[View, ...]:
    """Every view that can be written down for the model and fits its window.

    Args:
        model: whose tokenizer writes turned prompts.
        texts: contrasts in words, and `encoded`: the same as token ids, in the same order.
        sights: from where they are seen.
        seed: of angles, and of what is kept back.

    Raises:
        BadInput: no angle has such a name, or an angle is both found by and held.
    """
    both = set(sights.found) & set(sights.held)
    if both:
        raise BadInput(
            f"{', '.join(sorted(both))}: an angle that organs are found by cannot be one they are tried from"
        )
    known = declared(sights.declared, "the organs' angles") if sights.declared else {}
    named = {name: parse(name, known) for name in (*sights.found, *sights.held, *sights.broken)}
    back = kept_back(encoded, seed)
    views: list[View] = []
    for place, (text, contrast) in enumerate(zip(texts, encoded, strict=True)):
        uses = {HELD: sights.held} if place in back else {FOUND: _with_clean(sights.found), BROKEN: sights.broken}
        for use, angles in uses.items():
            views += _views(model, text, contrast, {name: named.get(name) for name in angles}, use, seed)
    return tuple(views)


def _with_clean(angles: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((CLEAN, *angles)))


def _views(
    model: LoadedModel,
    text: Contrast,
    contrast: EncodedContrast,
    angles: Mapping[str, Composition | None],
    use: str,
    seed: int,
) -> list[View]:
    """One contrast from some angles; as it is where it cannot be turned and would else not be seen."""
    trait, found = trait_of(contrast.template), list[View]()
    for name, composition in angles.items():
        plain = name == CLEAN or composition is None
        seen = contrast if plain or composition is None else _turned(model, text, contrast, composition, seed)
        if seen is not None:
            found.append(View(seen, trait, contrast.id, name, use))
    if not found and use == HELD:
        found.append(View(contrast, trait, contrast.id, CLEAN, use))
    return found


def kept_back(contrasts: Sequence[EncodedContrast], seed: int) -> set[int]:
    """The places of contrasts that organs are tried on, a quarter to a half of every trait's."""
    rng, back = Random(f"{seed}/kept back"), set[int]()  # noqa: S311
    templates: dict[str, list[str]] = {}
    for contrast in contrasts:
        templates.setdefault(trait_of(contrast.template), []).append(contrast.template)
    for names in templates.values():
        different = sorted(set(names))
        rng.shuffle(different)
        if len(different) >= MANY:
            whole = set(different[: len(different) // 2])
            back |= {place for place, contrast in enumerate(contrasts) if contrast.template in whole}
        else:
            back |= _every_fourth(contrasts, different)
    return back


def _every_fourth(contrasts: Sequence[EncodedContrast], templates: Sequence[str]) -> set[int]:
    seen: Counter[str] = Counter()
    back: set[int] = set()
    for place, contrast in enumerate(contrasts):
        if contrast.template in templates:
            seen[contrast.template] += 1
            if seen[contrast.template] % 4 == 0:
                back.add(place)
    return back


def _turned(
    model: LoadedModel, text: Contrast, contrast: EncodedContrast, composition: Composition, seed: int
) -> EncodedContrast | None:
    """The contrast with both prompts turned; None where one cannot be, or does not fit the window."""
    clean = _ids(model, text.clean, composition, seed, contrast.id)
    reference = None if text.reference is None else _ids(model, text.reference, composition, seed, contrast.id)
    if clean is None or (reference is None) != (text.reference is None):
        return None
    longest = max(len(clean), len(reference or ())) + max(len(contrast.target), len(contrast.foil)) - 1
    if model.card.window is not None and longest > model.card.window:
        return None
    return replace(
        contrast,
        clean=clean,
        reference=reference,
        clean_tokens=tuple(token_texts(model.tokenizer, clean)),
        reference_tokens=tuple(token_texts(model.tokenizer, reference or ())),
    )


def _ids(model: LoadedModel, prompt: Prompt, composition: Composition, seed: int, item: str) -> tuple[int, ...] | None:
    question = asked(prompt)
    if question is None or model.tokenizer is None:
        return None
    try:
        return written(model.tokenizer, turned(question, composition, seed, item)).ids
    except BadInput:
        return None


def asked(prompt: Prompt) -> Question | None:
    """The question that a chat ends with; None where the prompt is no chat that ends with the user.

    >>> asked(({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tea?"})).system
    'Be brief.'
    """
    if isinstance(prompt, str) or not prompt or not isinstance(prompt[0], Mapping):
        return None
    chat = [(message["role"], message["content"]) for message in cast(Messages, prompt)]
    system = chat.pop(0)[1] if chat[0][0] == "system" else ""
    if not chat or chat[-1][0] != "user":
        return None
    return Question(chat[-1][1], system=system, before=tuple(chat[:-1]))
