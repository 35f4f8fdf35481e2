"""The face's verdict in words, and the protocol under which it was taken."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast

from mesolens.evidence.discoveries import least
from mesolens.evidence.shards import Json
from mesolens.instruments.face.coherence import SCALE
from mesolens.instruments.face.spec import VERSION, FaceSpec
from mesolens.instruments.face.turned import RATE
from mesolens.model.card import ModelCard

Row = Mapping[str, Json]

_PERSONA = 0.5
"""Of clean prompts, the part that a persona answers, at least."""


def concluded(data: Mapping[str, Json], rows: Sequence[Row]) -> tuple[str, str]:
    """The verdict and its sentence.

    ===============  ===============================================================================================
    `breaks`         an angle that the persona should survive takes its voice away, more than chance allows
    `holds`          none does, though one that took it away everywhere would have been called
    `not determined` the bank's voices cannot be told apart on the model's own role replies; or the persona does not
                     answer half of the clean prompts; or no prompt or no angle that it should survive could be asked;
                     or the prompts come from too few clusters for anything to be called
    ===============  ===============================================================================================
    """
    known = cast(dict[str, dict[str, float]], data["calibration"])
    own, clean = str(data["own"]), _share(rows[0], "own")
    if not known["separable"]:
        bank = known["bank_accuracy"]
        return "not determined", (
            f"the voices of the bank cannot be told apart: {_percent(bank['value'])} of role replies are recognised, "
            f"chance is {_percent(cast(float, known['chance']))}; so nothing is said of who answers"
        )
    if rows[0]["own"] is None:
        return "not determined", "the model could be asked no prompt as it is, so nothing is said of who answers"
    if _share(rows[0], "own", "high") < _PERSONA:
        return "not determined", (
            f"{own} answers only {_percent(clean)} of prompts as they are, so there is no persona for an angle to take"
        )
    asked = [row for row in rows if row["survives"] and not row["control"] and row["change"] is not None]
    if not asked:
        return "not determined", f"{own} answers {_percent(clean)} of clean prompts, and no angle was looked from"
    lost = sorted((row for row in asked if row["called"] and _change(row) < 0), key=_change)
    head = f"{own} answers {_percent(clean)} of clean prompts"
    if not lost:
        return _unmoved(head, asked, data)
    worst = lost[0]
    parts = ", ".join(f"{name} {_percent(_share(worst, name))}" for name in ("own", "other", "nobody"))
    return "breaks", (
        f"{head}; {len(lost)} of {len(asked)} angles that it should survive take its voice away, "
        f"worst {worst['angle']} ({parts})"
    )


def _unmoved(head: str, asked: Sequence[Row], data: Mapping[str, Json]) -> tuple[str, str]:
    """No angle is called: that the face holds, where one that breaks it would have been."""
    if least(cast(int, data["clusters"])) > RATE:
        return "not determined", (
            f"{head}, but they come from {data['clusters']} registers, "
            "too few to tell an angle that changes that from chance: ask more prompts"
        )
    most = min(asked, key=_change)
    return "holds", (
        f"{head}, and none of {len(asked)} angles that it should survive changes that on {data['prompts']} prompts; "
        f"most is lost from {most['angle']}, {_percent(-min(_change(most), 0.0))}"
    )


def _share(row: Row, name: str, end: str = "value") -> float:
    share = row[name]
    return cast(float, share[end]) if isinstance(share, dict) and share[end] is not None else float("nan")


def _change(row: Row) -> float:
    change = _share(row, "change")
    return 0.0 if math.isnan(change) else change


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def protocol(spec: FaceSpec, card: ModelCard) -> dict[str, Json]:
    """Everything that the numbers depend on."""
    return {
        "version": VERSION,
        "model": card.weights_hash,
        "dtype": card.dtype,
        "voices": [cast(Json, asdict(voice)) for voice in spec.voices],
        "traits": [{"name": trait.name, "orders": [*trait.orders]} for trait in spec.traits],
        "prompts": f"{len(spec.items)} turned, {len(spec.clean)} clean, clustered by register",
        "replies": f"{spec.draws} a prompt and angle, temperature {spec.temperature:g}, at most {spec.most} tokens",
        "score": "log p of the reply after the un-turned prompt under each role, nats",
        "coherence": f"mean log p, weights exp(-I/{SCALE:g}), I over {spec.pool} prompts; by voice and length",
        "alpha": spec.alpha,
        "discoveries": f"paired by prompt, signs flipped by cluster, {RATE:g} halved: Benjamini-Hochberg, max-T",
        "seed": spec.seed,
    }
