"""The myopia gap in a reading of depth: what is scored, by whom, and that a planted gap is found and none made up."""

from dataclasses import replace
from typing import Any

import pytest

from mesolens import api
from mesolens.api.depths import asked
from mesolens.api.stages import joined
from mesolens.errors import BadInput
from mesolens.instruments import depth
from mesolens.instruments.depth.myopia import LEAST, TABLE, gap_of, score_twins, twin_shards, twin_spec
from mesolens.model.load import adopt, load
from mesolens.slides import shelf
from mesolens.traits.tasks import Item, Step
from tests.model.tiny import neox, tokenizer


def items() -> list[Item]:
    """Questions in token ids, so that nothing hangs on a tokenizer."""
    return [
        Item((3 + k, 4, 5 + k), 9 + k % 3, (Step("only", 9 + k % 3),), (9, 10, 11), group=f"g{k % 4}")
        for k in range(12)
    ]


def test_answers_are_scored_behind_their_prompts_and_texts_behind_their_first_token() -> None:
    one, other = adopt(neox(0), tokenizer()), adopt(neox(1), tokenizer())
    spec = asked(one, items(), myopic=other).ahead
    assert spec is not None
    assert spec.rows == tuple(((3 + k, 4, 5 + k), (9 + k % 3,)) for k in range(12))
    assert spec.groups == tuple(f"g{k % 4}" for k in range(12))
    told = asked(one, items(), texts=[(3, 4, 5), (6,), (7, 8)], myopic=other).ahead
    assert told is not None
    assert told.rows == (((3,), (4, 5)), ((7,), (8,)))
    assert asked(one, items()).ahead is None


def test_how_shards_are_cut_changes_nothing() -> None:
    one, other = adopt(neox(0), None), adopt(neox(1), None)
    spec = twin_spec(one, other, [((3 + k, 4), (5 + k, 6)[: 1 + k % 2]) for k in range(9)])
    found: list[Any] = []
    for rows in (256, 2):
        cut = replace(spec, shard_rows=rows)
        shards = twin_shards(one.card, cut)
        assert sum(shard.rows for shard in shards) == 9
        found.append(gap_of(cut, joined([score_twins(one, shard, other) for shard in reversed(shards)]), 0))
    for name in ("gap", "low", "high", "vanilla", "myopic"):
        assert found[0][name] == pytest.approx(found[1][name], abs=1e-6)


def test_another_twin_than_the_one_that_was_asked_about_is_refused() -> None:
    one, other, third = (adopt(neox(seed), None) for seed in range(3))
    (shard,) = twin_shards(one.card, twin_spec(one, other, [((3,), (4,))]))
    assert score_twins(one, shard, other)[TABLE].num_rows == 1
    for wrong in (None, one, third):
        with pytest.raises(BadInput, match="another myopic model"):
            depth.measure(one, shard, against=wrong)
    with pytest.raises(BadInput, match="two tokens or more"):
        twin_spec(one, other, [((), (4,))])


def test_a_planted_gap_is_found_and_none_is_made_up() -> None:
    """The truth is of other prompts than the task's, so both have an error of some hundredths of a nat."""
    for kind, begins in (("recall", "earlier states prepare for later tokens"), ("known", "no gap is sure")):
        vanilla, myopic = (load(f"slide:{name}") for name in (kind, f"{kind}-myopic"))
        planning: Any = api.depth(vanilla, myopic=myopic).to_json()["planning"]
        found = planning["myopia"]
        nats = [shelf.describe(name)["grid"]["nats"] for name in (kind, f"{kind}-myopic")]
        assert found["gap"] == pytest.approx(nats[1] - nats[0], abs=0.15)
        assert found["says"].startswith(begins)
        assert found["says"] in planning["says"]
        assert (found["low"] > LEAST) == (kind == "recall")


def test_without_a_twin_nothing_is_said_of_a_gap() -> None:
    planning: Any = api.depth(load("slide:known")).to_json()["planning"]
    assert planning["myopia"] is None
