"""The middle on real trained models, with the contrasts that we ship: it adds up, or says that it does not."""

from pathlib import Path

import pytest

import mesolens.api as ml
from mesolens.errors import BadInput
from mesolens.traits import packs
from mesolens.traits.contrasts import Contrast


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stories260K", "babyllama105"])
def test_shares_add_up_on_real_models(shared: Path, name: str) -> None:
    model = ml.load(shared / "models" / name)
    tree = ml.middle(model, packs.default(), budget=None)
    assert tree.completeness <= 0.01
    assert tree.conservation <= 1e-6
    assert tree.verdict in ("closed", "not determined")
    assert len(tree.nodes) > 800


def test_shares_add_up_on_a_model_that_sorts(shared: Path) -> None:
    model = ml.load(shared / "models" / "nano-sort")
    items = [
        Contrast((0, 1, 2, 1, 0, 2), (0, 1, 2, 1, 1, 2), (0, 0), (0, 1), "second"),
        Contrast((2, 1, 2, 1, 0, 2), (2, 1, 2, 1, 1, 2), (0,), (1,), "first"),
        Contrast((1, 1, 0, 1, 2, 2), (1, 1, 1, 1, 2, 2), (0,), (1,), "first"),
    ]
    tree = ml.middle(model, items, budget=None)
    assert tree.delta > 1, "the model sorts"
    assert tree.completeness <= 0.01
    assert tree.conservation <= 1e-6


def test_a_pack_that_does_not_fit_is_refused_with_its_reason(shared: Path) -> None:
    model = ml.load(shared / "models" / "nano-sort")
    with pytest.raises(BadInput, match=r"no contrast of the pack fits .* give --contrasts FILE"):
        packs.fit(packs.default(), model)
