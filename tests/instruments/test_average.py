"""The average on a slide: figures against what the scoring engine and plain counts say, and what is refused."""

import json
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesolens.api.averages import Averages, against, opened, spec_of
from mesolens.corpus.average import scored, weighted
from mesolens.corpus.gathered import Gathered, gathered
from mesolens.errors import BadInput
from mesolens.evidence.overlap import bracket
from mesolens.evidence.reading import from_json
from mesolens.instruments.average import CLEAN, Averaged, AverageSpec, Corpus, Text
from mesolens.instruments.average.asking import continuations, marker_of, replies
from mesolens.instruments.average.plan import left_out, parts_of
from mesolens.instruments.average.scoring import after
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score
from mesolens.slides.facepack import face_pack
from mesolens.slides.stream import stream

SLIDE = "slide:mask-small"


@cache
def model() -> LoadedModel:
    return load(SLIDE)


@cache
def corpus() -> Gathered:
    return gathered(islice(stream(SLIDE), 1500), model().card.vocabulary)


def spec(texts: tuple[Text, ...], counts: Gathered, seed: int = 0) -> AverageSpec:
    _, known = opened(counts, model(), "its text", 0.5)
    asked = spec_of(texts, known, "quick", seed)
    return replace(asked, fit_tokens=8000, held=30, parts=(0.25,), resamples=200)


@cache
def found() -> Averages:
    return against(model(), corpus(), spec(replies(model(), face_pack("mask").prompts, 12, 0), corpus()))


def part_of(averages: Averages, name: str) -> Any:
    return averages.to_json()[name]


def test_the_ledger_of_every_token_sums_to_what_the_scoring_engine_says() -> None:
    said = {row["id"]: row for row in found().tables["average-said"].to_pylist()}
    asked = {text.id: text for text in replies(model(), face_pack("mask").prompts, 12, 0)}
    for row in found().tables["average-scored"].to_pylist():
        nats = score(model(), [Row(asked[row["id"]].prompt, tuple(said[row["id"]]["ids"]))])[0]
        assert np.abs(np.array(row["ledger"]).sum(1) - said[row["id"]]["bits"]).max() < 1e-9
        assert said[row["id"]]["bits"] == pytest.approx((np.array(nats) / np.log(2)).tolist(), abs=1e-4)
    ledger = sum(float(str(row["bits"])) for row in found().ledger)
    every = np.concatenate([row["bits"] for row in said.values()])
    assert ledger == pytest.approx(every.mean(), abs=1e-9)


def test_the_headline_is_the_mean_over_tokens_and_its_bracket() -> None:
    rows = found().tables["average-scored"].to_pylist()
    shares = [min(1.0, 2 ** (a - p)) for row in rows for a, p in zip(row["average"], row["bits"], strict=True)]
    head: dict[str, Any] = part_of(found(), "headline")
    assert head["overlap"] == pytest.approx(np.mean(shares))
    assert head["bracket"] == pytest.approx([*bracket(head["overlap"], head["ceiling"])])
    assert head["low"] < head["overlap"] < head["high"]


def test_the_reading_is_json_that_opens_again_and_says_its_caveat() -> None:
    reading = found().reading
    assert from_json(json.loads(json.dumps(reading.to_json(), allow_nan=False))) == reading
    assert "50 % of what the model was trained on" in reading.sentence
    assert "not explained by averages of this corpus" in reading.sentence


def test_support_falls_with_length_and_shuffled_text_has_least() -> None:
    rows: list[dict[str, Any]] = part_of(found(), "support")
    for name in ("replies", "held_out", "shuffled"):
        curve = [row[name] for row in rows]
        assert curve == sorted(curve, reverse=True)
    assert rows[4]["shuffled"] < 0.1 < rows[4]["replies"]


def test_spans_stand_in_the_documents_that_are_named() -> None:
    spans = found().tables["average-spans"].to_pylist()
    said = {row["id"]: row["ids"] for row in found().tables["average-said"].to_pylist()}
    assert spans
    for span in spans:
        run = said[span["id"]][span["start"] : span["end"]]
        assert span["count"] == corpus().count([run])[0] > 0
        for place in json.loads(span["documents"]):
            document = corpus().document(place["number"]).tolist()
            assert any(document[k : k + len(run)] == run for k in range(len(document)))


def test_a_model_is_no_bit_apart_from_itself() -> None:
    texts = replies(model(), face_pack("mask").prompts, 2, 0)
    asked = replace(spec(texts, corpus()), twin="itself", parts=())
    twin = against(model(), corpus(), asked, model())
    rows: list[dict[str, Any]] = part_of(twin, "by_support")
    assert max(row["divergence"] for row in rows) < 1e-9


def test_the_document_that_a_text_was_begun_from_is_left_out_everywhere() -> None:
    texts = continuations(corpus(), 3, 0)
    asked = replace(spec(texts, corpus()), parts=())
    rows = against(model(), corpus(), asked)
    weights = rows.tables["average-weights"]["weight"].to_numpy()
    said = {row["id"]: row["ids"] for row in rows.tables["average-said"].to_pylist()}
    for text, row in zip(texts, rows.tables["average-scored"].to_pylist(), strict=True):
        others = [corpus().document(n) for n in range(corpus().documents) if n != text.document]
        average = weighted(gathered(others, model().card.vocabulary), weights, asked.most)
        told = np.log2(scored(average, [*text.prompt, *said[text.id]]).said[len(text.prompt) :])
        assert row["average"] == pytest.approx(told.tolist(), abs=1e-12)


