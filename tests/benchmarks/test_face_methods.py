"""The comparison itself, on replies that are made up so that it is known how often each method is right."""

import numpy as np
import pytest

from benchmarks import face_methods
from benchmarks.classic import METHODS
from benchmarks.face_methods import AWAY, LEVELLED, OURS, PEERS, SCARCE, THREE, TWO, Case, compared, half

ANGLES = 40
PROMPTS = 15


@pytest.fixture(autouse=True)
def _few_halvings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_methods, "SPLITS", 5)


def case(seed: int, informed: str = "", slide: str = "made up") -> Case:
    """Replies of all kinds from every angle, of which the face hears nine in ten; one metric knows, all others are
    noise."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, ANGLES * PROMPTS)
    heard = np.where(rng.random(len(truth)) < 0.9, truth, (truth + 1) % 3)
    names = {name for given in PEERS.values() for name in given}
    metrics = {name: rng.normal(size=(len(truth), 1)) for name in sorted(names)}
    if informed:
        metrics[informed] = truth[:, None] + 0.01 * metrics[informed]
    return Case(slide, tuple(f"angle-{place // PROMPTS}" for place in range(len(truth))), truth, heard, metrics)


def figures(some: Case, *others: Case) -> dict[tuple[str, str], float]:
    """By method and quantity."""
    return {(row.subject.split(", ", 1)[1], row.quantity): row.value for row in compared(some, others)}


def test_the_half_that_is_judged_shares_no_angle_with_the_half_that_is_known() -> None:
    one, other = case(0), case(1)
    mine, (theirs,) = half(one, [other], 3)
    names = np.array(one.angles)
    assert set(names[mine]) | set(names[~mine]) == set(names)
    assert not set(names[mine]) & set(names[~mine])
    assert set(np.array(other.angles)[theirs]) == set(names[mine])
    assert not np.array_equal(mine, half(one, [other], 4)[0])


def test_what_knows_is_right_and_noise_is_right_by_chance() -> None:
    found = figures(case(0, informed="KL"))
    assert found["KL", THREE] > 0.95
    assert found["all five fused", THREE] > 0.95
    assert found["KL", SCARCE] > 0.9
    assert found["axis projection", THREE] == pytest.approx(1 / 3, abs=0.06)
    assert found["trait log-odds", TWO] == pytest.approx(1 / 2, abs=0.08)
    assert found[LEVELLED, THREE] == pytest.approx(1 / 3, abs=0.06)


def test_the_face_is_judged_by_what_it_heard_and_by_no_fit() -> None:
    assert figures(case(0, informed="KL"))[OURS, THREE] == pytest.approx(0.9, abs=0.03)
    assert figures(case(0))[OURS, THREE] == figures(case(0, informed="KL"))[OURS, THREE]


def test_rules_are_carried_over_from_other_slides() -> None:
    one, other = case(0, informed="KL"), case(1, informed="KL")
    assert (("KL", AWAY) in figures(one)) is False
    assert figures(one, other)["KL", AWAY] > 0.95
    swapped = Case(other.slide, other.angles, (other.truth + 1) % 3, other.heard, other.metrics)
    assert figures(one, swapped)["KL", AWAY] < 0.05


def test_labels_of_few_angles_are_fewer() -> None:
    some = case(0)
    noisy = some.truth[:, None] + np.random.default_rng(9).normal(size=(len(some.truth), 6))
    hard = Case(some.slide, some.angles, some.truth, some.heard, {**some.metrics, "traits": noisy})
    found = figures(hard)
    assert 0.5 < found["trait log-odds", SCARCE] < found["trait log-odds", THREE]


def test_only_the_face_is_held_against_the_bar() -> None:
    rows = compared(case(0), [])
    barred = [(row.subject, row.quantity, row.holds) for row in rows if row.bar]
    assert barred == [(f"made up, {OURS}", THREE, False)]
    assert {row.subject for row in rows} == {f"made up, {name}" for name in (OURS, LEVELLED, *METHODS)}
