"""Attribution on a slide: the same whichever way the work is cut, as small as it is asked, and off unless asked for."""

import json
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pytest

from mesolens.api.averages import Averages, against, attributed, opened, spec_of
from mesolens.corpus.gathered import Gathered, gathered
from mesolens.errors import BadInput
from mesolens.evidence.influence import DAMPING
from mesolens.evidence.reading import from_json
from mesolens.instruments.average import Attribution, Averaged, AverageSpec
from mesolens.instruments.average.asking import continuations, replies
from mesolens.instruments.average.documents import BEHIND, MOVED, influence
from mesolens.instruments.average.documents import plan as cutting
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row
from mesolens.model.sketching import document_gradients, sketch, token_gradients
from mesolens.slides.facepack import face_pack
from mesolens.slides.retrained import QUALITY
from mesolens.slides.stream import stream

SLIDE = "slide:mask-small"
ASKED = Attribution(2, documents=9, buckets=64, draws=2, largest=3)


@cache
def model() -> LoadedModel:
    return load(SLIDE)


@cache
def corpus() -> Gathered:
    return gathered(islice(stream(SLIDE), 300), model().card.vocabulary)


def spec(asked: Attribution | None) -> AverageSpec:
    _, known = opened(corpus(), model(), "its text", 0.5)
    texts = replies(model(), face_pack("mask").prompts, 3, 0)
    plain = replace(spec_of(texts, known, "quick", 0), fit_tokens=3000, held=5, parts=(), resamples=50, longest=12)
    return replace(plain, attribution=asked)


@cache
def found() -> Averages:
    return against(model(), corpus(), spec(ASKED))


def data() -> Any:
    return found().to_json()["influence"]


def test_every_token_of_the_first_texts_has_documents_in_order_of_their_weight() -> None:
    ids = {row["id"]: row["ids"] for row in found().tables["average-said"].to_pylist()}
    wanted = [(text.id, place) for text in spec(ASKED).texts[:2] for place in range(len(ids[text.id]))]
    assert [(row["text"], row["position"]) for row in data()["tokens"]] == wanted
    assert data()["documents"] >= 9
    assert data()["of"] == 300
    for row in (*data()["texts"], *data()["tokens"]):
        sizes = [abs(each["weight"]) for each in row["largest"]]
        assert sizes == sorted(sizes, reverse=True)
        assert len(sizes) == 3
        assert 1 <= row["effective"] <= data()["documents"]
        assert row["against"] <= 0 <= row["for"]
        assert sum(each["weight"] for each in row["largest"] if each["weight"] > 0) <= row["for"] + 1e-12
        assert all(each["source"] == "" for each in row["largest"])
        for each in row["largest"]:
            begin = corpus().document(each["number"])[:4].tolist()
            assert each["snippet"].startswith(str(model().tokenizer.decode(begin)))  # pyright: ignore[reportOptionalMemberAccess]


def test_weights_are_those_of_a_plain_solve() -> None:
    into = sketch(model(), 64, seed=0)
    table = found().tables[BEHIND].to_pylist()
    own = np.array([row["own"] for row in table])
    drawn = np.array([row["drawn"] for row in table]).reshape(-1, 64)
    for row in table[:2]:
        ids = tuple(corpus().document(row["number"]).tolist())
        assert np.allclose(
            row["own"], document_gradients(model(), Row(ids[:1], ids[1:]), into, temperature=2.0)[0], atol=1e-6
        )
    text = spec(ASKED).texts[0]
    said = tuple(found().tables["average-said"].to_pylist()[0]["ids"])
    tokens = token_gradients(model(), Row(text.prompt, said), into, temperature=2.0)
    fisher = drawn.T @ drawn / len(drawn)
    damping = DAMPING * np.trace(fisher) / min(len(drawn), 64)
    assert data()["damping"] == pytest.approx(damping)
    told = tokens @ np.linalg.inv(fisher + damping * np.eye(64)) @ own.T / 300
    numbers = [row["number"] for row in table]
    for row, weights in zip(data()["tokens"], told, strict=False):
        for each in row["largest"]:
            assert each["weight"] == pytest.approx(weights[numbers.index(each["number"])], rel=1e-4)
        assert row["effective"] == pytest.approx(np.abs(weights).sum() ** 2 / (weights**2).sum(), rel=1e-4)


def test_a_text_is_moved_by_the_sum_over_its_tokens() -> None:
    every = against(model(), corpus(), spec(replace(ASKED, largest=1000))).to_json()["influence"]
    influence_of: Any = every
    for text in influence_of["texts"]:
        sums: dict[int, float] = {}
        for row in influence_of["tokens"]:
            for each in row["largest"] if row["text"] == text["text"] else ():
                sums[each["number"]] = sums.get(each["number"], 0.0) + each["weight"]
        assert {each["number"]: pytest.approx(each["weight"], abs=1e-9) for each in text["largest"]} == sums


def test_how_the_work_is_cut_and_in_which_order_it_ends_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SHARD_DOCUMENTS", "_SHARD_TEXTS"):
        monkeypatch.setattr(cutting, name, 1)
    tables = dict(found().tables)
    shards = cutting.shards(model().card, spec(ASKED), ASKED, tables)
    assert len({shard.key for shard in shards}) == len(shards) > 10
    parts = [Averaged(corpus()).measure(model(), shard) for shard in shards]
    for name, some in ((BEHIND, parts), (MOVED, parts)):
        mine = [part[name].to_pylist() for part in some if name in part]
        rows = [row for part in (mine[::-1] if name == BEHIND else mine) for row in part]
        tables[name] = tables[name].from_pylist(rows, schema=tables[name].schema)
    again: Any = influence(tables, spec(ASKED))
    for one, other in zip(again["tokens"], data()["tokens"], strict=True):
        assert one["effective"] == pytest.approx(other["effective"], rel=1e-6)
        assert [each["number"] for each in one["largest"]] == [each["number"] for each in other["largest"]]


def test_the_reading_is_json_that_opens_again_and_says_how_it_was_taken() -> None:
    reading = found().reading
    assert from_json(json.loads(json.dumps(reading.to_json(), allow_nan=False))) == reading
    assert "count sketch of 64" in json.dumps(dict(reading.protocol))


def test_off_unless_asked_for_and_off_costs_nothing() -> None:
    tables = {name: table for name, table in found().tables.items() if name not in (BEHIND, MOVED)}
    bound, card = Averaged(corpus()), model().card
    assert bound.follow(card, spec(None), tables) == []
    assert bound.follow(card, spec(ASKED), tables) != []
    assert bound.follow(card, spec(ASKED), dict(found().tables)) == []
    assert bound.read(tables, spec(None), card).data["influence"] is None
    assert bound.cost(card, spec(None)).flops < bound.cost(card, spec(ASKED)).flops


def test_what_retraining_found_is_said_of_slides_alone() -> None:
    plain = spec(None)
    for name, quality in ((SLIDE, QUALITY), ("a/model", None)):
        asked = attributed(plain, name, 3, "quick").attribution
        assert asked is not None
        assert (asked.texts, asked.quality) == (3, quality)
    assert attributed(plain, SLIDE, 0, "quick") == plain
    with pytest.raises(BadInput, match="-1 texts"):
        attributed(plain, SLIDE, -1, "quick")


def test_the_document_that_a_text_was_begun_with_is_looked_at() -> None:
    texts = continuations(corpus(), 2, seed=1)
    asked = replace(spec(ASKED), texts=texts)
    assert {text.document for text in texts} <= set(cutting.looked_at(asked, ASKED, {}))
