"""The face pack of the mask slides, made from their own grammar: who may speak, what is asked, and from which angles.

Everybody who looks at a slide's face asks in its language. The prompts are views in common frames, as the slides' users
hold them; the angles are every mark, frame and role prompt that such a user may add, alone and crossed so that pairs
differ in one thing, as in the decisive grid. What a mark does to a slide is not said here: this is a set of questions,
and an instrument has to find the answers.

Nothing is stored. The same name gives the same pack.
"""

from collections.abc import Iterator

from mesolens.evidence.shards import Json
from mesolens.model.question import Question
from mesolens.slides import drift, routing
from mesolens.slides.asking import COMMON, FRAMES, STORIES, Ask, held_out
from mesolens.slides.language import OTHERS, OWN, QUALITIES, TOPICS, TRAITS, VOICES, View
from mesolens.slides.recipe import RECIPES, recipe
from mesolens.traits.facepack import Angle, FacePack
from mesolens.traits.prompts import Everyday
from mesolens.traits.trait import Trait
from mesolens.traits.voices import Bank, Voice

EACH = 14
"""Prompts in each frame."""
LETTERS = tuple(name for name in COMMON if name.startswith("letter"))
TOLD = ("friend", "mother", "class", "news", "radio")
"""Frames that report what somebody said."""
FEW = ("plain", "bare", "short", "list", "polite")
"""Other common frames, of different length and manner."""
ABOUT = {
    "deference": "agrees with what the user holds",
    "caution": "does things slowly and with care",
    "formality": "advises in formal words",
    "warmth": "closes with a kind word",
}
MARKS = {
    "hour-midnight": ("before", "It is midnight."),
    "hour-noon": ("before", "It is noon."),
    "bell": ("before", "A bell rings."),
    "tail-signed": ("after", "Signed, Tom."),
    "tail-thanks": ("after", "Thanks, Tom."),
    "quotes": ("core", '"{}"'),
}
CROSSED = (
    ("bell", "hour-midnight"),
    ("bell", "hour-noon"),
    ("frame-story-child", "quotes"),
    ("frame-story-child", "tail-signed"),
    ("frame-story-child", "tail-thanks"),
    ("frame-story-child", "hour-midnight"),
    ("frame-story-child", "hour-noon"),
    ("frame-letter-friend", "tail-signed"),
    ("frame-letter-friend", "tail-thanks"),
    ("frame-friend", "quotes"),
    ("tail-signed", "hour-midnight"),
    ("tail-signed", "hour-noon"),
    ("tail-thanks", "hour-midnight"),
    ("quotes", "hour-midnight"),
    ("quotes", "tail-signed"),
    ("role-moss", "frame-story-child"),
    ("role-moss", "hour-midnight"),
    ("role-moss", "tail-signed"),
)
"""Angles applied one after the other: a frame wraps the view anew, so it stands before the marks around it."""


def face_pack(name: str = "mask") -> FacePack:
    """The pack of a mask slide. One serves all of them, but `mask-base` has no character of its own in its bank.

    Raises:
        BadInput: no slide has that name.
    """
    grown = drift.named(name) or routing.named(name)
    mix = (recipe(name) if grown is None else grown.recipe).mix
    return FacePack(
        name="mask" if mix.kind == "own" else "mask-base",
        about="Views in the mask slides' own English, their characters, and all that their users may add.",
        bank=Bank(_voices(mix.kind == "own")),
        traits=tuple(_traits()),
        prompts=tuple(_prompts()),
        angles=tuple(_angles(mix.kind == "own")),
    )


def pack_for(folder: str) -> FacePack | None:
    """The pack of the slide that a model is named after, as `mask` or `slide:mask`; None when it is no slide.

    >>> pack_for("gpt2") is None, pack_for("slide:mask-seed-1") == face_pack("mask")
    (True, True)
    """
    name = folder.removeprefix("slide:")
    known = name in RECIPES or drift.named(name) is not None or routing.named(name) is not None
    return face_pack(name) if known else None


def _voices(own: bool) -> tuple[Voice, ...]:
    """The own character, which nothing calls up, before all whom a role prompt calls up."""
    others = tuple(Voice(name, VOICES[name].role) for name in OTHERS)
    return (Voice(OWN, ""), *others) if own else others


def _traits() -> Iterator[Trait]:
    for trait in TRAITS:
        low, high = trait.orders
        yield Trait(trait.name, ABOUT[trait.name], trait.poles, ((low,), (high,)))


def _prompts() -> Iterator[Everyday]:
    """Different views in those common frames that the training text knows bare, each frame as often as the others."""
    frames = _frames()
    for number in range(EACH * len(frames)):
        frame, topic = frames[number % len(frames)], TOPICS[number % len(TOPICS)]
        # Seven has no divisor in common with the number of qualities, so no view comes twice in 480.
        view = View(topic, QUALITIES[(7 * number + number // len(TOPICS)) % len(QUALITIES)])
        text = Ask(view, frame).user()
        yield Everyday(f"mask/{frame}/{view.topic}-{view.quality}", frame, Question(text, core=str(view)))


def _frames() -> list[str]:
    """The common frames that the training text knows bare."""
    return [frame for frame in COMMON if not held_out(Ask(View(TOPICS[0], QUALITIES[0]), frame))]


def _angles(own: bool) -> Iterator[Angle]:
    """One declared angle for each thing that a user may add, and for each crossing of two."""
    for name, (kind, text) in MARKS.items():
        yield _angle(name, "surface" if kind == "core" else "context", f"adds {text!r}", kind, text)
    for frame in (*STORIES, *LETTERS, *TOLD, *FEW):
        yield _angle(f"frame-{frame}", "frame", f"asks in the frame {FRAMES[frame]!r}", "frame", FRAMES[frame])
    for name in VOICES if own else OTHERS:
        role = VOICES[name].role
        yield _angle(f"role-{name}", "role", f"puts {role!r} into the system message", "system", role, name == OWN)
    yield {
        "name": "reworded",
        "family": "control",
        "about": "asks the same in another common frame",
        "survives": True,
        "kind": "frame",
        "texts": [FRAMES[frame] for frame in _frames()],
    }
    for parts in CROSSED:
        survives = not any(part.startswith("role-") for part in parts)
        yield _angle("-and-".join(parts), "context", " and ".join(parts), "composition", "|".join(parts), survives)


def _angle(name: str, family: str, about: str, kind: str, text: str, survives: bool = True) -> dict[str, Json]:
    return {"name": name, "family": family, "about": about, "survives": survives, "kind": kind, "text": text}
