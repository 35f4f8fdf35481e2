"""From a task in words to a task in token ids, for one tokenizer. Every value must be one token, as it is read whole.

A value is tokenised as it follows its item's prompt; where ids are given, they stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.model.chat import encode_continuation, encode_prompt, token_texts
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Prompt
from mesolens.traits.tasks import Item, Step, Value

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as token ids.

    Attributes:
        group: the cluster to which it belongs.
        choices: what its answer and its steps are read among.
        steps: their names, in order; `values` has a token for each.
        others: for each step another value with the answer it would lead to, or None.
        chance: of being right without any step.
    """

    id: str
    group: str
    presentation: str
    k: int
    prompt: Ids
    answer: int
    choices: Ids
    steps: tuple[str, ...]
    values: Ids
    others: tuple[tuple[int, int] | None, ...]
    chance: float


def encode_task(items: Sequence[Item], model: LoadedModel) -> list[Asked]:
    """Token ids for each item; an item without a name is called by its place, one without choices gets the task's.

    Raises:
        BadInput: a value is not one token, is not among the choices or lies outside the vocabulary, two choices are
            the same token, or a prompt does not fit the window; the message names the place and the value.
    """
    found = [_asked(item, place, model) for place, item in enumerate(items)]
    named = sorted({value for asked in found for value in _named(asked)})
    return [_checked(_with_choices(asked, named), item, model) for asked, item in zip(found, items, strict=True)]


def one_token(model: LoadedModel, prompt: Prompt, value: Value) -> int | None:
    """The token that a value is where it follows the prompt; None where it is several."""
    if isinstance(value, int):
        return value
    ids = encode_continuation(model.tokenizer, prompt, value)
    return ids[0] if len(ids) == 1 else None


def _asked(item: Item, place: int, model: LoadedModel) -> Asked:
    known: dict[Value, int] = {}
    name = item.id or f"item {place}"
    token = partial(_token, model, item, _place(item, name), known)
    prompt = encode_prompt(model.tokenizer, item.prompt).ids
    if not prompt:
        raise BadInput(f"{_place(item, name)}: the prompt tokenises to nothing")
    return Asked(
        id=name,
        group=item.group or f"{name} ({place})",
        presentation=item.presentation or "as given",
        k=item.k,
        prompt=prompt,
        answer=token(item.answer),
        choices=tuple(token(value) for value in item.choices),
        steps=tuple(step.name for step in item.steps),
        values=tuple(token(step.value) for step in item.steps),
        others=tuple(_other(step, token) for step in item.steps),
        chance=-1.0 if item.chance is None else item.chance,
    )


def _other(step: Step, token: "partial[int]") -> tuple[int, int] | None:
    return None if step.other is None else (token(step.other.value), token(step.other.answer))


def _token(model: LoadedModel, item: Item, where: str, known: dict[Value, int], value: Value) -> int:
    if value not in known:
        found = one_token(model, item.prompt, value)
        if found is None:
            raise BadInput(_several(model, item, where, str(value)))
        known[value] = found
    return known[value]


def _several(model: LoadedModel, item: Item, where: str, value: str) -> str:
    """What is said of a value that is no one token; the same with a space before it, or without one, may be."""
    turned = value.removeprefix(" ") if value.startswith(" ") else f" {value}"
    told = f"{where}: {printable(repr(value), 60)} is {len(encode_continuation(model.tokenizer, item.prompt, value))}"
    if turned and one_token(model, item.prompt, turned) is not None:
        return f"{told} tokens of this model, and {printable(repr(turned), 60)} is one: write that"
    return f"{told} tokens of this model; every value must be one: choose other words, or give ids"


def _named(asked: Asked) -> Ids:
    others = (token for other in asked.others if other is not None for token in other)
    return (asked.answer, *asked.values, *others)


def _with_choices(asked: Asked, named: Sequence[int]) -> Asked:
    choices = asked.choices or tuple(named)
    return replace(asked, choices=choices, chance=1 / len(choices) if asked.chance < 0 else asked.chance)


def _checked(asked: Asked, item: Item, model: LoadedModel) -> Asked:
    where, card = _place(item, asked.id), model.card
    high = max((*asked.prompt, *asked.choices, *_named(asked)))
    if high >= card.vocabulary:
        raise BadInput(f"{where}: token id {high} lies outside the model's vocabulary of {card.vocabulary}")
    if len(set(asked.choices)) < max(len(asked.choices), 2):
        raise BadInput(f"{where}: choices must be two or more different tokens, and {len(set(asked.choices))} are")
    missing = [token for token in _named(asked) if token not in asked.choices]
    if missing:
        text = printable(repr(token_texts(model.tokenizer, missing[:1])[0]), 60)
        raise BadInput(f"{where}: {text} is not among the choices; what is read must be one of them")
    if card.window is not None and len(asked.prompt) > card.window:
        raise BadInput(
            f"{where}: {len(asked.prompt)} tokens do not fit the window of {card.window}; shorten the prompt"
        )
    return asked


def _place(item: Item, name: str) -> str:
    return item.where or printable(name, 80)
