"""What may be said of the organs: that they are there, that they are not stable, or that there are none."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from mesolens.evidence.clusters import cluster_intervals
from mesolens.evidence.shards import Json
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.partition import Partition
from mesolens.instruments.middle.organs.served import Service, clusters_of, traits_of
from mesolens.instruments.middle.organs.spec import FOUND
from mesolens.instruments.middle.verdict import FIFTH, HALF, largest_fifth

_NOTHING = 1e-6


def verdict_of(
    found: Found, known: Partition | None, serves: Service | None, organs: Sequence[dict[str, Json]]
) -> tuple[str, str]:
    """The verdict and its sentence.

    ================  ==============================================================================================
    `organs`          groups of leaves that act together beyond chance, come again, and serve a trait
    `unstable`        there are groups beyond chance, but none comes again in four of five resamples
    `diffuse`         leaves form no groups beyond what whole prompts have in common; or none serves a trait; or the
                      largest fifth of the leaves carries under half
    `not determined`  no trait's contrasts move the readout
    `refused`         the shares do not add up
    ================  ==============================================================================================
    """
    if known is None or serves is None:
        return "refused", (
            f"The shares miss the differences by {found.completeness:.1%} after {found.steps} steps, "
            "so no organ is named."
        )
    if not _moved(found):
        return "not determined", "No trait's contrasts move the readout in one direction, so there is nothing to group."
    diffuse = _diffuse(found, known, serves)
    if diffuse:
        return "diffuse", diffuse
    stable = [each for each in organs if each["stable"]]
    if not stable:
        best = max((cast(float, each["stability"]) for each in organs), default=0.0)
        return "unstable", (
            f"{known.organs} groups of leaves act together, but none comes again: stability {best:.2f} at best."
        )
    return "organs", _named(found, known, organs, len(stable))


def _diffuse(found: Found, known: Partition, serves: Service) -> str:
    """Why there are no organs; "" where there are."""
    counts = known.grouping.counts
    if not known.grouping.chosen:
        tried = f"{counts[0].groups} to {counts[-1].groups}" if counts else "no number of"
        return (
            f"Leaves do not fall into groups: {tried} groups come again no better than groups of rotated leaves do "
            f"(p {known.grouping.p:.2g})."
        )
    few = largest_fifth(found.shares[found.of(FOUND)].mean(0))
    if few < HALF:
        return f"The largest {FIFTH:.0%} of the leaves carry {few:.0%} of the gross, so there are no few to group."
    if not serves.called.any():
        return (
            f"{known.organs} groups of leaves act together, but none serves a trait: their shares are as often for it "
            "as against it."
        )
    return ""


def _moved(found: Found) -> bool:
    """Whether any trait's mean difference is other than zero."""
    for trait in traits_of(found):
        rows = [row for row in found.of(FOUND).tolist() if found.views[row].trait == trait]
        if not rows:
            continue
        deltas = found.deltas[rows]
        ends = cluster_intervals(deltas[:, None], clusters_of(found, rows))
        low, high = (deltas.mean(), deltas.mean()) if ends is None else (ends[0][0], ends[1][0])
        if abs(deltas.mean()) > _NOTHING and not low <= 0 <= high:
            return True
    return False


def _named(found: Found, known: Partition, organs: Sequence[dict[str, Json]], stable: int) -> str:
    parts: list[str] = []
    for each in organs[:3]:
        rows = cast("list[dict[str, Json]]", each["serves"])
        served = [str(row["trait"]) for row in rows if row["called"]]
        words = ", ".join(served[:3]) + (f" and {len(served) - 3} more" if len(served) > 3 else "")
        parts.append(
            f"{each['name']} ({each['leaves']} leaves, {cast(float, each['part']):.0%}: {words or 'no trait'})"
        )
    inside = float(np.sum(known.part))
    return (
        f"{known.organs} organs hold {inside:.0%} of the gross of {len(found.sites)} leaves, {stable} of them stable: "
        f"{'; '.join(parts)}."
    )
