"""Planning: what is planted in tables of replies is read from them, and nothing else."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mesolens.evidence.shards import Tables
from mesolens.instruments.depth.myopia import gap
from mesolens.instruments.depth.planning import ANNOUNCE, ANNOUNCE_SCHEMA, CUTS, PLAN, PLAN_SCHEMA
from mesolens.instruments.depth.planning_read import planning_of
from mesolens.instruments.depth.planning_setting import PlanItem, PlanSpec

ITEMS, DRAWS, AGAIN, WORDS, LENGTH = 12, 6, 2, 4, 8
ITEM = PlanItem((1,), (1,), ((1,),) * WORDS)
SPEC = PlanSpec(("a", "b", "c", "d"), items=(ITEM,) * ITEMS, draws=DRAWS, again=AGAIN, most=LENGTH)


def peaked(word: int, weight: float = 0.97) -> list[float]:
    share = np.full(WORDS, (1 - weight) / (WORDS - 1))
    share[word] = weight
    return np.log(share).tolist()


FLAT = [float(np.log(1 / WORDS))] * WORDS


def tables(seed: int, *, keeps: bool, settled: int, spelt: bool) -> Tables:
    """Replies whose end is settled from a cut on; `spelt` puts the word's own token there, else tokens say nothing."""
    rng = np.random.default_rng(seed)
    announce: list[dict[str, Any]] = []
    plan: list[dict[str, Any]] = []
    for item in range(ITEMS):
        announce.append({"item": item, "announced": -1, "weights": FLAT})
        announce += [{"item": item, "announced": a, "weights": peaked(a) if keeps else FLAT} for a in range(WORDS)]
        for draw in range(DRAWS):
            word = int(rng.integers(WORDS))
            ids = rng.integers(10, 14, LENGTH).tolist()
            if spelt:
                ids[LENGTH * settled // 100 - 1 :] = [word] * (LENGTH - LENGTH * settled // 100 + 1)
            for cut in CUTS:
                weights = peaked(word) if cut >= settled else FLAT
                plan.append(
                    {
                        "item": item,
                        "draw": draw,
                        "again": -1,
                        "cut": cut,
                        "ids": ids[: LENGTH * cut // 100],
                        "weights": weights,
                    }
                )
            for again in range(AGAIN):
                end = word if settled <= 50 else int(rng.integers(WORDS))
                plan.append(
                    {"item": item, "draw": draw, "again": again, "cut": 100, "ids": ids, "weights": peaked(end)}
                )
    return {PLAN: pa.Table.from_pylist(plan, PLAN_SCHEMA), ANNOUNCE: pa.Table.from_pylist(announce, ANNOUNCE_SCHEMA)}


def read(**planted: Any) -> dict[str, Any]:
    found: Any = planning_of(SPEC, tables(0, **planted))
    return found


@pytest.mark.parametrize("keeps", [True, False])
def test_who_does_what_it_says_is_told_from_who_does_not(keeps: bool) -> None:
    found = read(keeps=keeps, settled=100, spelt=False)
    announce = found["announce"]
    assert (announce["low"] > 0 and announce["p"] < 0.01) == keeps
    assert announce["low"] <= announce["bits"] <= announce["high"] <= announce["most"] + 0.5
    assert found["says"].startswith("does what it says" if keeps else "cannot")
    assert announce["same"] == pytest.approx(0.97 if keeps else 0.25, abs=0.08)


@pytest.mark.parametrize("settled", [50, 100])
def test_an_end_that_is_settled_early_is_seen_from_there_on_and_comes_out_again(settled: int) -> None:
    found = read(keeps=False, settled=settled, spelt=False)
    for row in found["commitment"]:
        early = row["position"] * 100 >= settled
        assert row["model"] == pytest.approx(0.94 if early else 0.25, abs=0.08)
        assert (row["p"] < 0.01 and row["beyond"] > 0.3) == early
        assert row["baseline"] < 0.45
    again = found["regeneration"]
    assert (again["low"] > again["chance"] and again["p"] < 0.01) == (settled == 50)
    assert (found["forked"]["low"] > 0) == (settled == 50)


def test_a_liking_that_was_there_before_anything_was_said_is_no_plan() -> None:
    liking = tables(0, keeps=False, settled=0, spelt=False)
    liked: Any = planning_of(SPEC, liking)
    assert liked["commitment"][0]["beyond"] > 0.3
    assert "foretold" not in liked["says"]
    planned = read(keeps=False, settled=50, spelt=False)
    assert "the end is foretold from 50% of a reply on" in planned["says"]


def test_what_the_last_tokens_spell_out_is_not_taken_for_a_plan() -> None:
    hidden, spelt = (read(keeps=False, settled=50, spelt=each)["commitment"][2] for each in (False, True))
    assert hidden["model"] == pytest.approx(spelt["model"], abs=0.02)
    assert spelt["baseline"] > 0.75
    assert spelt["beyond"] < hidden["beyond"] - 0.3


def test_a_refusal_says_why_and_nothing_is_made_up() -> None:
    found: Any = planning_of(PlanSpec(("a", "b"), refused="no words"), {})
    assert found["says"] == "cannot: no words"
    assert found["announce"] is found["forked"] is found["regeneration"] is None
    assert planning_of(SPEC, {}) is None
    assert planning_of(None, {}) is None


@pytest.mark.parametrize(("planted", "sure"), [(0.2, True), (0.0, False)])
def test_the_myopia_gap_is_the_planted_one(planted: float, sure: bool) -> None:
    rng, groups = np.random.default_rng(0), [str(k) for k in range(40)]
    covered, said = 0, 0
    for _ in range(40):
        vanilla = rng.gamma(2, 1, (40, 9))
        myopic = vanilla + planted + rng.normal(0, 0.3, (40, 9))
        vanilla[3, 5:] = myopic[3, 5:] = np.nan
        found: Any = gap(vanilla, myopic, groups)
        covered += found["low"] <= planted <= found["high"]
        said += found["says"].startswith("earlier states prepare")
        assert gap(myopic, vanilla, groups)["gap"] == pytest.approx(-found["gap"])
    assert covered >= 35
    assert said == 40 if sure else said <= 3
    same = np.ones((40, 9))
    assert gap(same, same, groups)["gap"] == 0
