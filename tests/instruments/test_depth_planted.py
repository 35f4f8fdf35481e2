"""Depth on models whose steps were set by hand: what is read, found and used is exactly what was planted."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import mesolens.api as ml
from mesolens.api.stages import tables_of
from mesolens.evidence.reading import Reading
from mesolens.instruments import depth
from mesolens.instruments.depth.setting import depth_spec
from mesolens.traits.tasks import Item, Other, Step
from tests.instruments.chained import STEPS, N, chained, items, token


@cache
def reading(kind: str) -> Reading:
    model = chained(kind)
    spec = depth_spec(model, items(160, decoy=kind == "decoy"), name=kind)
    return depth.read(tables_of(depth, model, None, spec), spec, model.card)


def matrix(found: Reading, part: str, key: str = "cells") -> np.ndarray:
    """Values by boundary and step."""
    rows = found.data[part][key]
    return np.array([[cell["value"] if isinstance(cell, dict) else cell for cell in row] for row in rows])


DIAGONAL = np.eye(STEPS + 1, STEPS, k=-1)
"""Boundary s holds the value after s steps."""


CHANCE = 1 / N


def on_diagonal(found: np.ndarray, least: float, most: float) -> bool:
    """Whether the planted cells are at least `least` and all others at most `most`."""
    return bool((found[DIAGONAL == 1] >= least).all() and (found[DIAGONAL == 0] <= most).all())


def test_glass_is_read_found_and_used_on_the_diagonal_and_nowhere_else() -> None:
    found = reading("glass")
    assert found.verdict == "thinks in steps"
    assert found.data["task"]["accuracy"] == 1.0
    assert found.data["task"]["layers"] == ["embed", "L0", "L1", "L2"]
    assert found.data["task"]["between"] == [True, True, False]
    assert on_diagonal(matrix(found, "read"), 1.0, CHANCE + 0.1)
    assert on_diagonal(matrix(found, "used"), 1.0, 0.03)
    assert on_diagonal(matrix(found, "present"), 1.0, CHANCE + 0.1)


def test_shuffled_and_newborn_controls_are_at_chance() -> None:
    found = reading("glass")
    for control in ("shuffled", "newborn"):
        cells = matrix(found, "present", control)
        assert cells.mean() == pytest.approx(CHANCE, abs=0.04)
        assert cells.max() <= CHANCE + 0.1
    assert matrix(found, "used", "shuffled").max() <= 0.05
    assert found.data["read"]["chance"] == pytest.approx([CHANCE] * STEPS, abs=0.05)


def test_a_patch_carries_all_else_along_and_a_mean_leaves_it_out() -> None:
    """What the later steps need stands at the same place: only after the last step may the whole state be exchanged."""
    found = reading("glass")
    for way in ("patched", "mean"):
        cells = matrix(found, "used", way)
        assert cells[-1, -1] == 1.0
        assert cells[1:3, :2].max() <= 0.4


def test_hidden_steps_are_used_and_no_lens_reads_them() -> None:
    found = reading("hidden")
    assert found.verdict == "steps not readable"
    assert on_diagonal(matrix(found, "used"), 1.0, 0.03)
    assert on_diagonal(matrix(found, "present"), 1.0, CHANCE + 0.1)
    assert matrix(found, "read")[:, :2].max() <= CHANCE + 0.1
    assert matrix(found, "read")[-1, 2] == 1.0
    assert "step 1, step 2 are used" in found.sentence


def test_a_tuned_lens_says_what_will_be_said_and_no_step() -> None:
    found = reading("glass")
    tuned = matrix(found, "read", "tuned")
    assert tuned[-1, 2] == 1.0
    assert tuned[:, :2].max() <= CHANCE + 0.15


def test_a_decoy_is_found_and_never_used() -> None:
    found = reading("decoy")
    assert found.verdict == "present, not used"
    assert found.data["task"]["between"] == [True]
    present = matrix(found, "present")[:, 0]
    assert present[0] <= CHANCE + 0.1
    assert (present[1:] == 1.0).all()
    assert matrix(found, "used").max() <= 0.02
    assert matrix(found, "present", "newborn").max() <= CHANCE + 0.1


def test_what_the_prompt_shows_to_any_reader_is_not_called_present() -> None:
    """A step that each of ten last tokens names: a probe finds it, and finds it in new weights as well."""
    pairs = np.random.default_rng(0).integers((N, 2), size=(140, 2)).tolist()
    shown = [
        Item((N, token((x, 0, 0, 0, b))), x, (Step("b", b, Other(1 - b, (x + 1) % N)),), tuple(range(N)), STEPS)
        for x, b in pairs
    ]
    found = ml.depth(chained("glass"), shown).reading
    assert found.verdict == "not determined"
    assert (matrix(found, "present", "newborn") >= 0.9).all()


def test_a_step_that_gives_the_answer_away_is_not_called_used() -> None:
    """With one and the same addends for all, each value tells the answer, and a swap may as well move that."""
    drawn = np.random.default_rng(0).integers(N, size=120).tolist()
    fixed = [
        Item((N, token((x, 1, 1, 1, 0))), (x + 3) % N, (Step("first", (x + 1) % N, Other((x + 2) % N, (x + 4) % N)),),
             tuple(range(N)), STEPS) for x in drawn
    ]  # fmt: skip
    found = ml.depth(chained("glass"), fixed).reading
    assert found.verdict == "not determined"
    assert matrix(found, "used")[-1, 0] == 1.0, "behind the last block stands the answer alone, and it is exchanged"
    assert found.data["used"]["given_away"] == [1.0]
    assert any(
        "use of first: its value alone gives the answer away in 1.00" in line for line in found.data["unavailable"]
    )


def test_items_of_one_cluster_leave_nothing_to_fit_on() -> None:
    together = [replace(item, group="one") for item in items(40)]
    found = ml.depth(chained("glass"), together).reading
    assert found.verdict == "not determined"
    assert all(cell is None for row in found.data["present"]["cells"] for cell in row)
    assert found.data["used"] is None
    assert found.data["read"]["tuned"] is None


def test_without_counterfactuals_nothing_is_said_of_use() -> None:
    model = chained("glass")
    bare = [replace(i, steps=tuple(replace(s, other=None) for s in i.steps)) for i in items(60)]
    found = ml.depth(model, bare)
    assert found.verdict == "not determined"
    assert found.reading.data["used"] is None
    assert any(line.startswith("used: no step has a counterfactual") for line in found.reading.data["unavailable"])


def test_a_model_that_solves_nothing_cannot_and_says_its_figures() -> None:
    model = chained("glass")
    wrong = [replace(i, answer=(i.answer + 1) % N, steps=i.steps[:2]) for i in items(60)]
    found = ml.depth(model, wrong)
    assert found.verdict == "cannot"
    assert "accuracy 0.00 [0.00," in found.reading.sentence
    assert found.reading.data["used"] is None
    assert found.matrix("read")[1][0] == 1.0  # the first step is there all the same