@pytest.mark.parametrize(
    ("gathered_at_most", "looked", "missing"),
    [
        (10**9, [0.125, 0.25, 0.5], []),
        (130_000, [0.125, 0.25], [0.5]),
        (70_000, [0.0625, 0.125], [0.25, 0.5]),
        (9_000, [0.0078125, 0.015625], [0.125, 0.25, 0.5]),
        (10, [], [0.125, 0.25, 0.5]),
    ],
)
def test_parts_that_cannot_be_held_are_told_and_smaller_ones_stand_in(
    gathered_at_most: int, looked: list[float], missing: list[float]
) -> None:
    known = Corpus("c", "", documents=1000, tokens=500_000, tokenizer="")
    asked = AverageSpec((), known, gathered=gathered_at_most)
    assert parts_of(asked) == looked
    told = left_out(asked)
    assert [row["fraction"] for row in told] == missing
    assert all(row["tokens"] == 500_000 * row["fraction"] and row["most"] == gathered_at_most for row in told)
    assert all(part * 1000 >= 2 for part in parts_of(asked))


def test_the_reading_names_what_the_coverage_curve_lacks() -> None:
    texts = replies(model(), face_pack("mask").prompts, 2, 0)
    asked = replace(spec(texts, corpus()), parts=(0.125, 0.5), gathered=corpus().tokens // 3)
    found_here = against(model(), corpus(), asked).to_json()
    coverage: Any = found_here["coverage"]
    assert [row["fraction"] for row in coverage] == [0.0625, 0.125, 1.0]
    assert found_here["coverage_missing"] == [
        {"fraction": 0.5, "tokens": round(corpus().tokens / 2), "most": corpus().tokens // 3}
    ]
    assert part_of(found(), "coverage_missing") == []


def test_a_text_file_is_cut_and_its_pieces_are_named(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("\n\n".join(f"The miller asked number {k} for bread and cheese." for k in range(400)))
    counts, known = opened(book, model())
    assert counts.documents > 3
    assert known.source(1) == f"book.txt, 2 of {counts.documents}"
    assert known.source(counts.documents) == ""
    both = against(model(), counts, replace(spec_of(continuations(counts, 1, 0), known, "quick", 0), parts=(), held=2))
    spans: Any = [span for text in part_of(both, "texts") for span in text["spans"]]
    assert all(each["source"].startswith("book.txt, ") for span in spans for each in span["documents"])
    assert opened(corpus(), model())[1].source(0) == ""


def test_plans_are_keyed_by_all_that_they_depend_on() -> None:
    texts, bound = replies(model(), face_pack("mask").prompts, 2, 0), Averaged(corpus())
    one = [shard.key for shard in bound.plan(model().card, spec(texts, corpus()))]
    assert one == [shard.key for shard in bound.plan(model().card, spec(texts, corpus()))]
    other = [shard.key for shard in bound.plan(model().card, spec(texts, corpus(), seed=1))]
    assert not set(one) & set(other)


def test_what_cannot_be_measured_is_refused() -> None:
    texts, bound = replies(model(), face_pack("mask").prompts, 2, 0), Averaged(corpus())
    asked = spec(texts, corpus())
    for wrong, said in (
        (replace(asked, texts=()), "no texts"),
        (replace(asked, texts=(texts[0], texts[0])), "two texts are called"),
        (replace(asked, corpus=replace(asked.corpus, tokenizer="other")), "index it with this model's tokenizer"),
        (replace(asked, corpus=replace(asked.corpus, documents=1)), "has 1 documents"),
    ):
        with pytest.raises(BadInput, match=said):
            bound.plan(model().card, wrong)


def test_a_corpus_that_says_too_little_determines_nothing() -> None:
    rng = np.random.default_rng(0)
    noise = gathered(rng.integers(6, 1000, (20, 30)).tolist(), model().card.vocabulary)
    texts = replies(model(), face_pack("mask").prompts, 4, 0)
    reading = against(model(), noise, spec(texts, noise)).reading
    assert reading.verdict == "not determined"
    assert "index more text" in reading.sentence


def test_replies_are_compared_with_what_follows_the_same_marker_in_documents() -> None:
    texts = replies(model(), face_pack("mask").prompts, 6, 0)
    marker = marker_of(texts)
    assert model().tokenizer.convert_ids_to_tokens(list(marker))[-1] == "<|assistant|>"  # pyright: ignore[reportOptionalMemberAccess]
    document = next(d for d in map(corpus().document, range(9)) if after(d.tolist(), marker) > 1).tolist()
    start = after(document, marker)
    assert tuple(document[start - len(marker) : start]) == marker


def test_a_text_that_is_given_is_scored_as_it_is() -> None:
    given = Text("given", "aside", "given", (0, 5), (7, 8, 9))
    found = against(model(), corpus(), replace(spec((given,), corpus()), parts=()))
    assert found.tables["average-said"]["ids"].to_pylist() == [[7, 8, 9]]
    assert [part["name"] for part in found.parts] == ["aside"] != [CLEAN]
