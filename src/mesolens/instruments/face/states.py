"""What the model sees from an angle before it says anything: how common the text is, and where its state stands.

For every turned prompt, and for clean ones to compare with: bits of the whole prompt; distance of the decision state
from the persona's own; its displacement inside and outside the bank's role space; and, where the model before tuning is
given, how many bits less the prompt costs the tuned one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.errors import BadInput
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.face.asking import Ids, called, compositions, ids, turn
from mesolens.instruments.face.plan import asked_of, work_of
from mesolens.instruments.face.space import cloud, displaced, distances, role_space
from mesolens.instruments.face.spec import FaceSpec, Item
from mesolens.model.loaded import LoadedModel, reads_alike
from mesolens.model.projecting import states
from mesolens.model.scoring import Row, score

CLEAN = ""
"""The name of no angle: rows of clean prompts, which were not used to describe the persona's own states."""

ROLE_PROMPTS = 24
"""Clean prompts over which the mean state of a role is taken."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A prompt as the model reads it, from an angle; `own` is the item that it was."""

    item: Item
    angle: str
    prompt: Ids


def look(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`face-states`: a row for each item and angle of the shard; of clean prompts, where no angle is named.

    The shard of clean prompts gives the persona's direction after every block as well: `face-axis`.

    Raises:
        BadInput: the model before tuning reads other tokens than this one.
    """
    spec, work = asked_of(shard), work_of(shard)
    asked = seen(model, spec, list(work["angles"]), spec.items[int(work["first"]) : int(work["end"])])
    if not asked:
        return {"face-states": _SCHEMA.empty_table()}
    bits = _bits(model, asked, spec.batch_tokens)
    before = (
        [math.nan] * len(asked) if against is None else _bits(_same_tokens(model, against), asked, spec.batch_tokens)
    )
    known = _geometry(model, spec, asked)
    rows = [
        {
            "item": each.item.id,
            "cluster": each.item.cluster,
            "angle": each.angle,
            "tokens": len(each.prompt),
            "bytes": len(each.item.question.text.encode()),
            "bits": bit,
            "base_bits": None if math.isnan(base) else base,
            **{name: values_IL[place].tolist() for name, values_IL in known.items()},
        }
        for place, (each, bit, base) in enumerate(zip(asked, bits, before, strict=True))
    ]
    found = {"face-states": pa.Table.from_pylist(rows, schema=_SCHEMA)}
    return found if work["angles"] else {**found, "face-axis": _axis(model, spec)}


def seen(model: LoadedModel, spec: FaceSpec, angles: Sequence[str], items: Sequence[Item]) -> list[Seen]:
    """Prompts from some angles; of those without an angle, the clean ones that are compared with."""
    if not angles:
        return [Seen(item, CLEAN, ids(model, item.question)) for item in _held(spec)]
    found: list[Seen] = []
    for angle in compositions(angles, spec.declared):
        for item in items:
            try:
                prompt = ids(model, turn(item, angle, spec.seed, 0))
            except BadInput:  # the table of replies says why
                continue
            if model.card.window is None or len(prompt) <= model.card.window:
                found.append(Seen(item, str(angle), prompt))
    return found


def _held(spec: FaceSpec) -> Sequence[Item]:
    """The clean prompts that are compared with."""
    return spec.clean[1::2]


def _described(spec: FaceSpec) -> Sequence[Item]:
    """The clean prompts that describe the persona's own states."""
    return spec.clean[::2]


def _bits(model: LoadedModel, seen: Sequence[Seen], batch_tokens: int) -> list[float]:
    """Bits of each prompt after its first token."""
    long = [place for place, each in enumerate(seen) if len(each.prompt) > 1]
    rows = [Row(seen[place].prompt[:1], seen[place].prompt[1:]) for place in long]
    found = [0.0] * len(seen)
    for place, log_p in zip(long, score(model, rows, batch_tokens=batch_tokens), strict=True):
        found[place] = -sum(log_p) / math.log(2)
    return found


def _same_tokens(model: LoadedModel, against: LoadedModel) -> LoadedModel:
    if not reads_alike(against, model):
        raise BadInput(f"{against.card.name} reads other tokens than {model.card.name}: give the base of this model")
    return against


def _geometry(model: LoadedModel, spec: FaceSpec, seen: Sequence[Seen]) -> dict[str, Float[np.ndarray, "I L"]]:
    own_ILW = _states(model, [ids(model, item.question) for item in _described(spec)], spec)
    means_KLW = role_means(model, spec, ROLE_PROMPTS)
    asked = {each.item.id: each.item for each in seen}
    from_ILW = _states(model, [ids(model, item.question) for item in asked.values()], spec)
    start = dict(zip(asked, from_ILW, strict=True))
    now_ILW = _states(model, [each.prompt for each in seen], spec)
    moves_ILW = now_ILW - np.stack([start[each.item.id] for each in seen])
    layers = range(now_ILW.shape[1])
    found = [displaced(role_space(means_KLW[:, layer]), moves_ILW[:, layer]) for layer in layers]
    return {
        "distance": np.stack([distances(cloud(own_ILW[:, layer]), now_ILW[:, layer]) for layer in layers], 1),
        "inside": np.stack([inside for inside, _, _ in found], 1),
        "outside": np.stack([outside for _, outside, _ in found], 1),
        "axis": np.stack([axis for _, _, axis in found], 1),
    }


def _axis(model: LoadedModel, spec: FaceSpec) -> pa.Table:
    """After every block the direction from the mean of the roles to the persona's own mean."""
    means_KLW = role_means(model, spec, ROLE_PROMPTS)
    axis_LW = means_KLW[0] - means_KLW[1:].mean(0)
    layers, columns = pa.array(range(len(axis_LW)), pa.int32()), pa.array(axis_LW.tolist(), pa.list_(pa.float32()))
    return pa.table({"layer": layers, "own_less_roles": columns})


def role_means(model: LoadedModel, spec: FaceSpec, prompts: int) -> Float[np.ndarray, "K L W"]:
    """The mean state of every voice over the first clean prompts that describe the persona, the own voice first."""
    asked = _described(spec)[:prompts]
    every = [[ids(model, called(item.question, voice.role)) for item in asked] for voice in spec.voices]
    return np.stack([_states(model, some, spec).mean(0) for some in every])


def _states(model: LoadedModel, prompts: Sequence[Ids], spec: FaceSpec) -> Float[np.ndarray, "I L W"]:
    return states(model, prompts, batch_tokens=spec.batch_tokens)


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("item", "cluster", "angle")),
        *((name, pa.int32()) for name in ("tokens", "bytes")),
        *((name, pa.float64()) for name in ("bits", "base_bits")),
        *((name, pa.list_(pa.float32())) for name in ("distance", "inside", "outside", "axis")),
    ]
)
