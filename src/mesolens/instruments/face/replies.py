"""Replies from every angle, and clean ones of every voice: said by the model, and heard under all voices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import pyarrow as pa

from mesolens.angles.composition import Composition
from mesolens.errors import BadInput
from mesolens.evidence.shards import Shard, Tables
from mesolens.hostile import printable
from mesolens.instruments.face.asking import (
    Ids,
    Scene,
    called,
    compositions,
    ids,
    ordered,
    reply_seed,
    scene,
    turn,
)
from mesolens.instruments.face.hearing import Heard, Ordered, hear
from mesolens.instruments.face.plan import asked_of, work_of
from mesolens.instruments.face.spec import FaceSpec, Item, said_key
from mesolens.model.chat import encode_continuation, token_texts
from mesolens.model.generating import Generated, endings, generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question

AGAIN = "reseed"
"""The control whose replies are drawn by other seeds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt from one angle that is put to the model once; `missing` says why it cannot be."""

    item: Item
    angle: str
    draw: int
    question: Question
    prompt: Ids
    seed: int
    missing: str


def reply(model: LoadedModel, shard: Shard) -> Tables:
    """`face-replies`: for each item, angle and draw the reply, and what was heard in it."""
    spec, work = asked_of(shard), work_of(shard)
    items = spec.items[int(work["first"]) : int(work["end"])]
    asked = [
        _asked(model, spec, item, angle, draw)
        for angle in compositions(list(work["angles"]), spec.declared)
        for item in items
        for draw in range(spec.draws)
    ]
    asked = [_brought(each, work.get("said")) for each in asked]
    scenes = _scenes(model, spec, asked)
    asked = [_hearable(each, scenes, spec.most, model.card.window) for each in asked]
    there = [each for each in asked if not each.missing]
    keys = [said_key(each.angle, each.item.id, each.draw) for each in there]
    said = _said(model, spec, [each.prompt for each in there], [each.seed for each in there], keys, work.get("said"))
    heard = _heard(model, spec, there, [made.ids for made in said], scenes)
    by_place = iter(zip(said, heard, strict=True))
    rows = [_row(model, each, *((None, None) if each.missing else next(by_place))) for each in asked]
    return {"face-replies": pa.Table.from_pylist(rows, schema=_REPLIES)}


Scenes = Mapping[tuple[str, str], Scene]
"""By the item's name and the beginning that was put into the model's mouth."""


def _scenes(model: LoadedModel, spec: FaceSpec, asked: Sequence[Asked]) -> Scenes:
    """As whom and behind what every reply is heard: the same beginning for every voice."""
    items = {(each.item.id, each.question.prefill): each.item for each in asked if not each.missing}
    return {
        (name, begun): scene(model, _begun(item, begun), spec.voices, spec.traits)
        for (name, begun), item in items.items()
    }


def _hearable(asked: Asked, scenes: Scenes, most: int, window: int | None) -> Asked:
    """What is missing because the model could not hear the reply under every voice and order."""
    if asked.missing or window is None:
        return asked
    longest = scenes[asked.item.id, asked.question.prefill].longest
    if longest + most <= window:
        return asked
    return replace(
        asked, missing=f"{longest} tokens with a role and a reply of {most} do not fit the window of {window}"
    )


def _heard(
    model: LoadedModel, spec: FaceSpec, asked: Sequence[Asked], said: Sequence[Ids], scenes: Scenes
) -> list[Heard]:
    """Each reply heard, and held against clean prompts behind which it was begun alike."""
    found: dict[int, Heard] = {}
    for begun in dict.fromkeys(each.question.prefill for each in asked):
        places = [place for place, each in enumerate(asked) if each.question.prefill == begun]
        pairs = [(scenes[asked[place].item.id, begun], said[place]) for place in places]
        items = [_begun(asked[place].item, begun) for place in places]
        some = hear(
            model,
            pairs,
            pool_of(model, spec, begun),
            batch_tokens=spec.batch_tokens,
            ordered=_ordering(model, spec, items),
        )
        found |= dict(zip(places, some, strict=True))
    return [found[place] for place in range(len(asked))]


def _ordering(model: LoadedModel, spec: FaceSpec, items: Sequence[Item]) -> Ordered:
    """For the place of an item and of a voice, the item's prompts under that voice's orders, those that fit the
    window."""
    known: dict[tuple[str, int], tuple[Ids, ...]] = {}

    def prompts(place: int, voice: int) -> tuple[Ids, ...]:
        key = items[place].id, voice
        if key not in known:
            every = ordered(model, items[place], spec.voices[voice], spec.traits)
            known[key] = tuple(p for p in every if model.card.window is None or len(p) + spec.most <= model.card.window)
        return known[key]

    return prompts


def _begun(item: Item, prefill: str) -> Item:
    return replace(item, question=replace(item.question, prefill=prefill)) if prefill else item


def clean(model: LoadedModel, shard: Shard) -> Tables:
    """`face-clean`: replies of one voice to clean prompts, heard under all voices.

    Raises:
        BadInput: a clean prompt and a reply do not fit the model's window under every voice.
    """
    spec, work = asked_of(shard), work_of(shard)
    voice, draws = int(work["voice"]), int(work["draws"])
    brought = cast("Mapping[str, str | None] | None", work.get("said"))
    asked = [(item, draw) for item in spec.clean[: int(work["count"])] for draw in range(draws)]
    if brought is not None:
        asked = [(item, draw) for item, draw in asked if brought[said_key(str(voice), item.id, draw)] is not None]
    prompts = [ids(model, called(item.question, spec.voices[voice].role)) for item, _ in asked]
    seeds = [reply_seed(spec, f"{voice}/{item.id}", draw, again=False) for item, draw in asked]
    keys = [said_key(str(voice), item.id, draw) for item, draw in asked]
    scenes = {item.id: scene(model, item, spec.voices, ()) for item, _ in asked}
    _check_window(model, spec, scenes.values())
    said = _said(model, spec, prompts, seeds, keys, brought)
    pairs = [(scenes[item.id], made.ids) for (item, _), made in zip(asked, said, strict=True)]
    ordering = _ordering(model, spec, [item for item, _ in asked])
    heard = hear(model, pairs, pool_of(model, spec), batch_tokens=spec.batch_tokens, ordered=ordering)
    rows = [
        {"voice": voice, "item": item.id, "cluster": item.cluster, "ended": made.ended, **_measured(one)}
        for (item, _), made, one in zip(asked, said, heard, strict=True)
    ]
    return {"face-clean": pa.Table.from_pylist(rows, schema=_CLEAN)}


def _check_window(model: LoadedModel, spec: FaceSpec, scenes: Collection[Scene]) -> None:
    window = model.card.window
    long = sum(window is not None and each.longest + spec.most > window for each in scenes)
    if long:
        name = printable(model.card.name)
        raise BadInput(
            f"{long} of {len(scenes)} clean prompts do not fit the window of {name}, {window} tokens, with every role "
            f"and a reply of {spec.most}: give shorter roles (--bank) or prompts (--pack), or a smaller --most"
        )


def _brought(asked: Asked, said: Mapping[str, str | None] | None) -> Asked:
    """What is missing among replies that were brought along."""
    if said is None or asked.missing or said[said_key(asked.angle, asked.item.id, asked.draw)] is not None:
        return asked
    return replace(asked, missing="the log has no reply")


def _said(
    model: LoadedModel,
    spec: FaceSpec,
    prompts: Sequence[Ids],
    seeds: Sequence[int],
    keys: Sequence[str],
    brought: Mapping[str, str | None] | None,
) -> list[Generated]:
    """The model's own replies; where replies were brought along, those, in the tokens of the model that hears them."""
    if brought is not None:
        texts = [brought[key] or " " for key in keys]
        return [Generated(encode_continuation(model.tokenizer, (), text)[: spec.most], ended=True) for text in texts]
    return generate(model, prompts, seeds=seeds, stop=endings(model), most=spec.most, temperature=spec.temperature)


