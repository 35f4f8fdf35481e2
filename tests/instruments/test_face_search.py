"""The search's rules: what it spends, who goes on, that it ends, and that chance comes from the seed alone."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.instruments.face.search import Rung, budget, draw, next_rung, survivors, trace, weights
from mesolens.instruments.face.spec import Search

STEPS = ("a", "b", "c", "d:0.5", "e")
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 20), st.integers(2, 4))
"""Compositions, prompts, and of how many one goes on."""


def played(drawn: Sequence[str], items: int, keep: int, seed: int) -> tuple[list[Rung], dict[str, list[bool]]]:
    """A whole bracket whose replies are lost by chance, some compositions' more often than others'."""
    rng, known, rungs = Random(seed), dict[str, list[bool]](), list[Rung]()
    chance = {name: rng.random() for name in drawn}
    while rung := next_rung(drawn, known, items, keep):
        rungs.append(rung)
        assert len(rungs) <= 2 * items, "a bracket doubles its prompts"
        for name in rung.compositions:
            assert len(known.get(name, ())) == rung.first, "no prompt is left out, and none asked twice"
            known.setdefault(name, []).extend(rng.random() < chance[name] for _ in range(rung.first, rung.end))
    return rungs, known


@given(SIZES, st.integers(0, 999))
def test_a_bracket_ends_with_one_composition_asked_on_every_prompt_or_with_all_given_up(
    sizes: tuple[int, int, int], seed: int
) -> None:
    count, items, keep = sizes
    drawn = [f"c{k}" for k in range(count)]
    rungs, known = played(drawn, items, keep, seed)
    spent = sum(len(rung.compositions) * (rung.end - rung.first) for rung in rungs)
    assert spent == sum(map(len, known.values())) <= budget(count, items, keep)
    assert set(rungs[0].compositions) == set(drawn)
    given_up = all(2 * sum(row) < len(row) for row in known.values() if len(row) == rungs[-1].end)
    assert any(len(row) == items for row in known.values()) or given_up
    assert [rung.end for rung in rungs] == sorted({rung.end for rung in rungs})


@given(SIZES, st.integers(0, 999))
def test_the_budget_is_spent_where_every_reply_is_lost(sizes: tuple[int, int, int], seed: int) -> None:
    count, items, keep = sizes
    drawn, known, spent = [f"c{k}" for k in range(count)], dict[str, list[bool]](), 0
    while rung := next_rung(drawn, known, items, keep):
        spent += len(rung.compositions) * (rung.end - rung.first)
        for name in rung.compositions:
            known.setdefault(name, []).extend([True] * (rung.end - rung.first))
    assert spent == budget(count, items, keep)


@given(SIZES, st.integers(0, 999), st.data())
def test_what_comes_next_follows_from_what_is_known(
    sizes: tuple[int, int, int], seed: int, data: st.DataObject
) -> None:
    count, items, keep = sizes
    drawn = [f"c{k}" for k in range(count)]
    rungs, known = played(drawn, items, keep, seed)
    place = data.draw(st.integers(0, len(rungs) - 1))
    rung = rungs[place]
    upto = {
        name: row[: max((r.end for r in rungs[:place] if name in r.compositions), default=0)]
        for name, row in known.items()
    }
    assert next_rung(drawn, upto, items, keep) == rung
    half = rung.compositions[: len(rung.compositions) // 2]
    upto |= {name: known[name][: rung.end] for name in half}
    rest = rung.compositions[len(half) :]
    assert next_rung(drawn, upto, items, keep) == Rung(rest, rung.first, rung.end), "a stopped rung goes on"


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3), st.lists(st.booleans(), min_size=4, max_size=4), min_size=1
    ),
    st.integers(2, 4),
)
def test_those_go_on_that_lost_most(losses: dict[str, list[bool]], keep: int) -> None:
    kept = survivors(list(losses), losses, 4, keep)
    lost = {name: sum(row) for name, row in losses.items()}
    gone = [name for name in losses if name not in kept]
    most = max(1, len(losses) // keep)
    assert len(kept) <= most
    assert all(lost[name] >= 2 for name in kept)
    assert all(lost[one] >= lost[other] for one in kept for other in gone)
    assert len(kept) == most or not [name for name in gone if lost[name] >= 2]


@given(st.integers(1, 4), st.integers(1, 30), st.text(max_size=5))
def test_a_draw_has_different_compositions_of_different_steps(depth: int, count: int, seed: str) -> None:
    search = Search(depth=depth)
    found = draw(search, STEPS, [1.0] * len(STEPS), count, seed)
    assert found == draw(search, STEPS, [1.0] * len(STEPS), count, seed)
    assert len(found) == len(set(found)) <= count
    for name in found:
        steps = name.split("|")
        assert set(steps) <= set(STEPS)
        assert len(steps) == len(set(steps)) <= depth


def test_draws_differ_by_seed_and_every_depth_is_as_likely() -> None:
    one, other = (draw(Search(), STEPS, [1.0] * 5, 30, seed) for seed in ("1", "2"))
    assert one != other
    first = [draw(Search(), STEPS, [1.0] * 5, 1, str(k))[0].count("|") for k in range(600)]
    assert all(160 < first.count(depth) < 240 for depth in range(3))
    assert draw(Search(), (), (), 5, "1") == ()


def test_a_step_of_twice_the_weight_is_drawn_twice_as_often() -> None:
    first = [draw(Search(depth=1), ("a", "b"), (2.0, 1.0), 1, str(k))[0] for k in range(900)]
    assert 550 < first.count("a") < 650


@given(
    st.dictionaries(
        st.lists(st.sampled_from(STEPS), min_size=1, max_size=3, unique=True).map("|".join),
        st.lists(st.booleans(), max_size=6),
    )
)
def test_a_step_that_lost_more_weighs_more_and_none_weighs_nothing(losses: dict[str, list[bool]]) -> None:
    found = weights(STEPS, losses)
    assert all(0 < weight < 1 for weight in found)
    more = weights(STEPS, losses | {"a": [*losses.get("a", ()), True]})
    assert more[0] > found[0]
    assert more[1:] == found[1:]


@given(st.lists(st.lists(st.booleans(), max_size=5), max_size=12))
def test_a_trace_rises_and_counts_every_reply(rows: list[list[bool]]) -> None:
    losses = {f"c{k}": row for k, row in enumerate(rows)}
    found = trace([(name, len(row)) for name, row in losses.items()], losses, 4)
    spent, shares = [at for at, _ in found], [share for _, share in found]
    assert spent == sorted(spent)
    assert shares == sorted(set(shares))
    whole = [sum(row) / len(row) for row in rows if len(row) >= 4]
    assert (shares[-1] if shares else 0.0) == pytest.approx(max(whole, default=0.0))
    assert all(at <= sum(map(len, rows)) for at in spent)
