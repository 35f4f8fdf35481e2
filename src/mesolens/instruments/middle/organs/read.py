"""From tables to the reading of the organs."""

from typing import cast

import numpy as np

from mesolens.evidence.reading import Number, Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.found import COMPLETE
from mesolens.instruments.middle.organs.found import Found, found_in
from mesolens.instruments.middle.organs.groupings import ORGANS
from mesolens.instruments.middle.organs.partition import Partition, partition, sums
from mesolens.instruments.middle.organs.plan import NAME
from mesolens.instruments.middle.organs.points import points_of
from mesolens.instruments.middle.organs.portrait import portraits, remainder
from mesolens.instruments.middle.organs.proven import proof_of
from mesolens.instruments.middle.organs.removal import REFERENCE
from mesolens.instruments.middle.organs.selective import specific
from mesolens.instruments.middle.organs.served import Service, by_templates, personality, service, traits_of
from mesolens.instruments.middle.organs.spec import FOUND, HELD, VERSION, OrgansSpec
from mesolens.instruments.middle.organs.verdict import verdict_of
from mesolens.model.card import ModelCard

CONSERVED = 1e-6


def read(tables: Tables, spec: OrgansSpec, card: ModelCard) -> Reading:
    """The reading of the organs. Pure: the same tables give the same reading."""
    found = found_in(tables, spec)
    if found.completeness > COMPLETE:
        word, sentence = verdict_of(found, None, None, ())
        return Reading(NAME, card.name, word, sentence, _whole(found, None), protocol(spec, card, found), _bare(found))
    known = partition(found, spec)
    serves = service(found, known)
    points = points_of(tables, spec, found, known)
    own = points.get((ORGANS, REFERENCE), [None])[0]
    organs = portraits(tables, spec, found, known, serves, own)
    word, sentence = verdict_of(found, known, serves, organs)
    traits = traits_of(found)
    proof = proof_of(points, spec, found, traits)
    serving = [np.flatnonzero(serves.called[:, organ]).tolist() for organ in range(known.organs)]
    data: dict[str, Json] = {
        **_bare(found),
        "conservation": conservation(found, known),
        "organs": cast(Json, organs),
        "remainder": remainder(found, known),
        "map": cast(Json, personality(found, known)),
        "choice": _choice(known),
        "proof": cast(Json, proof),
        "specific": specific(found, own, traits, serving),
        "twins": None,
    }
    numbers = (*_whole(found, known), *_figures(known, serves, proof))
    return Reading(NAME, card.name, word, sentence, numbers, protocol(spec, card, found), data)


def conservation(found: Found, known: Partition) -> float:
    """The worst gap between a view's leaves and the sum over its organs and remainder, as a part of its gross."""
    gap = np.abs(sums(found.shares, known.of, known.organs).sum(1) - found.shares.sum(1))
    return float((gap / found.gross).max())


def _bare(found: Found) -> dict[str, Json]:
    """What is known without organs."""
    traits, rows = traits_of(found), found.unbroken
    uses = {view.angle: view.use for view in reversed(found.views)}
    which = np.array([found.views[row].trait for row in rows])
    looked = dict.fromkeys(view.angle for view in found.views if view.use != HELD)
    angles = [*looked, *(angle for angle in dict.fromkeys(view.angle for view in found.views) if angle not in looked)]
    numbers = {angle: number for number, angle in enumerate([*angles])}
    return {
        "traits": [*traits],
        "views": [[traits.index(view.trait), numbers[view.angle], view.use] for view in found.views],
        "angles": [{"name": angle, "use": uses[angle]} for angle in angles],
        "contrasts": {use: len({view.item for view in found.views if view.use == use}) for use in (FOUND, HELD)},
        "delta": [float(found.deltas[rows[which == t]].mean()) if (which == t).any() else None for t in traits],
        "completeness": found.completeness,
        "organs": [],
    }


def _choice(known: Partition) -> list[Json]:
    grouping = known.grouping
    return [
        {
            "organs": each.groups,
            "stability": each.stability,
            "ambiguous": each.ambiguous,
            "null": each.null,
            "chosen": each.groups == grouping.chosen,
        }
        for each in grouping.counts
    ]


def _whole(found: Found, known: Partition | None) -> tuple[Number, ...]:
    missed = found.completeness
    numbers = (Number("completeness", missed, "of the difference", bar=f"≤ {COMPLETE:g}", holds=missed <= COMPLETE),)
    if known is None:
        return numbers
    kept = conservation(found, known)
    return (*numbers, Number("conservation", kept, "of the gross", bar=f"≤ {CONSERVED:g}", holds=kept <= CONSERVED))


def _figures(known: Partition, serves: Service, proof: dict[str, dict[str, Json]]) -> tuple[Number, ...]:
    grouping = known.grouping
    found = [
        Number("organs", float(grouping.chosen), f"p {grouping.p:.2g} against rotated leaves"),
        Number("organs' part", float(known.part.sum()), "of the gross"),
        Number("traits served", float(serves.called.any(1).sum()), f"of {len(serves.called)}"),
    ]
    if len(grouping.stability):
        found.append(Number("stability of the least stable", float(grouping.stability.min()), "Jaccard"))
    for held_at, each in proof.items():
        low, high = (cast(float, each[name]) for name in ("low", "high"))
        found.append(Number(f"removal foreseen, held at {held_at}", cast(float, each["r2"]), "R²", low, high))
    return tuple(found)


def protocol(spec: OrgansSpec, card: ModelCard, found: Found) -> dict[str, Json]:
    """Everything that the numbers depend on."""
    return {
        "version": VERSION,
        "model": card.weights_hash,
        "dtype": card.dtype,
        "reference": f"another model, weights {spec.against}" if spec.against else "another prompt, view by view",
        "profiles": "gated shares, each view divided by its gross",
        "views": f"{len(found.of(FOUND))} to find by, {len(found.of(HELD))} of others from other angles to try on",
        "grouped": f"leaves that carry {spec.kept:g} of the gross; axial spherical k-means, 2 to {spec.most} groups",
        "number": f"consensus over {spec.resamples} resamples of contrasts within traits, {spec.rotations} rotations",
        "intervals": "95 % over templates" if by_templates(found) else "95 % over contrasts: a trait has few templates",
        "removal": (
            "held at the reference and at the mean, in parts of the view's gross; slopes from the plain views to find "
            f"by; {spec.random} matched random partitions beside"
        ),
        "seed": spec.seed,
    }
