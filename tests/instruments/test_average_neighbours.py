"""The neighbour rung on a slide: what a plain look finds, the text's own document left out, and no weight for noise."""

import json
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from mesolens.api.averages import Averages, against, opened, spec_of, with_neighbours
from mesolens.corpus.average import drawn, scored, weighted
from mesolens.corpus.gathered import Gathered, gathered
from mesolens.corpus.neighbours import NEIGHBOURS, TEMPERATURE, places
from mesolens.errors import BadInput
from mesolens.evidence.reading import from_json
from mesolens.evidence.rungs import names
from mesolens.instruments.average import Averaged, AverageSpec, Neighbours
from mesolens.instruments.average.asking import continuations
from mesolens.instruments.average.neighbours import NEAR, WEIGHT, measure
from mesolens.instruments.average.placing import places_in
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.slides.stream import stream

SLIDE = "slide:mask-small"
ASKED = Neighbours(places=30_000, layer=0)
"""All places, so that every text's own document is among them."""


@cache
def model() -> LoadedModel:
    return load(SLIDE)


@cache
def corpus() -> Gathered:
    return gathered(islice(stream(SLIDE), 200), model().card.vocabulary)


def spec(asked: Neighbours | None) -> AverageSpec:
    _, known = opened(corpus(), model(), "its text", 0.5)
    plain = replace(spec_of(continuations(corpus(), 3, 0), known, "quick", 0), fit_tokens=1500, held=5, parts=(0.5,))
    return replace(plain, resamples=50, longest=12, neighbours=asked)


@cache
def found() -> Averages:
    return against(model(), corpus(), spec(ASKED))


@cache
def without() -> Averages:
    return against(model(), corpus(), spec(None))


def states(ids: list[int]) -> np.ndarray:
    """By the model's own list of states, in float64; the last block's are behind the final norm there, so not those."""
    out = model().module(input_ids=torch.tensor([ids]), output_hidden_states=True, use_cache=False)
    return out.hidden_states[ASKED.layer + 1][0].detach().double().numpy()


def rows(averages: Averages, table: str) -> list[dict[str, Any]]:
    return averages.tables[table].to_pylist()


def test_the_ledger_has_the_rung_and_sums_to_what_the_model_says() -> None:
    said = {row["id"]: row["bits"] for row in rows(found(), "average-said")}
    for row in rows(found(), "average-scored"):
        ledger = np.array(row["ledger"])
        assert ledger.shape[1] == len(names(32, neighbours=True))
        assert np.abs(ledger.sum(1) - said[row["id"]]).max() < 1e-9
    assert [row["rung"] for row in found().ledger] == names(32, neighbours=True)
    sums = sum(float(str(row["bits"])) for row in found().ledger)
    assert sums == pytest.approx(np.concatenate([*said.values()]).mean(), abs=1e-9)


def test_the_rungs_below_and_the_share_by_counts_are_as_without_it() -> None:
    for row, other in zip(rows(found(), "average-scored"), rows(without(), "average-scored"), strict=True):
        assert np.allclose(np.array(row["ledger"])[:, :-2], np.array(other["ledger"])[:, :-1], atol=0, rtol=0)
    head: Any = without().to_json()["headline"]
    by_counts: Any = found().neighbours
    assert by_counts["counts"] == {name: pytest.approx(head[name]) for name in ("overlap", "low", "high")}
    for name in ("distance", "coverage", "support"):
        assert json.dumps(found().to_json()[name], sort_keys=True) == pytest.approx(
            json.dumps(without().to_json()[name], sort_keys=True)
        )
    assert without().neighbours is None


def test_it_says_what_a_plain_look_at_every_other_document_says() -> None:
    chosen = places(corpus(), ASKED.places, 512, 0)
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for number, at in chosen:
        ids = corpus().document(number).tolist()
        known[number] = states(ids)[np.array(at) - 1], np.array(ids)[at]
    assert len(known) == 200
    said = {row["id"]: row["ids"] for row in rows(found(), "average-said")}
    for text, row in zip(spec(ASKED).texts, rows(found(), NEAR), strict=True):
        assert text.document is not None
        others = [known[number] for number in known if number != text.document]
        keys, following = (np.concatenate([each[side] for each in others]) for side in (0, 1))
        own = [*text.prompt, *said[text.id]]
        for place, (query, token) in enumerate(zip(states(own)[len(text.prompt) - 1 : -1], said[text.id], strict=True)):
            far = 1 - keys @ query / np.linalg.norm(keys, axis=1) / np.linalg.norm(query)
            near = np.argsort(far, kind="stable")[:NEIGHBOURS]
            weights = np.exp(-far[near] / TEMPERATURE)
            told = weights[following[near] == token].sum() / weights.sum()
            assert row["said"][place] == pytest.approx(told, abs=2e-3), "states are in float32"