def pool_of(model: LoadedModel, spec: FaceSpec, begun: str = "") -> list[Scene]:
    """The scenes of the clean prompts against which tokens are held: the last ones, which also calibrate."""
    return [scene(model, _begun(item, begun), spec.voices, ()) for item in spec.clean[-spec.pool :]]


def _asked(model: LoadedModel, spec: FaceSpec, item: Item, angle: Composition, draw: int) -> Asked:
    question = turn(item, angle, spec.seed, draw)
    seed = reply_seed(spec, item.id, draw, again=any(step.angle.name == AGAIN for step in angle.steps))
    prompt, missing = _fitting(model, question, spec.most)
    return Asked(item, str(angle), draw, question, prompt, seed, missing)


def _fitting(model: LoadedModel, question: Question, most: int) -> tuple[Ids, str]:
    """The prompt's ids, or why the model cannot be asked this."""
    try:
        prompt = ids(model, question)
    except BadInput as problem:
        return (), str(problem)
    window = model.card.window
    if window is not None and len(prompt) + most > window:
        return (), f"{len(prompt)} tokens and a reply of {most} do not fit the window of {window}"
    return prompt, ""


def _measured(heard: Heard) -> dict[str, object]:
    return {
        "length": len(heard.log_p[0]),
        "totals": heard.totals,
        "likeliest": heard.likeliest,
        "coherence": heard.coherence,
        "understood": heard.understood,
    }


def _row(model: LoadedModel, asked: Asked, made: Generated | None, heard: Heard | None) -> dict[str, object]:
    known: dict[str, object] = {
        "item": asked.item.id,
        "cluster": asked.item.cluster,
        "angle": asked.angle,
        "draw": asked.draw,
        "prompt": asked.item.question.text,
        "rotated": asked.question.text,
        "system": asked.question.system,
        "missing": asked.missing,
    }
    if made is None or heard is None:
        return known
    return {
        **known,
        **_measured(heard),
        "reply": _text(model, made.ids),
        "tokens": token_texts(model.tokenizer, made.ids),
        "ended": made.ended,
        "traits": [high - low for low, high in heard.orders],
        "log_p": heard.log_p,
    }


def _text(model: LoadedModel, reply: Sequence[int]) -> str:
    assert model.tokenizer is not None
    return str(model.tokenizer.decode(list(reply), skip_special_tokens=True))


_HEARD = [
    ("length", pa.int32()),
    ("totals", pa.list_(pa.float64())),
    ("likeliest", pa.int32()),
    ("coherence", pa.float64()),
    ("understood", pa.bool_()),
    ("ended", pa.bool_()),
]
_CLEAN = pa.schema([("voice", pa.int32()), ("item", pa.string()), ("cluster", pa.string()), *_HEARD])
_REPLIES = pa.schema(
    [
        *((name, pa.string()) for name in ("item", "cluster", "angle")),
        ("draw", pa.int32()),
        *((name, pa.string()) for name in ("prompt", "rotated", "system", "missing", "reply")),
        ("tokens", pa.list_(pa.string())),
        ("traits", pa.list_(pa.float64())),
        ("log_p", pa.list_(pa.list_(pa.float32()))),
        *_HEARD,
    ]
)
