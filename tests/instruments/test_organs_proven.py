"""Predicted against measured: the figures are what a literal reckoning gives, and each verdict can be reached."""

import json
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mesolens.evidence.reading import Reading, from_json, schema
from mesolens.evidence.shards import Tables
from mesolens.instruments.middle.organs import read
from mesolens.instruments.middle.organs.groupings import ORGANS, groupings
from mesolens.instruments.middle.organs.partition import Partition, partition, sums
from mesolens.instruments.middle.organs.points import Points, fit, fit_of, points_of, slopes
from mesolens.instruments.middle.organs.proven import proof_of
from mesolens.instruments.middle.organs.read import conservation
from mesolens.instruments.middle.organs.removal import MEAN, REFERENCE, TABLE, learned_from
from mesolens.instruments.middle.organs.selective import selectivity, specific
from mesolens.instruments.middle.organs.served import clusters_of, personality, service, silenced
from mesolens.instruments.middle.organs.spec import BROKEN, CLEAN, FOUND, HELD
from mesolens.instruments.middle.organs.verdict import verdict_of
from tests.instruments.organ_tables import NOISE, SMALL, TRAITS, Planted, card, planted, tables_of, views


def known_of(truth: Planted) -> Partition:
    return partition(truth.found, truth.spec)


def removed(truth: Planted, *, gain: float = 1.0, noise: float = 0.0, other: float = 0.3) -> Tables:
    """Removals whose effects are `gain` times an organ's share, and a part of the difference for others."""
    found, known, rng = truth.found, known_of(truth), np.random.default_rng(0)
    tried, rows = [*found.of(HELD).tolist(), *learned_from(found).tolist()], list[dict[str, Any]]()
    for kind, several in groupings(truth.spec, found, known).items():
        for draw, of in enumerate(several):
            shares = sums(found.shares[tried], of, known.organs)
            for (place, view), group in ((pair, g) for pair in enumerate(tried) for g in range(known.organs)):
                exact = gain * shares[place, group] if kind == ORGANS else other * found.deltas[view]
                lost = exact + noise * rng.normal()
                cell = {"view": view, "grouping": kind, "draw": draw, "group": group, "lost": float(lost)}
                rows += [{**cell, "held_at": at} for at in (REFERENCE, MEAN)]
    rng.shuffle(rows)
    return {**truth.tables, TABLE: pa.Table.from_pylist(rows)}


def proven(truth: Planted, tables: Tables) -> dict[str, Any]:
    points = points_of(tables, truth.spec, truth.found, known_of(truth))
    return cast("dict[str, Any]", proof_of(points, truth.spec, truth.found, TRAITS))


