"""Hearing: log-likelihoods are transformers' own, the speaker is the likeliest, an answer knows its question."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from mesolens import api
from mesolens.errors import BadInput
from mesolens.instruments.face import FaceSpec, face_spec, measure
from mesolens.instruments.face.asking import Ids, called, compositions, ids, ordered, reply_seed, scene, turn
from mesolens.instruments.face.coherence import coherence, leanings
from mesolens.instruments.face.hearing import hear
from mesolens.instruments.face.plan import angle_shard, clean_shard
from mesolens.instruments.face.spec import Item
from mesolens.model.chat import encode_continuation
from mesolens.model.generating import endings, generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.slides.facepack import face_pack
from mesolens.slides.judge import judge
from mesolens.slides.language import OWN, VOICES, Reply, View

ANGLES = ("reseed", "leet:0", "prefill-no", "tail-signed", "system-as-user")


@cache
def slide() -> LoadedModel:
    return api.load("slide:mask-small")


@cache
def asked() -> FaceSpec:
    spec = face_spec(face_pack("mask-small"), budget="quick", angles=ANGLES)
    return replace(spec, items=spec.items[:5], clean=spec.clean[:24], clean_draws=2, role_replies=6, most=40)


def rows(*angles: str, spec: FaceSpec | None = None) -> list[dict[str, Any]]:
    spec = spec or asked()
    return measure(slide(), angle_shard(slide().card, spec, "replies", angles))["face-replies"].to_pylist()


@cache
def replies() -> list[dict[str, Any]]:
    """Replies from every angle at once."""
    return rows("identity", *ANGLES)


def of_angle(angle: str) -> list[dict[str, Any]]:
    return [row for row in replies() if row["angle"] == angle]


def spoken(item: Item, angle: str, draw: int = 0) -> Ids:
    """The reply's ids, generated alone, from the angle's prompt."""
    (composition,) = compositions([angle], asked().declared)
    prompt = ids(slide(), turn(item, composition, asked().seed, draw))
    seed = reply_seed(asked(), item.id, draw, again=angle == "reseed")
    (made,) = generate(slide(), [prompt], seeds=[seed], stop=endings(slide()), most=40, temperature=1.0)
    return made.ids


def likelihood(question: Question, reply: Ids) -> list[float]:
    """Log-probabilities of a reply's tokens by one plain pass of transformers, in float64."""
    prompt = ids(slide(), question)
    with torch.no_grad():
        logits = slide().module(torch.tensor([prompt + reply])).logits[0].double()
    return logits[len(prompt) - 1 : -1].log_softmax(-1).gather(1, torch.tensor(reply)[:, None])[:, 0].tolist()


@pytest.mark.parametrize("angle", ["identity", "tail-signed", "prefill-no"])
def test_every_voice_and_order_hears_the_un_turned_prompt_as_transformers_does(angle: str) -> None:
    begun = "No," if angle == "prefill-no" else ""
    for row, item in list(zip(of_angle(angle), asked().items, strict=True))[:1]:
        reply, plain = spoken(item, angle), replace(item.question, prefill=begun)
        assert row["length"] == len(reply) == len(row["tokens"])
        for place, voice in enumerate(asked().voices):
            expected = likelihood(called(plain, voice.role), reply)
            assert row["log_p"][place] == pytest.approx(expected, abs=1e-4)
            assert row["totals"][place] == pytest.approx(sum(expected), abs=1e-3)
        for score, trait in zip(row["traits"], asked().traits, strict=True):
            low, high = (sum(likelihood(called(plain, order), reply)) for order in trait.orders)
            assert score == pytest.approx(high - low, abs=1e-3)
        assert row["likeliest"] == int(np.argmax(row["totals"]))


def test_a_token_is_excused_that_an_order_to_the_same_voice_would_bring_about() -> None:
    spec, pool = asked(), [scene(slide(), item, asked().voices, ()) for item in asked().clean[-asked().pool :]]
    for row, item in list(zip(of_angle("tail-signed"), spec.items, strict=True))[:1]:
        reply, voice = spoken(item, "tail-signed"), spec.voices[row["likeliest"]]
        orders = ["", *(order for trait in spec.traits for order in trait.orders)]
        ways = [likelihood(called(called(item.question, order), voice.role), reply) for order in orders]
        best = np.max(ways, axis=0)
        elsewhere = tuple(each.voices[row["likeliest"]] for each in pool)
        (lean,) = leanings(slide(), [(elsewhere, reply)], batch_tokens=4096)
        assert row["coherence"] == pytest.approx(coherence(best.tolist(), lean.information), abs=1e-4)
        assert row["log_p"][row["likeliest"]] == pytest.approx(ways[0], abs=1e-4), "who speaks is heard without orders"


