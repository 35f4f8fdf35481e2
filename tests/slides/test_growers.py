"""Every slide that is listed can be grown by its name, whatever kind it is of."""

import pytest

from mesolens.errors import BadInput
from mesolens.slides import pointed, recalling, shelf
from mesolens.slides.growers import grower


def test_every_slide_that_is_listed_has_a_grower() -> None:
    for row in shelf.listing():
        made = grower(row.name)
        assert made.most > 0
        assert made.unit in ("tokens", "steps", "batches", "documents")


def test_a_slide_is_told_of_in_the_unit_of_its_recipe() -> None:
    assert grower("glass-2").most == pointed.LONGEST + pointed.FADE + pointed.COOL
    assert grower("recall-myopic").most == recalling.BATCHES
    assert grower("mask").unit == "tokens"
    assert grower("mask-implant-L0-attn-drift-1").unit == "documents"


def test_what_is_no_slide_is_refused() -> None:
    with pytest.raises(BadInput, match="no slide is called"):
        grower("glas")