@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 999))
@settings(max_examples=50, deadline=None)
def test_a_fit_is_numpys_line_and_the_literal_formula(rows: int, organs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    share, weight = rng.normal(size=(rows, organs)), rng.uniform(0.1, 2.0, rows)
    lost = rng.normal() * share + rng.normal() + 0.3 * rng.normal(size=share.shape)
    if share.size < 3:
        return
    points = Points(np.zeros(0, int), share, lost, rng.uniform(0.5, 2.0, organs))
    found, each, guess = fit(points, weight), np.repeat(weight, organs), points.slope * share
    slope, intercept = np.polyfit(guess.ravel(), lost.ravel(), 1, w=np.sqrt(each))
    assert found.slope == pytest.approx(slope, rel=1e-5, abs=1e-7)
    assert found.intercept == pytest.approx(intercept, rel=1e-5, abs=1e-7)
    mean = float(each @ lost.ravel()) / float(each.sum())
    spread = sum(w * (y - mean) ** 2 for w, y in zip(each, lost.ravel(), strict=True))
    for said, r2 in ((guess, found.r2), (share, found.of_share)):
        missed = sum(w * (y - g) ** 2 for w, y, g in zip(each, lost.ravel(), said.ravel(), strict=True))
        assert r2 == pytest.approx(1 - missed / spread, rel=1e-6, abs=1e-6)
    assert fit(points, weight * 16).r2 == pytest.approx(found.r2)
    assert fit_of(points, 0) == fit(Points(points.of, share[:, :1], lost[:, :1], points.slope[:1]), np.ones(rows))


@given(st.integers(0, 999))
def test_a_groups_slope_is_the_least_squares_line_through_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    share, lost = rng.normal(size=(2, 9, 3))
    for group, slope in enumerate(slopes(share, lost)):
        assert slope == pytest.approx(np.linalg.lstsq(share[:, [group]], lost[:, group], rcond=None)[0][0])


@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_effects_in_proportion_to_shares_are_foreseen_whole_and_other_groupings_worse(gain: float) -> None:
    """How much more than its share goes with an organ is learned where organs were found, and holds elsewhere."""
    truth = planted()
    proof = proven(truth, removed(truth, gain=gain))
    assert set(proof) == {REFERENCE, MEAN}
    for each in proof.values():
        assert each["r2"] == pytest.approx(1.0)
        assert each["low"] == pytest.approx(1.0)
        assert (each["slope"], each["intercept"]) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-9))
        assert (each["r2_share"] == pytest.approx(1.0)) == (gain == 1.0)
        assert {row["name"] for row in each["beside"]} == {"matched random", "layers", "trait directions"}
        for row in each["beside"]:
            assert row["difference"] == pytest.approx(each["r2"] - row["r2"])
            assert row["low"] > 0
            assert row["more"] == pytest.approx(each["selective"] - row["selective"])
            assert row["selective"] == pytest.approx(0.0, abs=1e-9)
            assert row["more_low"] > 0
        held = truth.found.of(HELD)
        share = sums(truth.found.shares[held], known_of(truth).of, 3)[:, :3] / truth.found.gross[held, None]
        assert [point[0] for point in each["points"]] == pytest.approx((gain * share).ravel().tolist())
        assert [point[3] for point in each["points"][::3]] == [TRAITS.index(truth.spec.views[v].trait) for v in held]


def test_effects_that_have_nothing_to_do_with_shares_are_not_foreseen() -> None:
    truth = planted()
    each = proven(truth, removed(truth, gain=0.0, noise=1.0))[REFERENCE]
    assert each["r2"] < 0.2
    assert each["low"] <= each["r2"] <= each["high"]
    assert each["slope_low"] <= each["slope"] <= each["slope_high"]


def test_each_organ_has_the_slope_that_was_put_in() -> None:
    truth = planted()
    tables = removed(truth, gain=1.5, noise=0.001)
    data = cast("dict[str, Any]", read(tables, truth.spec, card()).data)
    for row in data["organs"]:
        assert row["predicts"]["slope"] == pytest.approx(1.5, abs=0.02)
        assert row["predicts"]["r2"] > 0.99


def test_nothing_removed_is_nothing_proven() -> None:
    truth = planted()
    assert proven(truth, truth.tables) == {}
    assert specific(truth.found, None, TRAITS, [[0], [1], [0, 1]]) is None


