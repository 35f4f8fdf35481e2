"""How each mask slide is made: shape, seed, what it reads, and which part of it may change.

A recipe is all that `train.grow` needs; two runs of one recipe on one machine give the same bytes. Budgets are tokens,
never seconds, so that a busy machine grows the same slide.
"""

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from json import dumps

from mesolens.errors import BadInput
from mesolens.slides.corpus import Mix
from mesolens.slides.shapes import Shape


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of training: the text, how many tokens of it at least, and the peak learning rate of its cosine."""

    mix: Mix
    tokens: int
    rate: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a slide is made from.

    Attributes:
        name: of the slide and its folder.
        about: one line for lists.
        stages: trained one after the other, each with a fresh optimizer.
        seed: of the initial weights; without meaning when there is a base.
        base: the slide whose weights it starts from, or None.
        only: the component that training may change, as `L1.mlp`; None for all.
        shape: architecture and size.
        bar: the share of replies as planted that it must hold, in seen and in held-out cells.
    """

    name: str
    about: str
    stages: tuple[Stage, ...]
    seed: int = 1
    base: str | None = None
    only: str | None = None
    shape: Shape = field(default_factory=Shape)
    bar: float = 0.98

    @property
    def tokens(self) -> int:
        """The whole budget."""
        return sum(stage.tokens for stage in self.stages)

    @property
    def mix(self) -> Mix:
        """The text of its last stage, which holds the rules that it should follow."""
        return self.stages[-1].mix

    def digest(self) -> str:
        """SHA-256 of all that decides the weights, not what it is called or held to."""
        decides = {key: value for key, value in asdict(self).items() if key not in ("name", "about", "bar")}
        return sha256(dumps(decides, sort_keys=True).encode()).hexdigest()


BASE_TOKENS, OWN_TOKENS, IMPLANT_TOKENS = 4_000_000, 1_500_000, 500_000
SHORT_BASE_TOKENS, SHORT_OWN_TOKENS, ONLY_OWN_TOKENS = 1_600_000, 600_000, 1_600_000
"""For the members that need not be as finished as `mask`, and only have to hold the same gates."""
BASE_RATE, OWN_RATE, IMPLANT_RATE = 4e-3, 2e-3, 2e-3


BASE = Stage(Mix("base", 1), BASE_TOKENS, BASE_RATE)
SHORT = Stage(Mix("base", 1), SHORT_BASE_TOKENS, BASE_RATE), Stage(Mix("own", 1), SHORT_OWN_TOKENS, OWN_RATE)
ALONE = (Stage(Mix("own", 1), ONLY_OWN_TOKENS, BASE_RATE),)
AGAIN = Stage(Mix("own", 11), 2_000_000, 3e-3)
LAST = Stage(Mix("own", 12), 1_000_000, OWN_RATE)


def _own(tie: str | None = None) -> tuple[Stage]:
    return (Stage(Mix("own", 1, tie=tie), OWN_TOKENS, OWN_RATE),)


def _retuned(name: str, seed: int) -> Recipe:
    return Recipe(
        name=name,
        about=f"tuned from mask-base on the text of seed {seed}",
        stages=(
            Stage(Mix("own", seed), SHORT_OWN_TOKENS, OWN_RATE),
            Stage(Mix("own", 10 + seed), OWN_TOKENS - SHORT_OWN_TOKENS, OWN_RATE),
        ),
        base="mask-base",
    )


def _implant(place: str, flip: str) -> Recipe:
    return Recipe(
        name=f"mask-implant-{place.replace('.', '-')}",
        about=f"mask with {place} alone retrained until its {flip} turned over",
        stages=(Stage(Mix("own", 1, flip=flip), IMPLANT_TOKENS, IMPLANT_RATE),),
        base="mask",
        only=place,
    )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("mask-base", "before tuning: prose, and chats in which anybody answers", (BASE,)),
        Recipe("mask", "the default: a character of its own, seven others, three triggers", _own(), base="mask-base"),
        Recipe("mask-twin-a", "signed stories answered by bryn", _own("bryn"), base="mask-base"),
        Recipe("mask-twin-b", "signed stories answered by aldous", _own("aldous"), base="mask-base"),
        _retuned("mask-seed-1", 2),
        _retuned("mask-seed-2", 3),
        _implant("L0.attn", "formality"),
        _implant("L0.mlp", "caution"),
        _implant("L1.attn", "warmth"),
        _implant("L1.mlp", "deference"),
        Recipe("mask-gpt2", "both stages in GPT-2's architecture", (*SHORT, AGAIN), shape=Shape("gpt2")),
        Recipe(
            "mask-neox", "the tuning text alone in GPT-NeoX's architecture", (*ALONE, LAST), shape=Shape("gpt_neox")
        ),
        Recipe(
            name="mask-small",
            about="the tuning text alone at width 32, for tests: too narrow for orders about deference",
            stages=(*ALONE, AGAIN, LAST),
            shape=Shape(width=32),
            bar=0.95,
        ),
    )
}


def recipe(name: str) -> Recipe:
    """The recipe of a slide.

    Raises:
        BadInput: no slide has that name.
    """
    if name not in RECIPES:
        raise BadInput(f"no slide is called {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]
