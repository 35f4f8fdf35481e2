"""Kinds of coherence: laws on tokens that are made up, and the chosen one against the face's own."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.coherence_kinds import (
    CHOSEN_POOL,
    Tokens,
    envelope,
    heard,
    least_token,
    no_order,
    plain_mean,
    typicality,
    voice_by_voice,
    weighted,
)
from benchmarks.said import Said, clean, from_angles
from mesolens import api
from mesolens.instruments.face import FaceSpec, face_spec
from mesolens.instruments.face.calibration import NOBODY, OTHER, OWN, Clean
from mesolens.instruments.face.coherence import SCALE
from mesolens.slides.facepack import face_pack

ANGLES = ("leet", "prefill-sure", "reseed", "role-moss")


def made_up(information: float) -> Tokens:
    rng = np.random.default_rng(0)
    log_p = -rng.exponential(size=7)
    return Tokens(log_p, log_p, -log_p, np.maximum(log_p, -0.5), dict.fromkeys((4, 8, 16), np.full(7, information)))


@pytest.mark.parametrize("information", [0.0, 0.4, 3.0])
def test_tokens_that_hang_on_the_prompt_alike_count_alike(information: float) -> None:
    tokens = made_up(information)
    assert no_order(0.3, 8, tokens) == weighted(0.3, 8, tokens) == pytest.approx(plain_mean(tokens))


def test_a_token_that_hangs_on_the_prompt_counts_less_the_smaller_the_scale() -> None:
    log_p = np.array([-0.1] * 6 + [-9.0])
    tokens = replace(made_up(0.0), log_p=log_p, information={8: np.array([0.0] * 6 + [2.0])})
    found = [no_order(scale, 8, tokens) for scale in (1e6, 3.0, 1.0, 0.3, 0.01)]
    assert found[0] == pytest.approx(plain_mean(tokens), abs=1e-4)
    assert found == sorted(found)
    assert found[-1] == pytest.approx(-0.1)


def test_a_token_that_some_order_brings_about_is_excused() -> None:
    log_p = np.array([-0.1, -8.0, -0.1])
    tokens = Tokens(log_p, np.array([-0.1, -0.2, -0.1]), -log_p, log_p, {8: np.zeros(3)})
    assert no_order(0.3, 8, tokens) == pytest.approx(-8.2 / 3)
    assert weighted(0.3, 8, tokens) == pytest.approx(-0.4 / 3)


def test_ranked_voice_by_voice_a_reply_is_held_against_its_own_voice_alone() -> None:
    """The other voice's clean replies are all less coherent than the own voice's, and so is its reply."""
    rng = np.random.default_rng(0)
    voices = np.repeat([0, 1], 60)
    values, names = rng.normal(size=120) - 9 * voices, tuple(map(str, range(120)))
    totals = np.where(np.arange(2) == voices[:, None], 0.0, -5.0)
    of = Clean(voices, totals, voices, values, np.full(120, 9.0), names, names)
    asked = np.array([0.0, -9.0, -9.0, -30.0])
    found = voice_by_voice(totals[[0, 60, 0, 60]], asked, np.full(4, 9.0), of, 0.05)
    assert found.tolist() == [OWN, OTHER, NOBODY, NOBODY]


def test_the_least_token_is_below_the_mean_and_the_envelope_above() -> None:
    tokens = made_up(0.0)
    assert least_token(tokens) < plain_mean(tokens) < envelope(tokens)
    assert typicality(tokens) == pytest.approx(0)


@pytest.fixture(scope="module")
def spec() -> FaceSpec:
    """Few prompts and angles, and the pool that a look at a standard budget has."""
    whole = face_spec(face_pack("mask-small"), angles=ANGLES)
    return replace(
        whole,
        traits=(),
        items=whole.items[:4],
        clean=whole.clean[:24],
        role_replies=6,
        clean_draws=1,
        strengths=(),
        search=None,
    )


@pytest.mark.slow
def test_replies_and_the_chosen_kind_are_those_of_the_face(spec: FaceSpec) -> None:
    model = api.load("slide:mask-small")
    look = api.look(model, spec)
    replies, known = from_angles(model, spec), clean(model, spec)
    totals, tokens = heard(model, spec, [*replies, *known])
    chosen = np.array([weighted(SCALE, CHOSEN_POOL, each) for each in tokens])
    rows = {(row["item"], row["angle"], row["draw"]): row for row in look.tables["face-replies"].to_pylist()}
    assert len(replies) == len(spec.items) * len(spec.angles)
    for place, each in enumerate(replies):
        row = rows[each.item.id, each.angle, each.draw]
        assert row["reply"] == each.text
        np.testing.assert_allclose(totals[place], row["totals"], atol=1e-3)
        assert chosen[place] == pytest.approx(row["coherence"], abs=1e-3)
    clean_rows = look.tables["face-clean"].to_pylist()
    assert [(row["voice"], row["item"]) for row in clean_rows] == [(each.voice, each.item.id) for each in known]
    np.testing.assert_allclose(totals[len(replies) :], [row["totals"] for row in clean_rows], atol=1e-3)
    np.testing.assert_allclose(chosen[len(replies) :], [row["coherence"] for row in clean_rows], atol=1e-3)


@pytest.mark.slow
def test_a_reply_is_heard_alike_alone_and_in_company(spec: FaceSpec) -> None:
    model = api.load("slide:mask-small")
    replies: list[Said] = from_angles(model, spec)
    totals, tokens = heard(model, spec, replies)
    for place in (0, len(replies) - 1):
        alone, (same,) = heard(model, spec, [replies[place]])
        np.testing.assert_allclose(alone[0], totals[place], atol=1e-3)
        np.testing.assert_allclose(same.elsewhere, tokens[place].elsewhere, atol=1e-3)
        for pool, information in tokens[place].information.items():
            np.testing.assert_allclose(same.information[pool], information, atol=1e-4)