@given(st.integers(1, 5), st.integers(2, 4), st.integers(0, 999))
def test_selectivity_is_own_less_the_mean_of_others(groups: int, traits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    effect_TK, own = rng.normal(size=(traits, groups)), rng.integers(0, traits, groups)
    by_hand = [effect_TK[own[k], k] - np.delete(effect_TK[:, k], own[k]).mean() for k in range(groups)]
    assert selectivity(own, effect_TK[None])[0] == pytest.approx(np.mean(by_hand))
    alike = np.broadcast_to(effect_TK[0], effect_TK.shape)
    assert selectivity(own, alike[None])[0] == pytest.approx(0.0, abs=1e-9)


def test_what_goes_with_an_organ_is_told_trait_by_trait() -> None:
    truth, known = planted(), known_of(planted())
    found = truth.found
    serving = [[0], [1], [0, 1]]
    points = points_of(removed(truth), truth.spec, found, known)[ORGANS, REFERENCE][0]
    told = cast("dict[str, Any]", specific(found, points, TRAITS, serving))
    for organ in range(3):
        for number, trait in enumerate(TRAITS):
            rows = [row for row in found.of(HELD).tolist() if found.views[row].trait == trait]
            deltas = found.deltas[rows]
            share = float(sums(found.shares[rows], known.of, 3)[:, organ] @ np.sign(deltas))
            assert told["effects"][organ][number] == pytest.approx(share / np.abs(deltas).sum())
    own = [told["effects"][organ][trait] for organ, some in enumerate(serving) for trait in some]
    other = [told["effects"][0][1], told["effects"][1][0]]
    assert told["own"] == pytest.approx(np.mean(own))
    assert told["other"] == pytest.approx(np.mean(other))


def test_who_serves_what_is_what_was_planted() -> None:
    truth, known = planted(), known_of(planted())
    serves = service(truth.found, known)
    place = [int(known.of[10 * planted_organ]) for planted_organ in range(3)]
    rows = [[row for row in truth.found.unbroken.tolist() if truth.found.views[row].trait == trait] for trait in TRAITS]
    for number in range(2):
        values = sums(truth.found.shares[rows[number]], known.of, 3)
        np.testing.assert_allclose(serves.mean[number], values.mean(0))
        assert serves.called[number, place[number]]
        assert serves.called[number, place[2]]
        inside = (serves.low[number] <= serves.mean[number]) & (serves.mean[number] <= serves.high[number])
        assert inside.all()
    assert set(clusters_of(truth.found, rows[0])) == {f"warmth/{k}" for k in range(14)}


def test_the_map_holds_every_trait_from_every_angle_that_was_looked_from() -> None:
    truth, known = planted(), known_of(planted())
    cells = cast("list[dict[str, Any]]", personality(truth.found, known))
    assert [(cell["angle"], cell["trait"]) for cell in cells] == [(a, t) for a in range(3) for t in range(2)]
    for cell in cells:
        angle = (CLEAN, "quoted", "bell")[cell["angle"]]
        rows = [r for r, view in enumerate(truth.found.views)
                if view.use != HELD and (view.angle, view.trait) == (angle, TRAITS[cell["trait"]])]  # fmt: skip
        assert sum(cell["shares"]) == pytest.approx(truth.found.deltas[rows].mean())
        assert cell["delta"] == pytest.approx(truth.found.deltas[rows].mean())


@pytest.mark.parametrize("quiet", [0, 1, 2])
def test_an_angle_silences_the_planted_organ_and_no_other(quiet: int) -> None:
    """Whatever was planted in the views, the partition that they are read by is the same."""
    known, truth = known_of(planted()), planted(quiet=quiet)
    place = int(known.of[10 * quiet])
    found = silenced(truth.found, known, service(truth.found, known))
    called = {organ for organ, rows in enumerate(found) for row in rows if row["called"]}
    assert called == {place}
    for row in cast("list[dict[str, Any]]", found[place]):
        assert row["angle"] == "bell"
        assert abs(row["after"]) <= 0.5 * abs(row["before"])
        if row["called"]:
            assert not row["low"] <= 0 <= row["high"]
    none = silenced(planted().found, known, service(planted().found, known))
    assert not any(row["called"] for rows in none for row in rows)


def said(truth: Planted) -> Reading:
    return read(truth.tables, truth.spec, card())


def test_planted_organs_are_told_and_named() -> None:
    reading = said(planted())
    assert reading.verdict == "organs"
    assert reading.sentence.startswith("3 organs hold ")
    data = cast("dict[str, Any]", reading.data)
    assert [row["leaves"] for row in data["organs"]] == [10, 10, 10]
    assert data["remainder"]["leaves"] == NOISE
    assert sum(row["part"] for row in data["organs"]) + data["remainder"]["part"] == pytest.approx(1.0)
    assert data["conservation"] <= 1e-6
    assert data["contrasts"] == {FOUND: 20, HELD: 8}
    assert [row["use"] for row in data["angles"]] == [FOUND, FOUND, BROKEN, HELD]
    for number, trait in enumerate(data["traits"]):
        whole = sum(row["serves"][number]["share"] for row in data["organs"]) + data["remainder"]["shares"][number]
        assert whole == pytest.approx(data["delta"][number]), trait
    for row in data["organs"]:
        assert sum(place["leaves"] for place in row["places"]) == row["leaves"]
        assert sum(place["part"] for place in row["places"]) == pytest.approx(1.0)
        assert sum(member["part"] for member in row["members"]) == pytest.approx(1.0)
        members = np.sum([member["shares"] for member in row["members"]], axis=0)
        assert members.tolist() == pytest.approx([each["share"] for each in row["serves"]])
        assert 0 <= row["net"] <= 1
    assert sum(row["shared"] for row in data["organs"]) >= 1
    assert [row["chosen"] for row in data["choice"]] == [False, True, False]


def test_shares_that_do_not_add_up_are_refused() -> None:
    truth = planted()
    reading = said(replace(truth, tables=tables_of(list(truth.found.shares), off=0.05)))
    assert reading.verdict == "refused"
    assert reading.data["organs"] == []
    assert "conservation" not in reading.data


def test_differences_that_go_either_way_determine_nothing() -> None:
    truth = planted()
    signs = np.array([(-1.0) ** int(view.item.rpartition("-")[2]) for view in truth.spec.views])[:, None]
    rows = truth.found.shares * signs / np.abs(truth.found.deltas)[:, None]
    found = replace(truth, tables=tables_of(list(rows))).found
    known = known_of(truth)
    assert verdict_of(found, known, service(found, known), ())[0] == "not determined"


def test_leaves_without_groups_are_diffuse() -> None:
    rng = np.random.default_rng(4)
    spec = replace(SMALL, views=views())
    rows = np.abs(rng.normal(size=(len(spec.views), 40))) * np.sign(rng.normal(size=40) + 0.7)
    reading = read(tables_of([row * (1 + rng.random()) for row in rows]), spec, card())
    assert reading.verdict == "diffuse"
    assert "no better than groups of rotated leaves" in reading.sentence
    assert not any(row["stable"] for row in cast("list[dict[str, Any]]", reading.data["organs"]))


def test_groups_that_serve_no_trait_are_diffuse_as_under_shuffled_labels() -> None:
    truth = planted(flips=True)
    found, known = truth.found, known_of(planted())
    serves = service(found, known)
    assert not serves.called.any()
    calm = replace(found, deltas=np.abs(found.deltas) + 1.0)
    word, sentence = verdict_of(calm, known, serves, ())
    assert word == "diffuse"
    assert "none serves a trait" in sentence


def test_groups_none_of_which_comes_again_are_unstable() -> None:
    truth, known = planted(), known_of(planted())
    rows = [{"stable": False, "stability": 0.3 + organ / 10} for organ in range(3)]
    word, sentence = verdict_of(truth.found, known, service(truth.found, known), cast("Any", rows))
    assert word == "unstable"
    assert "stability 0.50 at best" in sentence


def test_equal_leaves_are_diffuse_even_in_groups() -> None:
    truth, known = planted(), known_of(planted())
    flat = replace(truth.found, shares=np.ones_like(truth.found.shares))
    assert verdict_of(flat, known, service(truth.found, known), ())[0] == "diffuse"


def test_a_reading_is_json_by_the_schema_and_the_same_bytes_in_whatever_order_shards_come() -> None:
    truth = planted()
    tables = removed(truth, noise=0.1)
    text = json.dumps(read(tables, truth.spec, card()).to_json(), allow_nan=False)
    Draft202012Validator(schema()).validate(json.loads(text))
    assert json.dumps(from_json(json.loads(text)).to_json(), allow_nan=False) == text
    order = np.random.default_rng(0).permutation(len(truth.spec.views))
    mixed = {name: table.take(order) if name == "organs-items" else table for name, table in tables.items()}
    mixed[TABLE] = tables[TABLE].slice(100).combine_chunks()
    mixed[TABLE] = pa.concat_tables([mixed[TABLE], tables[TABLE].slice(0, 100)])
    assert json.dumps(read(mixed, truth.spec, card()).to_json(), allow_nan=False) == text


def test_a_reading_is_kept_whole_where_held_items_are_missing() -> None:
    truth = planted()
    some = replace(truth.spec, views=tuple(view for view in truth.spec.views if view.use != HELD))
    rows = [row for row, view in zip(truth.found.shares, truth.spec.views, strict=True) if view.use != HELD]
    reading = read(tables_of(rows), some, card())
    assert reading.verdict == "organs"
    assert (reading.data["proof"], reading.data["specific"]) == ({}, None)
    assert conservation(truth.found, known_of(truth)) <= 1e-12
