"""The worst angle opened: contrasts by which the middle can say which heads and neurons lost the own voice.

Clean is the prompt as it was, reference the prompt as it was turned. The readout is the beginning of the own voice's
reply to the first against the beginning of the reply to the second, up to a few tokens after they part.
"""

from collections.abc import Sequence
from typing import cast

from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.face.asking import compositions, ids, turn
from mesolens.instruments.face.calibration import OWN
from mesolens.instruments.face.follow import broken, first_stage
from mesolens.instruments.face.spec import BASELINE, FaceSpec
from mesolens.model.chat import encode_continuation
from mesolens.model.loaded import LoadedModel
from mesolens.traits.contrasts import Contrast

AFTER = 4
"""Tokens behind the place where two replies part."""
ITEMS = 4
"""Prompts that are opened."""


def opened(model: LoadedModel, spec: FaceSpec, tables: Tables, items: int = ITEMS) -> list[Contrast]:
    """Contrasts of the worst angle, one a prompt whose own voice it took away; none where no angle does.

    Their ids are `face/ANGLE/ITEM`, so that a report can lead from a reply to its contrast.
    """
    first = first_stage(spec, tables)
    lost_at = [place for place in broken(first, spec) if first.compositions[place].survives]
    if not lost_at:
        return []
    name = first.grid.angles[lost_at[0]]
    said = _replies(tables, (BASELINE, name))
    kept = {item.id: item for item in spec.items}
    base, angle = first.grid.column(BASELINE), lost_at[0]
    lost = [
        item
        for item, draw, outcome in zip(first.grid.items, first.grid.draws, first.grid.outcome, strict=True)
        if draw == 0 and outcome[base] == OWN != outcome[angle] and (item, name) in said
    ]
    composition = compositions([name], spec.declared)[0]
    found: list[Contrast] = []
    for item in lost[:items]:
        question = kept[item].question
        clean, reference = ids(model, question), ids(model, turn(kept[item], composition, spec.seed, 0))
        target, foil = _parted(*(_tokens(model, said[item, angle]) for angle in (BASELINE, name)))
        if target and foil:
            found.append(Contrast(clean, reference, target, foil, template=f"face/{name}", id=f"face/{name}/{item}"))
    return found


def worst(spec: FaceSpec, tables: Tables, most: int) -> list[str]:
    """The angles that the persona should survive and that took most of its voice away, the worst first."""
    first = first_stage(spec, tables)
    survived = [first.compositions[place] for place in broken(first, spec)]
    return [str(each) for each in survived if each.survives][:most]


def _replies(tables: Tables, angles: Sequence[str]) -> dict[tuple[str, str], str]:
    """The first reply to each item from some angles."""
    rows = tables["face-replies"].select(["item", "angle", "draw", "reply"]).to_pylist()
    first = [row for row in rows if row["angle"] in angles and row["draw"] == 0 and row["reply"]]
    return {(str(row["item"]), str(row["angle"])): str(row["reply"]) for row in cast("list[dict[str, Json]]", first)}


def _tokens(model: LoadedModel, reply: str) -> tuple[int, ...]:
    return encode_continuation(model.tokenizer, (), reply)


def _parted(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The beginnings of two replies, up to a few tokens after they part; two empty ones where one holds the other."""
    alike = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return ((), ()) if alike is None else (one[: alike + AFTER], other[: alike + AFTER])