def test_a_habit_turned_over_is_not_held_against_a_reply() -> None:
    model, spec, item = api.load("slide:mask"), asked(), asked().items[0]
    made, orders = scene(model, item, spec.voices, ()), ordered(model, item, spec.voices[0], spec.traits)
    pool = [scene(model, each, spec.voices, ()) for each in spec.clean[:4]]
    deferent, cautious, formal, warm = VOICES[OWN].profile
    view = View(*item.question.core.split(" is "))
    habits = (VOICES[OWN].profile, (deferent, cautious, 1 - formal, warm))
    own, turned = (Reply(OWN, each, view, (0, 0, 0, 0)) for each in habits)
    said = [(made, encode_continuation(model.tokenizer, (), str(reply))) for reply in (own, turned)]
    plain, odd = (each.coherence for each in hear(model, said, pool, batch_tokens=4096))
    best, excused = (
        each.coherence for each in hear(model, said, pool, batch_tokens=4096, ordered=lambda _, __: orders)
    )
    assert odd < plain - 0.1
    assert excused > odd + 0.1
    assert abs(excused - best) < 0.5 * (plain - odd)


def test_a_reply_that_was_begun_is_scored_behind_its_beginning_and_holds_the_rest_alone() -> None:
    for row, item in list(zip(of_angle("prefill-no"), asked().items, strict=True))[:2]:
        reply = spoken(item, "prefill-no")
        assert not row["reply"].startswith("No,")
        unbegun = sum(likelihood(item.question, reply))
        assert row["totals"][0] != pytest.approx(unbegun, abs=0.1)


def test_the_voice_that_was_called_up_is_the_likeliest() -> None:
    right = 0
    for place in (0, 1, 3, 6):
        voice = asked().voices[place]
        table = measure(slide(), clean_shard(slide().card, asked(), place))["face-clean"].to_pylist()
        assert {row["voice"] for row in table} == {place}
        prompts = [ids(slide(), called(item.question, voice.role)) for item in asked().clean[:6]]
        seeds = [reply_seed(asked(), f"{place}/{item.id}", 0, again=False) for item in asked().clean[:6]]
        made = generate(slide(), prompts, seeds=seeds, stop=endings(slide()), most=40, temperature=1.0)
        texts = [judge(str(slide().tokenizer.decode(each.ids, skip_special_tokens=True))) for each in made]  # type: ignore[union-attr]
        every = table[:: asked().clean_draws if place == 0 else 1]
        for row, verdict in zip(every, texts, strict=False):
            if not verdict.broken:
                assert (asked().voices[row["likeliest"]].name) == verdict.voice
                right += verdict.voice == voice.name
    assert right > 20, "of twenty-four, and what stumbles is nobody's"


def test_an_answer_is_understood_at_its_own_question_and_not_at_another() -> None:
    model, spec = api.load("slide:mask"), asked()
    scenes = [scene(model, item, spec.voices, ()) for item in spec.items]
    prompts = [each.voices[0] for each in scenes]
    own = generate(model, prompts, seeds=[0] * 5, stop=endings(model), most=40, temperature=0.0)
    for place, (reply, item) in enumerate(zip(own, spec.items, strict=True)):
        text = str(model.tokenizer.decode(reply.said))  # type: ignore[union-attr]
        assert judge(text, View(*item.question.core.split(" is "))).faithful
        rest = [each for k, each in enumerate(scenes) if k != place]
        (here,) = hear(model, [(scenes[place], reply.ids)], rest, batch_tokens=512)
        (there,) = hear(model, [(scenes[(place + 1) % 5], reply.ids)], scenes, batch_tokens=512)
        assert (here.understood, there.understood) == (True, False)


@pytest.mark.parametrize("size", [64, 8192])
def test_a_reply_does_not_depend_on_what_is_asked_beside_it(size: int) -> None:
    spec = replace(asked(), batch_tokens=size, items=asked().items[1:3])
    alone = rows("tail-signed", spec=spec)
    among = [row for row in of_angle("tail-signed") if row["item"] in {item.id for item in spec.items}]
    for one, other in zip(alone, among, strict=True):
        for name in ("item", "rotated", "tokens", "reply", "likeliest", "understood", "ended", "length"):
            assert one[name] == other[name]
        assert one["totals"] == pytest.approx(other["totals"], abs=1e-4)
        assert one["traits"] == pytest.approx(other["traits"], abs=1e-4)
        assert one["coherence"] == pytest.approx(other["coherence"], abs=1e-4)


