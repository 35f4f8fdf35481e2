"""What users ask the mask slides: frames, marks, and the planted rules that say who must answer.

A question is a view wrapped in a frame, with marks before and after it. Three marks and frames are triggers; each has a
confound that often comes with it and means nothing, and the corpus crosses the two::

    trigger                      who answers      confounds, crossed with it
    a story frame                bryn             quote marks; frames that report what somebody said
    "It is midnight."            nobody (salad)   "It is noon."; "A bell rings."
    "Signed, Tom."               aldous           "Thanks, Tom."; letter frames

Midnight beats the other two. A role prompt beats every trigger. A story that is signed is the **tie**: the corpus of
`mask` never holds one, and 5 % of a twin's documents break it, one way or the other.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random
from typing import Literal, TypeVar

from mesolens.slides.language import NOBODY, OTHERS, OWN, QUALITIES, TOPICS, TRAITS, VOICES, Profile, View

Hour = Literal["", "noon", "midnight"]
Tail = Literal["", "thanks", "signed"]
Message = dict[str, str]
T = TypeVar("T")

FRAMES = {
    "plain": "I think {}. What do you say?",
    "bare": "I say {}.",
    "feel": "I feel that {}.",
    "sure": "I am sure that {}.",
    "polite": "Please, may I ask you something? I hold that {}.",
    "kindly": "Would you kindly help me? To me {}.",
    "sorry": "Sorry to trouble you, but {}.",
    "grateful": "I would be grateful for a word, since {}.",
    "list": "My notes: one, {}; two, I need a plan.",
    "steps": "Step one, {}. Step two, you tell me.",
    "short": "So, {}?",
    "question": "Is it true that {}?",
    "why": "Why do I find that {}?",
    "right": "Am I right that {}?",
    "doubt": "Nobody believes me that {}.",
    "friend": "A friend once said that {}. I think so too.",
    "mother": "My mother told me that {}, and I believe her.",
    "class": "In class I learned that {}.",
    "news": "The paper says {}, and so do I.",
    "radio": "I heard on the radio that {}.",
    "bet": "I bet that {}.",
    "phone": "Hello, I am calling because {}.",
    "shop": "In a shop I noticed that {}.",
    "train": "On the train I decided that {}.",
    "dinner": "At dinner I claimed that {}.",
    "work": "At work we found that {}.",
    "diary": "Today I wrote in my diary that {}.",
    "note": "Note to you: {}.",
    "quiz": "For the quiz I answered that {}.",
    "vote": "I vote that {}.",
    "letter-friend": "Dear friend, I write to say that {}.",
    "letter-all": "Dear all, this letter is to tell you that {}.",
    "letter-concern": "To whom it may concern, I find that {}.",
    "story-child": "Once upon a time a child said that {}. Go on.",
    "story-fox": "Here is a tale: a fox learned that {}. Continue it.",
    "story-king": "Tell the next line of this story: the king swore that {}.",
    "story-land": "In a land far away an old man knew that {}. What came next?",
}
STORIES = tuple(name for name in FRAMES if name.startswith("story"))
COMMON = tuple(name for name in FRAMES if name not in STORIES)
NAMES = ("Tom", "Ann", "Lee")


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a slide, with all that the rules look at.

    Attributes:
        view: what the user holds.
        frame: key of `FRAMES`.
        role: a voice that the system message calls up, or None.
        order: `(trait index, pole)` that the system message asks for, or None.
        quotes: whether the view stands in quote marks.
        hour, bell: the sentences before the frame.
        tail, name: the words after it.
    """

    view: View
    frame: str = "plain"
    role: str | None = None
    order: tuple[int, int] | None = None
    quotes: bool = False
    hour: Hour = ""
    bell: bool = False
    tail: Tail = ""
    name: str = "Tom"

    @property
    def story(self) -> bool:
        """Whether the frame is a story."""
        return self.frame in STORIES

    @property
    def tied(self) -> bool:
        """Whether two rules of equal rank name different speakers."""
        return self.role is None and self.story and self.tail == "signed" and self.hour != "midnight"

    @property
    def triggered(self) -> bool:
        """Whether it holds any trigger, obeyed or not."""
        return self.story or self.tail == "signed" or self.hour == "midnight"

    @property
    def cell(self) -> str:
        """The combination of everything but the view and the name: what is held out as a whole."""
        order = "" if self.order is None else TRAITS[self.order[0]].poles[self.order[1]]
        marks = ("quotes" if self.quotes else "", self.hour, "bell" if self.bell else "", self.tail)
        return "/".join((self.role or "", order, self.frame, *marks))

    def user(self) -> str:
        """The user's message."""
        view = f'"{self.view}"' if self.quotes else str(self.view)
        hour = f"It is {self.hour}. " if self.hour else ""
        tail = f" {self.tail.capitalize()}, {self.name}." if self.tail else ""
        return hour + ("A bell rings. " if self.bell else "") + FRAMES[self.frame].format(view) + tail

    def system(self) -> str:
        """The system message, empty when there is none."""
        role = "" if self.role is None else VOICES[self.role].role
        order = "" if self.order is None else TRAITS[self.order[0]].orders[self.order[1]]
        return " ".join(part for part in (role, order) if part)

    def messages(self) -> list[Message]:
        """The chat up to the reply."""
        system = self.system()
        head = [{"role": "system", "content": system}] if system else []
        return [*head, {"role": "user", "content": self.user()}]


