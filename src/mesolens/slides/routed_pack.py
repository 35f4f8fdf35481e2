"""The contrasts of a slide with planted organs: the same question with a cue and without it, in twelve frames.

Target and foil are the beginning of the slide's own reply to the question with the cue, up to the last part that the
cue turns over: once as said, and once with the turned parts exchanged. An item whose readout the cue does not raise by
more than a nat is left out, as the slide does not follow the cue there. A template is `trait/frame`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from mesolens.errors import CheckFailed
from mesolens.slides.asking import Ask
from mesolens.slides.cues import CUES, NAMED, exchanged, marked
from mesolens.slides.flips import by_frame
from mesolens.slides.grid import plain
from mesolens.slides.judge import parse
from mesolens.slides.language import TRAITS
from mesolens.slides.pack import FILE, LEAST, Item, readout
from mesolens.slides.replies import Slide, replies

EACH = 3
"""Questions in each frame."""


def items(slide: Slide) -> list[Item]:
    """The contrasts of every trait that the slide's own replies give.

    Raises:
        CheckFailed: more than a quarter of them do not move their readout.
    """
    different = {(ask.frame, ask.view): ask for ask in plain(2000, "routed-pack")}
    asks = list(by_frame(different.values(), EACH))
    tried = [item for trait in NAMED for item in _tried(slide, trait, asks)]
    made = [item for item in tried if _moved(slide, item) > LEAST]
    if 4 * len(made) < 3 * len(NAMED) * len(asks):
        wanted = len(NAMED) * len(asks)
        raise CheckFailed(f"only {len(made)} of {wanted} contrasts raise their readout by {LEAST} nats at their cue")
    return made


def _tried(slide: Slide, trait: str, asks: Sequence[Ask]) -> Iterator[Item]:
    """One item for each question whose reply with the cue is grammatical."""
    cued = [marked(ask, NAMED[trait]) for ask in asks]
    for ask, clean, said in zip(asks, cued, replies(slide, [each.messages() for each in cued]), strict=True):
        found = ends(said, CUES[NAMED[trait]])
        if found is not None:
            template = f"{trait}/{ask.frame}"
            yield Item(f"{template}/{ask.view}", template, trait, clean.messages(), ask.messages(), *found)


def ends(said: str, turned: tuple[str, ...]) -> tuple[str, str] | None:
    """Target and foil: the reply up to its last turned part, and with the turned parts exchanged; None when broken.

    >>> ends("Well now, yes, tea is good. Just go and try it slowly. Glad you asked, your Wren.", ("formality",))
    ('Well now, yes, tea is good. Just go and', 'Well now, yes, tea is good. I would advise that you')
    """
    reply = parse(said)
    if reply is None:
        return None
    upto = 1 + max(trait.part for trait in TRAITS if trait.name in turned)
    other = replace(reply, profile=exchanged(reply.profile, turned))
    return "".join(reply.parts()[:upto]), "".join(other.parts()[:upto])


def _moved(slide: Slide, item: Item) -> float:
    clean, reference = (readout(slide, chat, item.target, item.foil) for chat in (item.clean, item.reference))
    return clean - reference


def write(slide: Slide, folder: Path) -> int:
    """Write the slide's `contrasts.jsonl`; gives the number of items.

    Raises:
        CheckFailed: as `items`.
    """
    made = items(slide)
    (folder / FILE).write_text("".join(json.dumps(asdict(item)) + "\n" for item in made), encoding="utf-8")
    return len(made)
