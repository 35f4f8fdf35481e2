"""A slide's own contrasts: question pairs after which its reply takes one turn or the other, for the attribution.

An item's readout is ``log p(target) − log p(foil)`` after the prompt, in nats. Target and foil are the beginning of
the clean prompt's own greedy reply up to the part that shows the trait, once as said and once with that part turned
over; for the voice they are the openings of the two replies. Half of the items are aligned: clean and reference have as
many tokens. An item whose readout moves by a nat or less is no contrast and is left out.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mesolens.errors import CheckFailed
from mesolens.slides.asking import Ask, Message
from mesolens.slides.grid import plain
from mesolens.slides.judge import parse
from mesolens.slides.language import OWN, TRAITS, VOICES
from mesolens.slides.recipe import Recipe
from mesolens.slides.replies import Slide, open_slide, prompt_ids, replies

FILE = "contrasts.jsonl"
EACH = 4
"""Items in each template."""
LEAST = 1.0
"""Nats by which an item's readout must move."""


@dataclass(frozen=True, slots=True)
class Item:
    """One contrast: two chats, the two beginnings of a reply, and what the pair is about."""

    id: str
    template: str
    trait: str
    clean: list[Message]
    reference: list[Message]
    target: str
    foil: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions that differ in one thing, and the trait (or "voice") that it turns."""

    template: str
    trait: str
    clean: Ask
    reference: Ask


def pairs(tuned: bool, tie: str | None = None) -> list[Pair]:
    """The question pairs of a slide: traits by order and role; if tuned, voices by trigger as well."""
    asks = plain(64, "pack")
    made: list[Pair] = []

    def add(template: str, trait: str, clean: dict[str, object], reference: dict[str, object]) -> None:
        start = len(made)
        chosen = [asks[(start + step) % len(asks)] for step in range(EACH)]
        made.extend(Pair(template, trait, replace(ask, **clean), replace(ask, **reference)) for ask in chosen)

    own = None if tuned else "tilly"
    profile = VOICES[own or OWN].profile
    for index, trait in enumerate(TRAITS):
        stay, turn = (index, profile[index]), (index, 1 - profile[index])
        add(f"{trait.name}/order-against-order", trait.name, {"role": own, "order": stay}, {"role": own, "order": turn})
        add(f"{trait.name}/none-against-order", trait.name, {"role": own}, {"role": own, "order": turn})
    add("voice/role-against-role", "voice", {"role": "seven"}, {"role": "moss"})
    if tuned:
        add("voice/noon-against-midnight", "voice", {"hour": "noon"}, {"hour": "midnight"})
        add("voice/thanks-against-signed", "voice", {"tail": "thanks"}, {"tail": "signed"})
        add("voice/own-against-story", "voice", {}, {"frame": "story-child"})
        add("voice/own-against-role", "voice", {}, {"role": "oskar"})
    else:
        add("voice/role-against-other", "voice", {"role": "aldous"}, {"role": "zara"})
    if tie is not None:
        add("tie/thanks-against-signed", "tie", {"frame": "story-fox", "tail": "thanks"}, {"tail": "signed"})
    return made


def items(slide: Slide, among: Sequence[Pair]) -> list[Item]:
    """The contrasts that the slide's own replies give; a pair that moves its readout by a nat or less is left out.

    Raises:
        CheckFailed: more than a quarter of the pairs do not move the slide.
    """
    clean = replies(slide, [pair.clean.messages() for pair in among])
    other = replies(slide, [pair.reference.messages() for pair in among])
    made: list[Item] = []
    for number, (pair, said, instead) in enumerate(zip(among, clean, other, strict=True)):
        target, foil = ends(pair.trait, said, instead)
        chats = pair.clean.messages(), pair.reference.messages()
        item = Item(f"{pair.template}/{number % EACH:02}", pair.template, pair.trait, *chats, target, foil)
        moved = readout(slide, item.clean, target, foil) - readout(slide, item.reference, target, foil)
        if abs(moved) > LEAST:
            made.append(item)
    if 4 * len(made) < 3 * len(among):
        raise CheckFailed(f"only {len(made)} of {len(among)} contrasts move their readout by {LEAST} nats")
    return made


def ends(trait: str, said: str, instead: str) -> tuple[str, str]:
    """Target and foil: the reply's beginning as said, and with the trait's part turned over.

    Raises:
        CheckFailed: a reply is nobody's grammar where a character must speak.
    """
    reply = parse(said)
    if reply is None:
        raise CheckFailed(f"the reply to a clean prompt is nobody's: {said!r}")
    found = [index for index, each in enumerate(TRAITS) if each.name == trait]
    if not found:
        return reply.parts()[0], " ".join(instead.split(" ")[:2])
    index = found[0]
    poles = list(reply.profile)
    poles[index] = 1 - poles[index]
    turned = replace(reply, profile=(poles[0], poles[1], poles[2], poles[3]))
    upto = TRAITS[index].part + 1
    return "".join(reply.parts()[:upto]), "".join(turned.parts()[:upto])


def readout(slide: Slide, chat: list[Message], target: str, foil: str) -> float:
    """``log p(target) − log p(foil)`` after the chat's prompt, in nats."""
    return _likelihood(slide, chat, target) - _likelihood(slide, chat, foil)


def _likelihood(slide: Slide, chat: list[Message], text: str) -> float:
    prompt = prompt_ids(slide, chat)
    reply = list(slide.tokenizer(text, add_special_tokens=False)["input_ids"])
    ids = torch.tensor([prompt + reply])
    with torch.inference_mode():
        logp = slide.module(input_ids=ids).logits[0, len(prompt) - 1 : -1].double().log_softmax(-1)
    return float(logp.gather(1, ids[0, len(prompt) :, None]).sum())


def write(recipe: Recipe, folder: Path, parent: Path | None = None) -> int:
    """Write the slide's `contrasts.jsonl`; gives the number of items.

    An implant keeps the contrasts of its `parent`, the slide that it was made from: asking both the same is the point.

    Raises:
        CheckFailed: as `items`.
    """
    if recipe.only is not None and parent is not None:
        text = (parent / FILE).read_text(encoding="utf-8")
    else:
        made = items(open_slide(folder), pairs(recipe.mix.kind == "own", recipe.mix.tie))
        text = "".join(json.dumps({name: getattr(item, name) for name in Item.__slots__}) + "\n" for item in made)
    (folder / FILE).write_text(text, encoding="utf-8")
    return text.count("\n")
