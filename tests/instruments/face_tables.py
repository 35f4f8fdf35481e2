"""Tables of a face as its instrument measures them, with planted outcomes and no model: what is in them is known.

Every voice's clean replies are its own beyond doubt, and hang together about as well as each other. A planted reply is
the own voice's, another's or nobody's by a wide margin, or missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.face import FaceSpec, follow, plan
from mesolens.instruments.face.asking import compositions
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER
from mesolens.instruments.face.plan import asked_of, work_of
from mesolens.instruments.face.replies import _CLEAN, _REPLIES
from mesolens.instruments.face.spec import BASELINE, Item, Poles, Speaker
from mesolens.instruments.face.states import _SCHEMA, CLEAN
from mesolens.model.card import ModelCard
from mesolens.model.question import Question
from tests.runs.card import card

VOICES = (Speaker("wren", ""), Speaker("bryn", "You are Bryn."), Speaker("moss", "You are Moss."))
TRAITS = (Poles("warmth", ("Be cold.", "Be warm.")), Poles("caution", ("Be bold.", "Be careful.")))
GAP = 12.0
"""Nats by which the voice that speaks is likelier than the others."""
LAYERS = 2

Plays = Callable[[Item, str, int], int]
"""The outcome of an item's reply from an angle, for one draw."""


def reader() -> ModelCard:
    """A model that reads, for what never asks it."""
    return replace(card(), tokenizer_hash="70c5")


def items(count: int, clusters: int, name: str = "item") -> tuple[Item, ...]:
    """So many prompts, dealt to clusters in turn."""
    return tuple(
        Item(f"{name}/{k}", f"register-{k % clusters}", Question(f"What about {name} {k}?")) for k in range(count)
    )


def spec(angles: Sequence[str] = (), *, prompts: int = 12, clusters: int = 12, clean: int = 40) -> FaceSpec:
    """What is asked: three voices, no traits, no search, and the angles beside the one that changes nothing."""
    return FaceSpec(
        voices=VOICES,
        traits=(),
        items=items(prompts, clusters),
        clean=items(clean, clusters, "clean"),
        angles=(BASELINE, *angles),
        resamples=200,
        pool=4,
    )


def heard(voice: int, nobody: bool, rng: np.random.Generator, voices: int = len(VOICES)) -> dict[str, object]:
    """The columns of a reply that `voice` gives, or nobody."""
    totals = np.full(voices, -30.0 - GAP) + rng.normal(0, 0.5, voices)
    totals[voice] += GAP
    length = int(rng.integers(20, 31))
    mean = -4.0 if nobody else -0.5 + 0.1 * float(rng.normal())
    return {
        "length": length,
        "totals": totals.tolist(),
        "likeliest": int(totals.argmax()),
        "coherence": mean,
        "understood": not nobody,
        "ended": True,
    }


def clean_rows(asked: FaceSpec, voice: int, count: int, draws: int) -> list[dict[str, object]]:
    """Clean replies of one voice; each depends on its voice, prompt and draw alone."""
    return [
        {"voice": voice, "item": item.id, "cluster": item.cluster}
        | heard(voice, False, np.random.default_rng([1, voice, place, draw]))
        for place, item in enumerate(asked.clean[:count])
        for draw in range(draws)
    ]


def reply_row(
    item: Item, angle: str, outcome: int, *, draw: int = 0, voice: int = 1, traits: Sequence[float] = ()
) -> dict[str, object]:
    """A reply with a planted outcome; where it is another voice's, `voice` is whose.

    The own voice's hang together as well as the middle one of the clean ones, so that none is taken for nobody's.
    """
    known: dict[str, object] = {
        "item": item.id,
        "cluster": item.cluster,
        "angle": angle,
        "draw": draw,
        "prompt": item.question.text,
        "rotated": f"{angle}: {item.question.text}",
        "system": "",
        "missing": "planted" if outcome == MISSING else "",
    }
    if outcome == MISSING:
        return known
    rng = np.random.default_rng([2, abs(hash_of(item.id)), abs(hash_of(angle)), draw])
    found = heard(voice if outcome == OTHER else 0, outcome == NOBODY, rng)
    if outcome != NOBODY:
        found["coherence"] = -0.5
    totals = np.array(found["totals"])
    length = found["length"]
    assert isinstance(length, int)
    return (
        known
        | found
        | {
            "reply": "A reply.",
            "tokens": ["t"] * length,
            "traits": [float(score) for score in traits],
            "log_p": np.repeat(totals[:, None] / length, length, 1).tolist(),
        }
    )


