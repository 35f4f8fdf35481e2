"""A specification to shards, and back: all that a shard's result depends on is in the shard, as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any, cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Cost, Json, Shard
from mesolens.hostile import printable
from mesolens.instruments.face.asking import compositions, item_from
from mesolens.instruments.face.spec import BASELINE, VERSION, FaceSpec, Poles, Speaker, said_key
from mesolens.model.card import ModelCard

NAME = "face"
_FEWEST_CLEAN = 20
_FEWEST_POOL = 2
"""A clean prompt is not held against itself, and may be in the pool."""
_TOKENS = 64
"""Of a prompt, about, for the estimate."""


def plan(card: ModelCard, spec: FaceSpec) -> list[Shard]:
    """The first stage: clean replies of every voice, and replies from every angle with what the model sees there.

    Raises:
        BadInput: there are too few voices or prompts, the model has no tokenizer, or an angle's name is wrong.
    """
    _check(card, spec)
    shards = [clean_shard(card, spec, voice) for voice in range(len(spec.voices))]
    shards += [angle_shard(card, spec, "replies", some) for some in portions(spec.angles, spec.shard_angles)]
    if spec.said is None:
        shards += state_shards(card, spec, spec.angles)
    return [*shards, *coverage_shards(card, spec, spec.angles), *claim_shards(card, spec)]


def _check(card: ModelCard, spec: FaceSpec) -> None:
    if len(spec.voices) < 2:
        raise BadInput(f"the bank has {len(spec.voices)} voices; give the model's own and at least one other")
    if not spec.items:
        raise BadInput("no prompts: the face needs at least one to turn")
    if len(spec.clean) < _FEWEST_CLEAN:
        raise BadInput(f"{len(spec.clean)} clean prompts: at least {_FEWEST_CLEAN} calibrate the coherence test")
    if not card.tokenizer_hash:
        raise BadInput(f"{card.name} has no tokenizer, and angles turn text")
    if spec.pool < _FEWEST_POOL:
        raise BadInput(f"the pool is {spec.pool}: each token is held against {_FEWEST_POOL} clean prompts or more")
    if min(spec.draws, spec.clean_draws) < 1:
        raise BadInput(f"{spec.draws} replies a prompt and {spec.clean_draws} a clean one: ask for 1 or more of each")
    _check_angles(spec)


def _check_angles(spec: FaceSpec) -> None:
    names = tuple(str(each) for each in compositions(spec.angles, spec.declared))
    if names[:1] != (BASELINE,):
        raise BadInput(f"the angles must begin with {BASELINE!r}, with which all others are compared")
    for asked, name in zip(spec.angles, names, strict=True):
        if asked != name:
            raise BadInput(f"the angle {printable(repr(asked), 60)} has a shorter name, by which it is kept: {name}")
    if len(set(names)) < len(names):
        raise BadInput(f"an angle is asked for twice: {next(name for name in names if names.count(name) > 1)}")


def portions(angles: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """The angles of each shard."""
    return [tuple(angles[start : start + size]) for start in range(0, len(angles), size)]


def clean_shard(card: ModelCard, spec: FaceSpec, voice: int) -> Shard:
    """Clean replies of one voice: several to every clean prompt of the own voice, fewer of the others."""
    count, draws = (len(spec.clean), spec.clean_draws) if voice == 0 else (min(len(spec.clean), spec.role_replies), 1)
    work: dict[str, Json] = {"voice": voice, "count": count, "draws": draws}
    if spec.said is not None:
        work["said"] = _said(spec, [(str(voice), item.id, d) for item in spec.clean[:count] for d in range(draws)])
    return _shard(card, spec, "clean", work, count * draws)


def angle_shard(
    card: ModelCard, spec: FaceSpec, kind: str, angles: Sequence[str], items: tuple[int, int] | None = None
) -> Shard:
    """Work of one kind from some angles, on every item or on those from one place to another."""
    first, end = (0, len(spec.items)) if items is None else items
    draws = spec.draws if kind == "replies" else 1
    work: dict[str, Json] = {"angles": list(angles), "first": first, "end": end}
    if spec.said is not None:
        names = [item.id for item in spec.items[first:end]]
        work["said"] = _said(spec, [(a, name, d) for a in angles for name in names for d in range(draws)])
    return _shard(card, spec, kind, work, (end - first) * len(angles) * draws)


def _said(spec: FaceSpec, asked: Sequence[tuple[str, str, int]]) -> dict[str, Json]:
    """The replies that were brought along, of those that are asked."""
    keys = [said_key(*each) for each in asked]
    return {key: (spec.said or {}).get(key) for key in keys}


def state_shards(card: ModelCard, spec: FaceSpec, angles: Sequence[str]) -> list[Shard]:
    """What the model sees from some angles, and on clean prompts; few shards, as each describes the bank anew."""
    held = _shard(card, spec, "states", {"angles": [], "first": 0, "end": 0}, len(spec.clean) // 2)
    return [held, *(angle_shard(card, spec, "states", some) for some in portions(angles, 4 * spec.shard_angles))]


def coverage_shards(card: ModelCard, spec: FaceSpec, angles: Sequence[str]) -> list[Shard]:
    """How much of each prompt the training text has: one shard, which reads the text once; none without a text."""
    if not spec.corpus:
        return []
    work: dict[str, Json] = {"angles": list(angles), "corpus": spec.corpus, "corpus_hash": spec.corpus_hash}
    return [_shard(card, spec, "coverage", work, len(angles) * len(spec.items))]


def claim_shards(card: ModelCard, spec: FaceSpec) -> list[Shard]:
    """What the model says of itself, some items a shard."""
    size = spec.shard_claims
    parts = [spec.claims[start : start + size] for start in range(0, len(spec.claims), size)]
    works: list[dict[str, Json]] = [{"claims": cast(Json, [asdict(claim) for claim in part])} for part in parts]
    return [_shard(card, spec, "claims", work, len(part)) for work, part in zip(works, parts, strict=True)]


_PLANNED = (
    "said",
    "angles",
    "strengths",
    "search",
    "shard_angles",
    "shard_claims",
    "claims",
    "corpus",
    "corpus_hash",
)
_OF_READING = (*_PLANNED, "resamples", "alpha")
"""Fields that only say what is planned and how it is read."""
_OF_REPLIES = ("role_replies", "clean_draws", "traits", "draws", "sampling", "temperature", "most", "pool")
"""Fields that matter only where replies are taken and heard."""
_LEFT_OUT = {
    "clean": (*_OF_READING, "items", "declared", "draws", "base", "role_replies", "clean_draws"),
    "replies": (*_OF_READING, "base", "role_replies", "clean_draws"),
    "states": (*_OF_READING, *_OF_REPLIES),
    "claims": (*_OF_READING, *_OF_REPLIES, "base", "items", "declared"),
    "coverage": (*_OF_READING, *_OF_REPLIES, "base", "voices"),
}
"""Fields of the specification on which a kind of work does not depend."""


def _shard(card: ModelCard, spec: FaceSpec, kind: str, work: Mapping[str, Json], rows: int) -> Shard:
    names = [field.name for field in fields(spec) if field.name not in _LEFT_OUT[kind]]
    asked = {name: _json(getattr(spec, name)) for name in names}
    depends: dict[str, Json] = {
        "version": VERSION,
        "model": card.weights_hash,
        "tokenizer": card.tokenizer_hash,
        "dtype": card.dtype,
        "kind": kind,
        "asked": asked,
        "work": dict(work),
    }
    return Shard(NAME, depends, rows)


def _json(value: object) -> Json:
    """A field as JSON: what is made of dataclasses and tuples as objects and lists."""
    if isinstance(value, tuple):
        return [_json(part) for part in cast(tuple[object, ...], value)]
    if is_dataclass(value) and not isinstance(value, type):
        return cast(Json, asdict(value))
    return cast(Json, value)


def asked_of(shard: Shard) -> FaceSpec:
    """The part of the specification on which a shard depends; fields without a bearing on it have no content."""
    asked: dict[str, Any] = dict(cast(dict[str, Any], shard.depends["asked"]))
    asked["voices"] = tuple(Speaker(**voice) for voice in asked.get("voices", ()))
    asked["traits"] = tuple(Poles(t["name"], tuple(t["orders"])) for t in asked.get("traits", ()))
    for name in ("items", "clean"):
        asked[name] = tuple(item_from(item) for item in asked.get(name, ()))
    asked["declared"] = tuple(asked.get("declared", ()))
    asked["angles"] = ()
    return FaceSpec(**asked)


def work_of(shard: Shard) -> Mapping[str, Any]:
    """What a shard is to do of it."""
    return cast(Mapping[str, Any], shard.depends["work"])


def cost(card: ModelCard, spec: FaceSpec) -> Cost:
    """Operations of all replies and of hearing them, and the memory of the largest batch.

    A pass forward takes 2 operations for each parameter and token; a reply is generated once and heard under every
    voice, order and clean prompt of the pool. Dose curves and the search are not foreseen.
    """
    heard = len(spec.voices) + 2 * len(spec.traits) + spec.pool
    clean = spec.clean_draws * len(spec.clean) + (len(spec.voices) - 1) * min(len(spec.clean), spec.role_replies)
    replies = len(spec.items) * len(spec.angles) * spec.draws
    tokens = (replies + clean) * ((_TOKENS + spec.most) + heard * (spec.most / 2 + _TOKENS / 4))
    width = 16 * card.anatomy.stream_width * max(len(card.anatomy.blocks), 1)
    logits = 8.0 * card.vocabulary * spec.batch_tokens / 2
    return Cost(2.0 * card.parameters * tokens, 4.0 * spec.batch_tokens * width + logits)
