"""Rows, batches and the readout: what is fed, what is gated and where it is read."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from mesolens.instruments.middle.batch import batches_of
from mesolens.instruments.middle.readout import metric_of
from mesolens.instruments.middle.rows import Row, rows_of
from mesolens.traits.encode import EncodedContrast

ids = st.lists(st.integers(0, 9), min_size=1, max_size=6).map(tuple)


def contrast(
    clean: tuple[int, ...], reference: tuple[int, ...], target: tuple[int, ...], foil: tuple[int, ...]
) -> EncodedContrast:
    return EncodedContrast("c", "t", clean, reference, target, foil, (), (), (), ())


def read_by_hand(prompt: tuple[int, ...], continuation: tuple[int, ...]) -> float:
    """A made-up language model: the score of a token is a hash of all before it."""
    return sum(score(prompt + continuation[:k], token) for k, token in enumerate(continuation))


def score(before: tuple[int, ...], token: int) -> float:
    return (hash((before, token)) % 1000) / 100


def read_rows(rows: list[Row], end: str) -> float:
    total = 0.0
    for row in rows:
        fed: tuple[int, ...] = getattr(row, end)
        for read in row.reads:
            total += read.sign * score(fed[: len(fed) + read.offset + 1], read.token)
    return total


@given(clean=ids, reference=ids, target=ids, foil=st.one_of(ids, st.just(())))
def test_rows_read_what_the_definition_of_the_readout_says(
    clean: tuple[int, ...], reference: tuple[int, ...], target: tuple[int, ...], foil: tuple[int, ...]
) -> None:
    rows = rows_of(0, contrast(clean, reference, target, foil))
    for end, prompt in (("clean", clean), ("reference", reference)):
        assert abs(read_rows(rows, end) - (read_by_hand(prompt, target) - read_by_hand(prompt, foil))) < 1e-9
    assert len(rows) <= 2


@given(clean=ids, reference=ids, target=ids, foil=ids)
def test_prompts_of_one_length_gate_everything_and_others_only_the_reply(
    clean: tuple[int, ...], reference: tuple[int, ...], target: tuple[int, ...], foil: tuple[int, ...]
) -> None:
    for row in rows_of(0, contrast(clean, reference, target, foil)):
        replied = len(row.clean) - len(clean)
        assert row.clean[-row.gated :] == row.reference[-row.gated :] or row.aligned or row.gated == replied + 1
        assert row.gated == (len(row.clean) if len(clean) == len(reference) else replied + 1)


@given(
    items=st.lists(st.tuples(ids, ids, ids, ids), min_size=1, max_size=6),
    most=st.integers(1, 60),
)
def test_batches_hold_every_row_once_and_keep_an_items_rows_together(
    items: list[tuple[tuple[int, ...], ...]], most: int
) -> None:
    rows = [row for k, item in enumerate(items) for row in rows_of(k, contrast(*item))]
    batches = batches_of(rows, most, "cpu")
    assert sorted((row.item, row.clean) for batch in batches for row in batch.rows) == sorted(
        (row.item, row.clean) for row in rows
    )
    homes = [{row.item for row in batch.rows} for batch in batches]
    assert sum(len(home) for home in homes) == len(set().union(*homes))
    for batch in batches:
        assert len({row.aligned for row in batch.rows}) == 1
        if batch.gated is not None and batch.twin is not None:
            for k, row in enumerate(batch.rows):
                places = torch.nonzero(batch.gated[k])[:, 0].tolist()
                assert places == list(range(len(row.clean) - row.gated, len(row.clean)))
                stands = [batch.reference[k, batch.twin[k, p]].item() for p in places]
                assert stands == list(row.reference[-row.gated :])


def test_the_readout_sums_signed_log_probabilities_of_its_row() -> None:
    rows = [row for k in range(2) for row in rows_of(k, contrast((1, 2, 3)[: 2 + k], (4, 5, 6)[: 2 + k], (7, 8), (9,)))]
    (batch,) = batches_of(rows, 100, "cpu")
    logits = torch.randn(len(rows), len(batch.clean_reads.positions), 10, generator=torch.Generator().manual_seed(0))
    found = metric_of(logits, batch.clean_reads)
    scores = torch.log_softmax(logits.double(), -1)
    positions = batch.clean_reads.positions.tolist()
    for k, row in enumerate(batch.rows):
        places = [(positions.index(len(row.clean) + read.offset), read) for read in row.reads]
        assert torch.isclose(found[k], sum(read.sign * scores[k, place, read.token] for place, read in places))
