"""Calibration: halves by prompt, false alarms at the level that was asked, and a bank of like voices found out."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.instruments.face.calibration import (
    NEIGHBOURS,
    NOBODY,
    OTHER,
    OWN,
    Clean,
    calibrated,
    clean_of,
    halved,
    outcomes,
    part_of,
    strangeness,
)
from tests.instruments.face_tables import GAP, clean_rows, clean_table, spec

WIDE = spec(clean=60)


def clean(prompts: int = 60, draws: int = 2, seed: int = 0, gap: float = GAP) -> Clean:
    """Clean replies of three voices whose coherence is exchangeable, `draws` to each prompt."""
    rng = np.random.default_rng(seed)
    voice = np.repeat(np.arange(3), prompts * draws)
    names = [f"p{k // draws}" for _ in range(3) for k in range(prompts * draws)]
    totals = rng.normal(0, 1, (len(voice), 3))
    totals[np.arange(len(voice)), voice] += gap
    return Clean(
        voice,
        totals,
        totals.argmax(1),
        rng.normal(size=len(voice)),
        rng.integers(20, 40, len(voice)).astype(float),
        tuple(names),
        tuple(f"c{int(name[1:]) % 12}" for name in names),
    )


def test_the_table_becomes_arrays_row_by_row() -> None:
    rows = [row for voice in range(3) for row in clean_rows(WIDE, voice, 5, 2)]
    found = clean_of(clean_table(rows))
    assert found.voice.tolist() == [row["voice"] for row in rows]
    assert found.totals.tolist() == [row["totals"] for row in rows]
    assert found.length.tolist() == [row["length"] for row in rows]
    assert found.item == tuple(row["item"] for row in rows)
    assert found.cluster == tuple(row["cluster"] for row in rows)


ONE = part_of(clean(), np.arange(360) == 0)


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40))
def test_all_replies_to_a_prompt_are_in_the_same_half(items: list[str]) -> None:
    first = halved(replace(ONE, item=tuple(items))).tolist()
    sides = {name: {side for side, other in zip(first, items, strict=True) if other == name} for name in items}
    assert all(len(side) == 1 for side in sides.values())
    into = [side for each in sides.values() for side in each]
    assert 0 <= into.count(True) - into.count(False) <= 1


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_the_level_of_false_alarms_is_the_one_that_was_asked(alpha: float) -> None:
    seen = [calibrated(clean(seed=seed), alpha).alarms for seed in range(60)]
    assert {len(each) for each in seen} == {60}
    level = int(alpha * 61) / 61  # of 60 clean ones and one more, p comes in steps of 1/61
    error = (2 * level * (1 - level) / 60 / 60) ** 0.5  # each set of clean ones errs once, each held-out reply once
    assert np.mean(seen) == pytest.approx(level, abs=3 * error)


def test_coherence_is_ranked_among_the_voice_that_it_would_be_and_its_like_in_length() -> None:
    known = clean(200, 1)
    rng = np.random.default_rng(5)
    likeliest, coherence, length = rng.integers(0, 3, 30), rng.normal(size=30), rng.integers(20, 40, 30).astype(float)
    found = strangeness(likeliest, coherence, length, known)
    level = {voice: np.median(known.coherence[known.voice == voice]) if voice else 0.0 for voice in range(3)}
    for reply in range(30):
        mine = (known.voice == OWN) == (likeliest[reply] == OWN)
        apart = np.abs(known.length[mine] - length[reply])
        near = apart <= np.sort(apart)[min(NEIGHBOURS, len(apart)) - 1]
        off = known.coherence[mine] - np.array([level[voice] for voice in known.voice[mine]])
        below = (off[near] <= coherence[reply] - level[likeliest[reply]]).sum()
        assert found[reply] == pytest.approx((1 + below) / (1 + near.sum()))


def test_a_voice_without_clean_replies_is_never_called_nobody() -> None:
    known = part_of(clean(), clean().voice != 2)
    found = outcomes(np.array([[0.0, 0.0, 9.0]]), np.array([-99.0]), np.array([30.0]), known, 0.05)
    assert found.tolist() == [OTHER], "nothing is known of how strange it is"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(-50, 50), st.floats(0.01, 0.3))
def test_laws_of_an_outcome(seed: int, shift: float, alpha: float) -> None:
    known, rng = clean(), np.random.default_rng(seed)
    totals, coherence, length = rng.normal(size=(20, 3)), rng.normal(-1, 2, 20), rng.integers(20, 40, 20).astype(float)
    found = outcomes(totals, coherence, length, known, alpha)
    assert (found == outcomes(totals + shift, coherence, length, known, alpha)).all(), (
        "only differences of voices count"
    )
    somebody = found != NOBODY
    assert (found[somebody] == np.where(totals.argmax(1) == 0, OWN, OTHER)[somebody]).all()
    best = outcomes(totals, np.full(20, known.coherence.max()), length, known, alpha)
    assert (best != NOBODY).all()
    more = outcomes(totals, coherence + 1, length, known, alpha)
    assert not ((more == NOBODY) & somebody).any(), "hanging together better makes no reply nobody's"


def test_confusion_counts_every_held_out_reply_once() -> None:
    known = clean(gap=1.0)
    made = calibrated(known, 0.1)
    held = ~halved(known)
    voice = known.voice[held]
    taken = outcomes(known.totals[held], known.coherence[held], known.length[held], part_of(known, ~held), 0.1)
    for row, mine in enumerate((voice == 0, voice != 0)):
        assert made.confusion[row].tolist() == [(taken[mine] == kind).sum() for kind in (OWN, OTHER, NOBODY)]
    assert made.confusion.sum() == held.sum()
    assert made.alarms.mean() == made.confusion[0, NOBODY] / made.confusion[0].sum()
    assert set(made.alarm_prompts) == {name for name, out in zip(known.item, held, strict=True) if out}


def test_the_temperature_is_learned_on_one_half_and_tried_on_the_other() -> None:
    known = clean(gap=1.0)
    first = halved(known)
    spoiled = known.totals.copy()
    spoiled[~first] = np.random.default_rng(0).permuted(spoiled[~first], axis=1)
    one, other = calibrated(known, 0.05), calibrated(replace(known, totals=spoiled), 0.05)
    assert one.temperature == other.temperature
    assert one.telling.accuracy > 0.6 > other.telling.accuracy


def test_a_bank_of_one_and_the_same_role_is_not_told_apart() -> None:
    rng = np.random.default_rng(1)
    known = clean()
    alike = np.repeat(rng.normal(size=(len(known.voice), 1)), 3, 1)
    for totals in (alike, alike + rng.normal(0, 1e-6, alike.shape)):
        telling = calibrated(replace(known, totals=totals), 0.05).telling
        assert not telling.separable
        assert telling.low <= telling.chance
    assert calibrated(known, 0.05).telling.separable


def test_a_table_of_one_voice_alone_is_refused_by_saying_that_nothing_is_told_apart() -> None:
    rows: pa.Table = clean_table(clean_rows(WIDE, 0, 40, 1))
    assert not calibrated(clean_of(rows), 0.05).telling.separable
