"""Placing implants: the planted component comes first, and another model's does not."""

import pytest

from mesolens.calibration import implants
from mesolens.calibration.implants import Placed, Searched
from mesolens.slides import shelf
from mesolens.slides.drift import Drift, drifted
from mesolens.slides.replies import open_slide


def test_a_plain_implant_is_found_by_anybody() -> None:
    placed = Searched.of("mask-implant-L1-attn").placed(open_slide(shelf.folder("mask-implant-L1-attn")).module)
    assert (placed.planted, placed.rank, placed.peer_rank) == ("L1.attn", 1.0, 1.0)
    assert placed.lead > 1e6
    assert placed.kept > 0.95


def test_what_sits_elsewhere_is_not_found_here() -> None:
    placed = Searched.of("mask-implant-L1-attn").placed(open_slide(shelf.folder("mask-implant-L0-mlp")).module)
    assert placed.planted == "L1.attn"
    assert placed.rank > 1.0


def test_one_miss_in_twenty_is_allowed_and_two_are_not() -> None:
    hit, miss = (Placed("L1.mlp", rank, 4.0, 2.0, 0.9) for rank in (1.0, 2.0))
    assert implants._first("all", [hit] * 19 + [miss]).holds is True
    row = implants._first("all", [hit] * 18 + [miss] * 2)
    assert (row.holds, row.value, row.peer_value) == (False, 0.9, 0.0)
    assert implants._ranks("x", [hit, miss]).holds is False


@pytest.mark.slow
def test_adrift_it_is_found_by_its_share_and_not_by_its_distance() -> None:
    placed = Searched.of("mask-implant-L0-attn").placed(drifted(Drift("mask-implant-L0-attn", 11)))
    assert (placed.rank, placed.peer_rank) == (1.0, 4.0)
    assert placed.lead > 2.0
