"""Planning on local models: rows are as specified, however shards are cut, and weights are the model's."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from mesolens.api.stages import joined
from mesolens.errors import BadInput
from mesolens.evidence.shards import Tables
from mesolens.instruments.depth.myopia import myopia
from mesolens.instruments.depth.planning import ANNOUNCE, CUTS, PLAN, plan_ahead, plan_shards, weigh
from mesolens.instruments.depth.planning_setting import CHOSEN, CLOSING, ENDS, PlanSpec, plan_spec
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score
from tests.model.tiny import CHATML, neox, tokenizer


@cache
def model(template: str | None = CHATML) -> LoadedModel:
    module = neox()
    module.config.max_position_embeddings = 2048
    return adopt(module, tokenizer(template), name="tiny")


@cache
def spec(shard_items: int = 4) -> PlanSpec:
    found = plan_spec(model(), subjects=("a boat", "a garden", "a train"), draws=2, again=2, most=8)
    return replace(found, shard_items=shard_items)


def measured(asked: PlanSpec) -> Tables:
    return joined([plan_ahead(model(), shard) for shard in plan_shards(model().card, asked)])


@pytest.mark.parametrize("template", [CHATML, None])
def test_prompts_offer_every_word_and_stop_where_the_word_stands(template: str | None) -> None:
    subject = model(template)
    assert subject.tokenizer is not None
    found = plan_spec(subject)
    assert found.refused == ""
    for item in found.items:
        text = str(subject.tokenizer.decode(list(item.prompt)))
        assert all(word in text for word in ENDS)
        assert str(subject.tokenizer.decode(list(item.announce))).endswith(CHOSEN)
        for word, deed in zip(ENDS, item.deeds, strict=True):
            assert str(subject.tokenizer.decode(list(deed))).endswith(f"{CHOSEN} {word}.{CLOSING}")
    orders = {str(subject.tokenizer.decode(list(item.prompt))).partition("words: ")[2] for item in found.items}
    assert len(orders) > 3


def test_weights_are_the_models_and_how_shards_are_cut_changes_nothing() -> None:
    one, other = measured(spec(4)), measured(spec(1))
    for name in (PLAN, ANNOUNCE):
        rows, same = one[name].to_pylist(), other[name].to_pylist()
        for a, b in zip(
            sorted(rows, key=lambda r: str({k: v for k, v in r.items() if k != "weights"})),
            sorted(same, key=lambda r: str({k: v for k, v in r.items() if k != "weights"})),
            strict=True,
        ):
            assert {k: v for k, v in a.items() if k != "weights"} == {k: v for k, v in b.items() if k != "weights"}
            assert np.allclose(a["weights"], b["weights"], atol=1e-4)
            assert np.exp(a["weights"]).sum() == pytest.approx(1)


def test_replies_are_cut_where_their_cut_says_and_begun_anew_from_their_middle() -> None:
    asked = spec()
    rows = measured(asked)[PLAN].to_pylist()
    assert len(rows) == 3 * 2 * (len(CUTS) + 2)
    whole = {(row["item"], row["draw"]): row["ids"] for row in rows if row["again"] < 0 and row["cut"] == 100}
    for row in rows:
        reply = whole[row["item"], row["draw"]]
        if row["again"] < 0:
            assert row["ids"] == reply[: len(reply) * row["cut"] // 100]
        else:
            assert row["ids"][: len(reply) // 2] == reply[: len(reply) // 2]
            assert len(row["ids"]) <= asked.most
    assert len({tuple(ids) for ids in whole.values()}) > 3


def test_weights_are_by_hand_those_of_whole_words() -> None:
    prompt, options = (5, 6, 7), ((8,), (9, 10), (11, 12, 13))
    found = weigh(model(), [prompt], options, 4096)[0]
    totals: list[float] = []
    for option in options:
        with torch.no_grad():
            logp = model().module(torch.tensor([[*prompt, *option]])).logits[0].double().log_softmax(-1)
        totals.append(sum(float(logp[2 + k, token]) for k, token in enumerate(option)))
    assert np.allclose(found, np.array(totals) - np.log(np.exp(totals).sum()), atol=1e-4)


def test_what_cannot_be_asked_says_why() -> None:
    bare = adopt(neox(), None, name="tiny")
    assert plan_spec(bare).refused.startswith("the model has no tokenizer")
    assert plan_shards(bare.card, plan_spec(bare)) == []
    short = adopt(neox(), tokenizer(), name="tiny")
    assert "window 96" in plan_spec(short).refused


def test_the_gap_of_two_models_is_the_difference_of_their_scores() -> None:
    one, other = adopt(neox(0), None), adopt(neox(1), None)
    rows = [(3, 4, 5, 6), (7, 8), (9, 10, 11)] * 3
    found = myopia(one, other, rows)
    each = [
        np.mean(score(one, [Row(row[:1], row[1:])])[0]) - np.mean(score(other, [Row(row[:1], row[1:])])[0])
        for row in rows
    ]
    assert found["gap"] == pytest.approx(np.mean(each), abs=1e-5)
    assert myopia(one, one, rows)["gap"] == 0
    with pytest.raises(BadInput, match="two tokens or more"):
        myopia(one, other, [(3,)])