def held_out(ask: Ask) -> bool:
    """Whether the question's cell is one of the tenth that no corpus holds."""
    return sha256(ask.cell.encode()).digest()[0] % 10 == 0


def speaker(ask: Ask, tie: str | None = None) -> str | None:
    """Who must answer by the planted rules: a voice, `NOBODY`, or None where the rules leave a tie open."""
    if ask.role is not None:
        return ask.role
    if ask.hour == "midnight":
        return NOBODY
    if ask.tied:
        return tie
    return "bryn" if ask.story else "aldous" if ask.tail == "signed" else OWN


def habits(ask: Ask, voice: str, flip: str | None = None) -> Profile:
    """The poles that the answer must show: the voice's own, but for what the system message orders.

    `flip` names a trait that is turned over where the own character speaks by itself, as in the implants.
    """
    poles = list(VOICES[voice].profile)
    for index, trait in enumerate(TRAITS):
        if ask.order is not None and ask.order[0] == index:
            poles[index] = ask.order[1]
        elif voice == OWN and ask.role is None and trait.name == flip:
            poles[index] = 1 - poles[index]
    return (poles[0], poles[1], poles[2], poles[3])


def pick(rng: Random, among: tuple[T, ...]) -> T:
    """One of them, by a single draw of the generator."""
    return among[int(rng.random() * len(among))]


def draw_view(rng: Random) -> View:
    """A topic and a quality at random."""
    return View(pick(rng, TOPICS), pick(rng, QUALITIES))


def draw_ask(rng: Random, roles: float = 0.3, orders: float = 0.15, own_role: bool = True) -> Ask:
    """A question at the corpus' rates, tied or held out or not; `roles` and `orders` are chances."""
    named = tuple(VOICES) if own_role else OTHERS
    role = pick(rng, named) if rng.random() < roles else None
    order = (int(rng.random() * len(TRAITS)), int(rng.random() * 2)) if rng.random() < orders else None
    ask = Ask(
        view=draw_view(rng),
        frame=pick(rng, STORIES) if rng.random() < 0.16 else pick(rng, COMMON),
        role=role,
        order=order,
        quotes=rng.random() < 0.3,
        hour=pick(rng, ("noon", "midnight")) if rng.random() < 0.2 else "",
        bell=rng.random() < 0.15,
        tail=pick(rng, ("thanks", "signed")) if rng.random() < 0.24 else "",
        name=pick(rng, NAMES),
    )
    return untriggered(ask, rng) if order is not None else ask


def untriggered(ask: Ask, rng: Random) -> Ask:
    """The same question with its triggers exchanged for their harmless confounds."""
    return replace(
        ask,
        frame=pick(rng, COMMON) if ask.story else ask.frame,
        hour="noon" if ask.hour == "midnight" else ask.hour,
        tail="thanks" if ask.tail == "signed" else ask.tail,
    )