def hash_of(text: str) -> int:
    """A number for a text, the same in every process."""
    return int.from_bytes(text.encode()[-6:].rjust(6, b"\0"), "big")


def state_row(
    item: Item, angle: str, bits: float = 100.0, distance: float = 1.0, tokens: int = 20
) -> dict[str, object]:
    """What the model sees of one prompt from an angle."""
    layers = {"distance": distance, "inside": 0.5, "outside": 0.25, "axis": -0.1}
    return {
        "item": item.id,
        "cluster": item.cluster,
        "angle": angle,
        "tokens": tokens,
        "bytes": 50,
        "bits": bits,
        "base_bits": None,
        **{name: [value] * LAYERS for name, value in layers.items()},
    }


def clean_table(rows: Sequence[dict[str, object]]) -> pa.Table:
    """Rows as `face-clean`."""
    return pa.Table.from_pylist(list(rows), schema=_CLEAN)


def replies_table(rows: Sequence[dict[str, object]]) -> pa.Table:
    """Rows as `face-replies`."""
    return pa.Table.from_pylist(list(rows), schema=_REPLIES)


def states_table(rows: Sequence[dict[str, object]]) -> pa.Table:
    """Rows as `face-states`."""
    return pa.Table.from_pylist(list(rows), schema=_SCHEMA)


def answered(shard: Shard, plays: Plays, scores: Callable[[Item, str], Sequence[float]] | None = None) -> Tables:
    """The tables of one shard, as a model would give them that replies as planted."""
    asked, work = asked_of(shard), work_of(shard)
    kind, angles = shard.depends["kind"], [str(each) for each in compositions(work.get("angles", ()), asked.declared)]
    if kind == "clean":
        return {"face-clean": clean_table(clean_rows(asked, work["voice"], work["count"], work["draws"]))}
    turned = asked.items[work["first"] : work["end"]]
    if kind == "states":
        rng = np.random.default_rng(3)
        held = [state_row(item, CLEAN, *rng.normal((100, 1), (10, 0.1)).tolist()) for item in asked.clean[1::2]]
        seen = [state_row(item, angle) for angle in angles for item in turned]
        return {"face-states": states_table(seen if angles else held)}
    rows = [
        reply_row(
            item,
            angle,
            plays(item, angle, draw),
            draw=draw,
            traits=scores(item, angle) if scores else (0.0,) * len(asked.traits),
        )
        for angle in angles
        for item in turned
        for draw in range(asked.draws)
    ]
    return {"face-replies": replies_table(rows)}


def joined(parts: Sequence[Tables]) -> Tables:
    """Tables of one name, one behind the other."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pa.concat_tables([part[name] for part in parts if name in part]) for name in names}


def first_tables(asked: FaceSpec, plays: Plays, scores: Callable[[Item, str], Sequence[float]] | None = None) -> Tables:
    """The tables of the first stage."""
    return joined([answered(shard, plays, scores) for shard in plan(reader(), asked)])


def stages(asked: FaceSpec, plays: Plays, limit: int = 60) -> tuple[Tables, list[list[Shard]]]:
    """The tables of a whole run, and the shards of each stage. A run that asks on after `limit` stages does not end."""
    shards, tables, done = plan(reader(), asked), Tables(), list[list[Shard]]()
    while shards:
        done.append(shards)
        assert len(done) <= limit, "it asks without end"
        tables = joined([tables, *(answered(shard, plays) for shard in shards)])
        shards = follow(reader(), asked, tables)
    return tables, done