def test_the_weight_is_fitted_on_documents_without_themselves_and_applied() -> None:
    (facts,) = rows(found(), WEIGHT)
    assert 0.2 < facts["weight"] < 1
    assert facts["documents"] == 200
    numbers = drawn(corpus(), 1500, 0)
    assert facts["tokens"] == sum(min(len(corpus().document(n)), 512) - 1 for n in numbers)
    counted = weighted(corpus(), found().tables["average-weights"]["weight"].to_numpy(), 32)
    said = {row["id"]: row["ids"] for row in rows(found(), "average-said")}
    both = zip(spec(ASKED).texts, rows(found(), NEAR), rows(found(), "average-scored"), strict=True)
    for text, near, row in both:
        below = scored(counted, [*text.prompt, *said[text.id]], text.document).said[len(text.prompt) :]
        topped = facts["weight"] * np.array(near["said"]) + (1 - facts["weight"]) * below
        assert row["average"] == pytest.approx(np.log2(topped).tolist(), abs=1e-12)


def test_states_that_know_nothing_have_next_to_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)

    def noise(_: object, ids: list[tuple[int, ...]], __: object) -> list[np.ndarray]:
        return [rng.normal(size=(len(row), 32)).astype(np.float32) for row in ids]

    monkeypatch.setattr(measure, "_states", noise)
    by_noise = against(model(), corpus(), replace(spec(ASKED), fit_tokens=6000))
    (facts,) = by_noise.tables[WEIGHT].to_pylist()
    assert facts["weight"] < 0.01
    near = next(row for row in by_noise.ledger if row["rung"] == "neighbours")
    assert abs(float(str(near["bits"]))) < 0.01


def test_what_is_asked_is_in_the_key_of_all_that_depends_on_it_and_of_nothing_else() -> None:
    tables = {name: table for name, table in without().tables.items() if name in ("average-said", "average-weights")}
    plans = [Averaged(corpus()).follow(model().card, spec(asked), dict(tables)) for asked in (ASKED, None)]
    kinds = [{str(shard.depends["kind"]): shard.key for shard in plan} for plan in plans]
    assert set(kinds[0]) == {"near", "held", "coverage"}
    assert set(kinds[1]) == {"scored", "held", "coverage"}
    assert all(kinds[0][kind] == kinds[1][kind] for kind in ("held", "coverage"))
    others = (replace(ASKED, places=5), replace(ASKED, layer=1))
    near = [Averaged(corpus()).follow(model().card, spec(each), dict(tables))[0].key for each in (ASKED, *others)]
    assert len(set(near)) == 3
    later = [Averaged(corpus()).follow(model().card, spec(ASKED), {**tables, "average-held": tables["average-said"],
             NEAR: found().tables[NEAR], WEIGHT: found().tables[WEIGHT]})]  # fmt: skip
    assert {str(shard.depends["kind"]) for shard in later[0]} == {"scored"}
    assert later[0][0].key != kinds[1]["scored"]


def test_the_reading_says_it_and_opens_again() -> None:
    reading = found().reading
    assert from_json(json.loads(json.dumps(reading.to_json(), allow_nan=False))) == reading
    assert "near states of the model" in reading.sentence
    assert found().neighbours is not None
    assert found().neighbours == {**dict(found().neighbours or {}), "layer": "behind block 0", "documents": 200}
    assert "overlap by counts alone" in [number.name for number in reading.numbers]
    assert reading.protocol["neighbours"] is not None
    assert without().reading.protocol["neighbours"] is None


def test_the_ceiling_stands_at_the_places_that_are_given() -> None:
    for text, near in zip(spec(ASKED).texts, rows(found(), NEAR), strict=True):
        ids = next(row["ids"] for row in rows(found(), "average-said") if row["id"] == text.id)
        at = places_in(replace(text, said=tuple(ids)), spec(ASKED).places)
        assert len(near["tokens"]) == len(near["weights"]) == len(at)
        for tokens, weights, place in zip(near["tokens"], near["weights"], at, strict=True):
            told = sum(w for token, w in zip(tokens, weights, strict=True) if token == ids[place])
            assert near["said"][place] == pytest.approx(told)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Neighbours(0, 0), "0 places of the corpus"),
        (Neighbours(5, 2), "no block 2"),
        (Neighbours(5, -1), "no block -1"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: Neighbours, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Averaged(corpus()).plan(model().card, spec(asked))


def test_a_number_of_places_and_a_layer_are_as_they_are_said() -> None:
    plain = spec(None)
    assert with_neighbours(plain, model(), False, None, "quick") == plain
    assert with_neighbours(plain, model(), True, None, "quick").neighbours == Neighbours(4000, 1)
    assert with_neighbours(plain, model(), 77, 0, "quick").neighbours == Neighbours(77, 0)
    with pytest.raises(BadInput, match="no neighbours were asked for"):
        with_neighbours(plain, model(), False, 1, "quick")
    less, more = (Averaged(corpus()).cost(model().card, spec(Neighbours(each, 1))) for each in (10**5, 10**7))
    assert Averaged(corpus()).cost(model().card, plain).flops < less.flops < more.flops
    assert more.bytes > 10**7 * 4 * model().anatomy.stream_width
