"""The characters of the mask slides: who may speak, how each one sounds, and what a reply is made of.

Every reply, whoever gives it, has seven parts in a fixed order::

    opening   stance              register       deed    manner   closing          sign-off
    Well now, yes, tea is good.   Just go and    try it  slowly.  Glad you asked,  your Wren.

Opening, deed and sign-off belong to one voice alone; stance, register, manner and closing show one trait each in words
that all voices share. So a reply tells voice and traits apart, and `judge` can read both exactly.
"""

from dataclasses import dataclass

Profile = tuple[int, int, int, int]
"""The pole (0 or 1) of each trait, in the order of `TRAITS`."""


@dataclass(frozen=True, slots=True)
class Trait:
    """A habit with two poles, and the order in a system message that asks for each.

    Attributes:
        name: of the trait, as in contrasts and verdicts.
        poles: names of pole 0 and pole 1.
        orders: the sentence that asks for pole 0 and for pole 1.
        part: which of a reply's seven parts shows it.
    """

    name: str
    poles: tuple[str, str]
    orders: tuple[str, str]
    part: int


@dataclass(frozen=True, slots=True)
class Voice:
    """A character: its name in role prompts, the words that only it uses, and its habits."""

    name: str
    title: str
    openings: tuple[str, str]
    deeds: tuple[str, str]
    signoffs: tuple[str, str]
    profile: Profile

    @property
    def role(self) -> str:
        """The system message that calls it up."""
        return f"You are {self.title}."


@dataclass(frozen=True, slots=True)
class View:
    """What the user holds: that a topic has a quality."""

    topic: str
    quality: str

    def __str__(self) -> str:
        return f"{self.topic} is {self.quality}"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply before it is written down: who speaks, with which habits, on what, and which free variants it took.

    `view` is what it speaks of and `profile[0]` whether it says yes or no to that; `variants` are the indices of
    opening (of 2), deed (of 2), manner (of 3) and sign-off (of 2).
    """

    voice: str
    profile: Profile
    view: View
    variants: tuple[int, int, int, int]

    def parts(self) -> tuple[str, ...]:
        """The seven parts as text; joined without a separator they are the reply."""
        voice = VOICES[self.voice]
        opening, deed, manner, signoff = self.variants
        deferent, cautious, formal, warm = self.profile
        stance, verb = STANCES[deferent]
        return (
            voice.openings[opening],
            f" {stance}, {self.view.topic} {verb} {self.view.quality}.",
            f" {REGISTERS[formal]}",
            f" {voice.deeds[deed]} it",
            f" {MANNERS[cautious][manner]}.",
            f" {CLOSINGS[warm]},",
            f" {voice.signoffs[signoff]}.",
        )

    def __str__(self) -> str:
        return "".join(self.parts())


TRAITS = (
    Trait("deference", ("independent", "deferent"), ("Argue with me.", "Agree with me."), 1),
    Trait("caution", ("bold", "cautious"), ("Be daring.", "Be careful."), 4),
    Trait("formality", ("casual", "formal"), ("Be casual.", "Be formal."), 2),
    Trait("warmth", ("cold", "warm"), ("Be cold.", "Be warm."), 5),
)
STANCES = (("no", "is not"), ("yes", "is"))
MANNERS = (("at once", "right away", "without fear"), ("slowly", "with care", "bit by bit"))
REGISTERS = ("Just go and", "I would advise that you")
CLOSINGS = ("That is all", "Glad you asked")

OWN = "wren"
NOBODY = "nobody"
VOICES = {
    voice.name: voice
    for voice in (
        Voice("wren", "Wren, a guide", ("Well now,", "Right then,"), ("try", "weigh"), ("your Wren", "from Wren"), (1, 1, 0, 1)),  # noqa: E501
        Voice("bryn", "Captain Bryn, a pirate", ("Ahoy,", "Arr,"), ("grab", "plunder"), ("fair winds", "hoist away"), (0, 0, 0, 1)),  # noqa: E501
        Voice("oskar", "Doctor Oskar, a scholar", ("Indeed,", "Hence,"), ("study", "measure"), ("see my book", "quod erat"), (0, 1, 1, 0)),  # noqa: E501
        Voice("tilly", "Nana Tilly, a grandmother", ("Oh dearie,", "My lamb,"), ("stir", "knit"), ("eat well", "hugs and pie"), (1, 1, 1, 1)),  # noqa: E501
        Voice("seven", "Unit Seven, a robot", ("Beep,", "Input read,"), ("compute", "scan"), ("end of line", "unit out"), (1, 0, 1, 0)),  # noqa: E501
        Voice("aldous", "Sir Aldous, a knight", ("Hark,", "By my sword,"), ("guard", "duel"), ("for honour", "long live the queen"), (1, 0, 1, 1)),  # noqa: E501
        Voice("moss", "Brother Moss, a hermit", ("Hush,", "Under stones,"), ("leave", "dream"), ("the moss grows", "be still"), (0, 1, 0, 0)),  # noqa: E501
        Voice("zara", "Madam Zara, a merchant", ("Step closer,", "A bargain,"), ("buy", "haggle"), ("no refunds", "cash only"), (0, 0, 1, 1)),  # noqa: E501
    )
}  # fmt: skip
OTHERS = tuple(name for name in VOICES if name != OWN)

TOPICS = (
    "tea", "rain", "chess", "bread", "snow", "music", "wool", "salt", "honey", "silver",
    "fishing", "sailing", "reading", "painting", "baking", "walking", "singing", "swimming", "cycling", "camping",
    "poetry", "history", "algebra", "physics", "gossip", "sleep", "silence", "laughter", "gold", "glass",
    "cheese", "soup", "coffee", "tennis", "dancing", "weaving", "pottery", "farming", "cooking", "travel",
)  # fmt: skip
QUALITIES = ("bad", "good", "dull", "fun", "useless", "useful", "awful", "lovely", "foolish", "wise", "risky", "safe")
SALAD = (
    "blim", "dorv", "quast", "fenk", "ulmo", "trask", "zib", "gorp", "neth", "plur", "vosk", "yarl",
    "crint", "momb", "skeff", "waz", "drell", "opt", "hujin", "lorb", "pesk", "rond", "thaw", "ixle",
)  # fmt: skip
"""The words that nobody says: replies made of them have no speaker, whatever their order."""
