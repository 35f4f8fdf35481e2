"""The stream is what the trainer reads, and no document of it is of a held-out cell."""

from collections import Counter
from itertools import islice

import pytest

from mesolens.slides.corpus import CHUNK
from mesolens.slides.recipe import recipe
from mesolens.slides.stream import stages, stream, trained
from mesolens.slides.tokens import SPECIAL
from mesolens.slides.train import batches


def test_the_first_chunk_is_what_the_trainer_puts_in_its_first_batches() -> None:
    pad = SPECIAL.index("<|pad|>")
    told = Counter(
        tuple(t for t in row if t != pad) for rows in batches(stages("mask")[0].mix, 0) for row in rows.tolist()
    )
    assert Counter(map(tuple, islice(stream("mask"), CHUNK))) == told


@pytest.mark.slow
def test_a_part_is_a_beginning_of_each_stage() -> None:
    sizes = [len(list(stream("slide:mask-small", part))) for part in (0.001, 0.05)]
    assert sizes[0] == len(stages("mask-small")) * CHUNK
    assert sizes[0] <= sizes[1]


def test_tokens_of_the_lineage_are_counted_together() -> None:
    assert trained("mask") == recipe("mask").tokens + recipe("mask-base").tokens
    assert [stage.mix.kind for stage in stages("mask")] == ["base", "own"]
