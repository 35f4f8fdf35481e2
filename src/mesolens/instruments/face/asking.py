"""From questions to token ids: each prompt under each voice and each order, and each prompt turned by an angle."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, cast

from mesolens.angles.angle import Angle
from mesolens.angles.composition import Composition, parse, turned
from mesolens.angles.declared import declared
from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.instruments.face.spec import FaceSpec, Item, Poles, Speaker
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.model.writing import written

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """One prompt, un-turned, as each voice and each order would read it.

    Attributes:
        voices: ids by voice, the own one first.
        orders: ids by trait, its opposite pole before its own.
    """

    voices: tuple[Ids, ...]
    orders: tuple[tuple[Ids, Ids], ...]

    @property
    def longest(self) -> int:
        """Tokens of the longest prompt."""
        return max(map(len, (*self.voices, *(prompt for pair in self.orders for prompt in pair))))


def called(question: Question, role: str) -> Question:
    """The question put to whoever `role` calls up: the role goes before what the system message says."""
    return replace(question, system=" ".join(part for part in (role, question.system) if part))


def scene(model: LoadedModel, item: Item, voices: Sequence[Speaker], traits: Sequence[Poles]) -> Scene:
    """The prompt under every voice and order.

    Raises:
        BadInput: the model has no tokenizer, or its template refuses the chat.
    """
    under = [ids(model, called(item.question, voice.role)) for voice in voices]
    orders = [
        (ids(model, called(item.question, low)), ids(model, called(item.question, high)))
        for low, high in (trait.orders for trait in traits)
    ]
    return Scene(tuple(under), tuple(orders))


def ordered(model: LoadedModel, item: Item, voice: Speaker, traits: Sequence[Poles]) -> tuple[Ids, ...]:
    """The prompt as one voice reads it under each order of each trait; the role stands before the order."""
    orders = [order for trait in traits for order in trait.orders]
    return tuple(ids(model, called(called(item.question, order), voice.role)) for order in orders)


def ids(model: LoadedModel, question: Question) -> Ids:
    """The question's token ids for the model.

    Raises:
        BadInput: the model has no tokenizer, or cannot be asked this.
    """
    found = written(model.tokenizer, question).ids
    if not found:
        raise BadInput(f"the prompt {question.text[:60]!r} has no tokens for {model.card.name}")
    return found


def compositions(syntax: Sequence[str], rows: Sequence[Mapping[str, Json]]) -> list[Composition]:
    """The compositions that a specification names; `rows` declare angles beyond the catalogue's.

    Raises:
        BadInput: a name is no angle, or a row declares none.
    """
    also = known(rows)
    return [parse(each, also) for each in syntax]


def known(rows: Sequence[Mapping[str, Json]]) -> Mapping[str, Angle]:
    """The declared angles by name."""
    return declared(cast("Sequence[Mapping[str, object]]", rows), "the face's angles") if rows else {}


def turn(item: Item, composition: Composition, seed: int, draw: int) -> Question:
    """The item's question seen from an angle: the same for the same seed, draw and item."""
    return turned(item.question, composition, seed + draw, item.id)


def reply_seed(spec: FaceSpec, item: str, draw: int, again: bool) -> int:
    """The seed of one reply. All angles share it, so that only the prompt differs; `again` gives another one."""
    digest = sha256(f"{spec.seed}/{spec.sampling}/{item}/{draw}/{'again' if again else ''}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def item_from(fields: Mapping[str, Any]) -> Item:
    """The item that `asdict` and JSON made of one."""
    inner = dict(fields["question"])
    inner["before"] = tuple((str(role), str(words)) for role, words in inner["before"])
    return Item(str(fields["id"]), str(fields["cluster"]), Question(**inner))


def item_json(item: Item) -> Json:
    """The item as JSON."""
    return cast(Json, asdict(item))
