"""Laws of packing rows, and of finding what they share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.model.batches import PAD, pack
from mesolens.model.prefix import common, groups, sharings

Rows = list[tuple[int, ...]]
ROW = st.lists(st.integers(0, 3), min_size=1, max_size=12).map(tuple)
ROWS = st.lists(ROW, max_size=20)


@given(ROWS, st.integers(1, 40), st.integers(0, 10))
def test_every_row_is_in_one_batch_as_it_was(rows: Rows, budget: int, beside: int) -> None:
    batches = pack(rows, budget, beside)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(rows)))
    for batch in batches:
        for row, ids, length in zip(batch.rows, batch.ids.tolist(), batch.lengths, strict=True):
            assert tuple(ids[:length]) == rows[row]
            assert set(ids[length:]) <= {PAD}


@given(ROWS, st.integers(1, 40), st.integers(0, 10))
def test_batches_stay_within_the_budget_and_are_full(rows: Rows, budget: int, beside: int) -> None:
    batches = pack(rows, budget, beside)
    sizes = [len(batch.rows) * (batch.ids.shape[1] + beside) for batch in batches]
    assert all(size <= budget or len(batch.rows) == 1 for size, batch in zip(sizes, batches, strict=True))
    for size, batch in zip(sizes[:-1], batches[:-1], strict=True):
        assert size + batch.ids.shape[1] + beside > budget, "one more row would have fitted"


@given(ROWS, st.integers(1, 40))
def test_lengths_fall_and_equal_rows_keep_their_order(rows: Rows, budget: int) -> None:
    order = [row for batch in pack(rows, budget) for row in batch.rows]
    assert order == sorted(range(len(rows)), key=lambda row: (-len(rows[row]), row))


def test_an_empty_row_is_refused() -> None:
    with pytest.raises(ValueError, match="without tokens"):
        pack([(1,), ()], 8)


@given(ROW, ROW)
def test_the_common_beginning_is_the_longest(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    slow = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    assert common(one, other) == slow


@given(ROWS, st.integers(1, 20))
def test_groups_part_the_rows_and_share_what_they_say(rows: Rows, worth: int) -> None:
    found = groups(rows, worth)
    assert sorted(row for group in found for row in group.rows) == list(range(len(rows)))
    for group in found:
        assert len({rows[row][: group.length] for row in group.rows}) == 1 or not group.length
        assert not group.length or (len(group.rows) - 1) * group.length >= worth


def best(rows: Rows, depth: int, worth: int) -> int:
    """Most tokens that grouping can save among rows that share `depth` tokens: by trying everything."""
    if len(rows) < 2:
        return 0
    here = (len(rows) - 1) * depth
    tails: dict[int, Rows] = {}
    for row in rows:
        if len(row) > depth:
            tails.setdefault(row[depth], []).append(row)
    below = sum(best(tail, depth + 1, worth) for tail in tails.values())
    return max(here if here >= worth else 0, below)


@given(ROWS, st.integers(1, 20))
def test_no_grouping_saves_more(rows: Rows, worth: int) -> None:
    saved = sum((len(group.rows) - 1) * group.length for group in groups(rows, worth))
    assert saved == best(rows, 0, worth)


@given(ROWS, st.integers(1, 20))
def test_sharings_part_the_rows_and_every_length_is_worth_it(rows: Rows, worth: int) -> None:
    found = sharings(rows, worth)
    assert sorted(row for each in found for row in each.rows) == list(range(len(rows)))
    for each in found:
        prefixes = [rows[row][: each.length] for row in each.rows]
        assert {len(prefix) for prefix in prefixes} == {each.length}
        assert not each.length or (len(prefixes) - len(set(prefixes))) * each.length >= worth
        assert not each.length or all(prefixes.count(prefix) > 1 for prefix in prefixes)


@given(ROWS, st.integers(1, 20))
def test_sharings_save_no_less_than_groups_that_are_worth_it_alone(rows: Rows, worth: int) -> None:
    alone = sum((len(group.rows) - 1) * group.length - worth for group in groups(rows, worth) if group.length)
    saved = 0
    for each in sharings(rows, worth):
        different = len({rows[row][: each.length] for row in each.rows})
        saved += (len(each.rows) - different) * each.length - worth if each.length else 0
    assert saved >= alone