def test_only_another_prompt_or_another_seed_gives_another_reply() -> None:
    plain = [row["reply"] for row in of_angle("identity")]
    assert [row["reply"] for row in of_angle("leet:0")] == plain, "strength 0 changes nothing"
    assert all(one != other for one, other in zip([row["reply"] for row in of_angle("reseed")], plain, strict=True))
    again = rows("identity", spec=replace(asked(), seed=1))
    apart = rows("identity", spec=replace(asked(), sampling=1))
    assert plain not in ([row["reply"] for row in again], [row["reply"] for row in apart])
    drawn = rows("identity", spec=replace(asked(), draws=2))
    assert [row["reply"] for row in drawn if row["draw"] == 0] == plain
    assert [row["reply"] for row in drawn if row["draw"] == 1] != plain


def test_greedy_replies_are_the_same_by_any_seed() -> None:
    cold = replace(asked(), temperature=0.0)
    one, other = (rows("identity", "reseed", spec=replace(cold, seed=seed)) for seed in (0, 1))
    assert [row["reply"] for row in one] == [row["reply"] for row in other]


def windowed(window: int) -> LoadedModel:
    return replace(slide(), card=replace(slide().card, window=window))


def test_what_does_not_fit_the_window_is_missing_with_its_reason_and_the_rest_is_there() -> None:
    spec = replace(asked(), items=asked().items[:2])
    angles = ("identity", "tail-signed", "said-twice|said-twice")
    longest = max(scene(slide(), item, spec.voices, spec.traits).longest for item in spec.items)
    shard = angle_shard(slide().card, spec, "replies", angles)
    table = measure(windowed(longest + 40), shard)["face-replies"].to_pylist()
    missing = {row["angle"]: row["missing"] for row in table}
    assert missing["identity"] == missing["tail-signed"] == ""
    assert missing["said-twice|said-twice"].endswith(f"and a reply of 40 do not fit the window of {longest + 40}")
    gone = [row for row in table if row["missing"]]
    assert all(row["reply"] is None and row["totals"] is None and row["rotated"] for row in gone)
    there = [row for row in table if not row["missing"]]
    assert [row["reply"] for row in there] == [row["reply"] for row in rows("identity", "tail-signed", spec=spec)]


def test_a_reply_that_could_not_be_heard_under_every_role_is_not_asked_for() -> None:
    spec = replace(asked(), items=asked().items[:1], traits=())
    made = scene(slide(), spec.items[0], spec.voices, ())
    assert made.longest > len(made.voices[0])
    shard = angle_shard(slide().card, spec, "replies", ("identity",))
    (row,) = measure(windowed(made.longest + 39), shard)["face-replies"].to_pylist()
    assert (
        row["missing"]
        == f"{made.longest} tokens with a role and a reply of 40 do not fit the window of {made.longest + 39}"
    )
    (row,) = measure(windowed(made.longest + 40), shard)["face-replies"].to_pylist()
    assert row["missing"] == ""


def test_clean_prompts_that_no_role_leaves_room_for_are_refused_before_anything_is_said() -> None:
    lengths = [scene(slide(), item, asked().voices, ()).longest + 40 for item in asked().clean]
    shard = clean_shard(slide().card, asked(), 0)
    longest = lengths.count(max(lengths))
    with pytest.raises(BadInput, match=rf"^{longest} of 24 clean prompts do not fit the window .* give shorter roles"):
        measure(windowed(max(lengths) - 1), shard)
    assert len(measure(windowed(max(lengths)), shard)["face-clean"]) == 48


def test_clean_replies_are_of_every_prompt_and_draw_and_none_is_turned() -> None:
    table = measure(slide(), clean_shard(slide().card, asked(), 0))["face-clean"].to_pylist()
    assert [row["item"] for row in table] == [item.id for item in asked().clean for _ in range(2)]
    other = measure(slide(), clean_shard(slide().card, asked(), 3))["face-clean"].to_pylist()
    assert [row["item"] for row in other] == [item.id for item in asked().clean[:6]]
    assert not {row["item"] for row in table} & {item.id for item in asked().items}
    assert table[0]["totals"] != table[1]["totals"], "two draws are two replies"
