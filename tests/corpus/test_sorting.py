"""The order of suffixes is that of their raw bytes, as Python sorts bytes, however they repeat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.index.engine import sort
from mesolens.corpus.index.shard import in_memory, packed_table, places_at, pointer_bytes, sample_of

from .brute import ENGINES


def by_bytes(text: np.ndarray) -> list[int]:
    """The suffixes in the order that Python gives their bytes."""
    raw = text.astype(text.dtype.newbyteorder("<")).tobytes()
    return sorted(range(len(text)), key=lambda place: raw[place * text.itemsize :])


@pytest.mark.parametrize("fast", ENGINES)
@pytest.mark.parametrize("kind", [np.uint16, np.uint32])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 255, 256, 257, 511, 65534, -1]), max_size=80), st.integers(1, 4))
def test_suffixes_are_in_the_order_of_their_bytes(fast: bool, kind: type, few: list[int], times: int) -> None:
    text = np.array(few * times, np.int64).astype(kind)  # -1 is the separator
    assert sort(text, fast).tolist() == by_bytes(text)


@pytest.mark.parametrize("fast", ENGINES)
@pytest.mark.parametrize(("vocabulary", "size"), [(1, 20_000), (3, 30_000), (60_000, 30_000)])
def test_texts_larger_than_a_block_are_in_order_too(fast: bool, vocabulary: int, size: int) -> None:
    text = np.random.default_rng(0).integers(0, vocabulary, size).astype(np.uint16)
    text[::97] = 0xFFFF
    text[size // 2 :] = text[: size - size // 2]
    assert sort(text, fast).tolist() == by_bytes(text)


@given(st.integers(1, 1 << 42))
def test_a_pointer_has_the_fewest_bytes_that_hold_every_place(size: int) -> None:
    width = pointer_bytes(2 * size)
    assert 2 * size - 2 < 1 << (8 * width)
    assert width == 1 or 2 * size > 1 << (8 * (width - 1))


@pytest.mark.parametrize("fast", ENGINES)
@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("width", range(1, 7))
def test_pointers_of_every_width_are_read_as_they_were_written(size: int, width: int, fast: bool) -> None:
    most = min((1 << (8 * width)) // size, 1 << 40)
    order = np.random.default_rng(width).integers(0, most, 100)
    shard = in_memory(np.zeros(1, np.uint16), np.dtype(f"<u{size}"))
    object.__setattr__(shard, "table", packed_table(order, size, width))
    object.__setattr__(shard, "width", width)
    if not fast:
        assert places_at(shard, np.arange(100)).tolist() == order.tolist()
        return
    from mesolens.corpus.index.fast_narrow import place_at

    table = np.ndarray((len(shard.table) - 7,), "<u8", buffer=shard.table, strides=(1,))
    each, shift = np.uint64(width), np.uint64(size // 2)
    assert [int(place_at(table, each, shift, np.uint64(rank))) for rank in range(100)] == order.tolist()


def test_the_sample_holds_first_words_with_zeros_beyond_the_end() -> None:
    text = np.array([1, 2, 0x0300], np.uint16)
    assert sample_of(text, np.array([0])).tolist() == [0x0100_0200_0003_0000, 0]
    five = np.array([1, 2, 3, 4, 5], np.uint16)
    assert sample_of(five, np.array([0])).tolist() == [0x0100_0200_0300_0400, 0x0500_0000_0000_0000]
