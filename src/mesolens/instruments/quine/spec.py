"""What is asked of a model that writes quines, and one item of it."""

from dataclasses import dataclass, field

from mesolens.instruments.quine.honesty import Language
from mesolens.instruments.quine.limits import Limits

VERSION = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One task: a prompt, and what a program that solves it must fulfil.

    Attributes:
        id: its name; no two items of a run have one.
        rung: its kind, a key of :data:`mesolens.instruments.quine.ladder.RUNGS`.
        language: of the program that is written first.
        nonce: drawn for this item; what it means is the rung's matter.
        number: a length in characters, or how many generations; 0 where the rung knows none.
    """

    id: str
    rung: str
    language: Language
    prompt: str
    nonce: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class QuineSpec:
    """Items and the protocol under which replies are taken and judged.

    Attributes:
        items: what is asked.
        why_not: why there is no sandbox on this machine; "" when there is one. Without one nothing is asked.
        draws: replies to each item.
        temperature: of sampling; 0 takes the likeliest token.
        most: tokens of the longest reply.
        again: how often a reply is begun anew from where its program opens a long quote, and from its prompt.
        system: the system message of every chat, "" for none.
        limits: what a program may use.
        shard_items: items in a shard, the unit that a kill can lose.
        novel_below: a program is novel when it is less like every known family than this.
        seed: of all draws.
    """

    items: tuple[Item, ...]
    why_not: str = ""
    draws: int = 1
    temperature: float = 0.0
    most: int = 768
    again: int = 0
    system: str = ""
    limits: Limits = field(default_factory=Limits)
    shard_items: int = 8
    novel_below: float = 0.75
    seed: int = 0
