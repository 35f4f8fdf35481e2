"""What is asked of the face: whose voices, which prompts, from which angles, and how many replies of each.

A specification is plain text and numbers. Token ids are made where a shard is measured, by the model's own tokenizer,
whose hash every shard holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mesolens.evidence.shards import Json
from mesolens.instruments.face.probes import Posed
from mesolens.model.question import Question

VERSION = 1
BASELINE = "identity"
"""The angle that changes nothing: what every other one is compared with."""


def said_key(kind: str, item: str, draw: int) -> str:
    """The name of one reply: `kind` is the place of a voice for clean replies, and the composition for turned ones.

    >>> said_key("leet|json", "tea", 0)
    'leet|json/tea/0'
    """
    return f"{kind}/{item}/{draw}"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who may be speaking: a name, and the system message that calls it up; none for the model's own voice."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Poles:
    """A trait as two system messages: one that asks for its opposite, one that asks for it."""

    name: str
    orders: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """A prompt, the cluster that it belongs to (its register or frame), and the question that it asks."""

    id: str
    cluster: str
    question: Question


@dataclass(frozen=True, slots=True)
class Claim:
    """An item of self-report: its trait, and the question in each of its orders with the answers that it has."""

    id: str
    trait: str
    orders: tuple[Posed, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """How the worst natural angle is searched for: successive halving over compositions, and random search beside it.

    Attributes:
        brackets: how many times fresh compositions are drawn.
        compositions: drawn for each bracket.
        keep: of so many compositions one goes on to twice as many prompts.
        depth: most steps of a composition.
        tail: random compositions that the forecast of the worst rests on, each on `tail_items` prompts.
    """

    brackets: int = 32
    compositions: int = 1
    keep: int = 2
    depth: int = 3
    tail: int = 100
    tail_items: int = 4


@dataclass(frozen=True, slots=True)
class FaceSpec:
    """Voices, prompts and angles, and the protocol under which replies are taken.

    Attributes:
        voices: the model's own first; replies are scored under all of them.
        traits: pairs of orders under which replies are scored as well.
        items: the prompts that are turned.
        clean: other prompts, never turned: they calibrate the coherence test and the temperature, and stand in for
            "another question" where a reply is asked which one it answers.
        angles: compositions in the syntax of :mod:`mesolens.angles.composition`.
        declared: rows that declare angles beyond the catalogue's.
        strengths: at which an angle that broke the face is tried again, for its dose curve.
        draws: replies for each prompt and angle.
        temperature: of sampling.
        most: tokens of the longest reply that is waited for.
        alpha: at which a reply counts as nobody's.
        pool: clean prompts against which each token is held, for how much it hangs on the question.
        role_replies: clean replies of each voice but the own.
        clean_draws: replies of the own voice to each clean prompt.
        search: how the worst composition is searched for; None leaves it out.
        corpus: path of the training text, "" when none is given.
        corpus_hash: of what it held, "" when none is given.
        base: weights hash of the model before tuning, "" when none is given.
        claims: what the model is asked about itself; never turned, and kept apart from all else.
        said: replies of a model that is asked elsewhere, by :func:`said_key`, None where none came; the loaded model
            then only hears them.
        shard_angles: angles in a shard, the unit that a kill can lose.
        shard_claims: items of self-report in a shard.
        batch_tokens: most padded tokens in one forward pass.
        resamples: draws of each bootstrap.
        seed: of all draws.
        sampling: sets the replies' draws apart from those of another run with the same prompts.
    """

    voices: tuple[Speaker, ...]
    traits: tuple[Poles, ...]
    items: tuple[Item, ...]
    clean: tuple[Item, ...]
    angles: tuple[str, ...]
    declared: tuple[Mapping[str, Json], ...] = ()
    strengths: tuple[float, ...] = (0.25, 0.5, 0.75)
    draws: int = 1
    temperature: float = 1.0
    most: int = 64
    alpha: float = 0.05
    pool: int = 8
    role_replies: int = 60
    clean_draws: int = 3
    search: Search | None = None
    corpus: str = ""
    corpus_hash: str = ""
    base: str = ""
    claims: tuple[Claim, ...] = ()
    said: Mapping[str, str | None] | None = None
    shard_angles: int = 8
    shard_claims: int = 512
    batch_tokens: int = 8192
    resamples: int = 1000
    seed: int = 0
    sampling: int = 0
