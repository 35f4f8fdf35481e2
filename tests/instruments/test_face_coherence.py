"""Coherence: as plain torch computes it, whatever it is computed beside; and a change of topic is no loss of it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mesolens import api
from mesolens.evidence.conformal import ranks
from mesolens.instruments.face import FaceSpec, face_spec, measure
from mesolens.instruments.face.asking import Ids, ids, scene
from mesolens.instruments.face.coherence import SCALE, coherence, leanings
from mesolens.instruments.face.hearing import Heard, hear
from mesolens.instruments.face.plan import clean_shard
from mesolens.instruments.face.replies import pool_of
from mesolens.model.chat import encode_continuation
from mesolens.model.generating import endings, generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.slides.asking import Ask
from mesolens.slides.facepack import face_pack
from mesolens.slides.judge import judge
from mesolens.slides.language import SALAD, View
from tests.instruments import tiny

NATS = st.floats(-20, 0)
BITS = st.floats(0, 5)
TOKENS = st.lists(st.integers(3, tiny.VOCABULARY - 1), min_size=1, max_size=6).map(tuple)
PAIRS = st.lists(st.tuples(st.lists(TOKENS, min_size=1, max_size=3).map(tuple), TOKENS), min_size=1, max_size=5)


@cache
def random_llama() -> LoadedModel:
    return tiny.build("llama", 1, torch.float32)


@cache
def slide(name: str = "mask-small") -> LoadedModel:
    return api.load(f"slide:{name}")


def plain(model: LoadedModel, prompt: Ids, reply: Ids) -> Tensor:
    """Log-probabilities of every next token along the reply, by one plain pass of transformers, in float64."""
    with torch.no_grad():
        logits = model.module(torch.tensor([prompt + reply])).logits[0]
    return logits[len(prompt) - 1 : -1].double().log_softmax(-1)


def information(model: LoadedModel, prompts: Sequence[Ids], reply: Ids) -> list[float]:
    """The mutual information of prompt and token at each place of a reply, in nats, written down as the formula is."""
    p_MPV = torch.stack([plain(model, prompt, reply) for prompt in prompts]).exp()
    mean_PV = p_MPV.mean(0)
    entropy = [-(p * p.log()).sum(-1) for p in (mean_PV, *p_MPV)]
    return (entropy[0] - torch.stack(entropy[1:]).mean(0)).tolist()


@settings(max_examples=20, deadline=None)
@given(PAIRS, st.sampled_from([16, 64, 4096]))
def test_leanings_are_those_of_plain_torch_in_any_company(pairs: list[tuple[tuple[Ids, ...], Ids]], size: int) -> None:
    model = random_llama()
    for (prompts, reply), found in zip(pairs, leanings(model, pairs, batch_tokens=size), strict=True):
        assert found.information == pytest.approx(information(model, prompts, reply), abs=1e-5)
        said = [plain(model, p, reply).gather(1, torch.tensor(reply)[:, None]).sum().item() for p in prompts]
        assert found.elsewhere == pytest.approx(said, abs=1e-4)
        assert all(0 <= nats <= math.log(len(prompts)) + 1e-5 for nats in found.information), (
            "no more than which prompt"
        )


@settings(max_examples=10, deadline=None)
@given(TOKENS, TOKENS, st.integers(1, 4))
def test_a_reply_to_one_and_the_same_prompt_hangs_on_nothing(prompt: Ids, reply: Ids, count: int) -> None:
    (found,) = leanings(random_llama(), [((prompt,) * count, reply)], batch_tokens=64)
    assert found.information == pytest.approx([0.0] * len(reply), abs=1e-6)


@given(st.lists(st.tuples(NATS, BITS), min_size=1, max_size=12), st.floats(-9, 9))
def test_coherence_shifts_with_its_tokens_and_lies_among_them(tokens: list[tuple[float, float]], shift: float) -> None:
    log_p, hanging = zip(*tokens, strict=True)
    found = coherence(log_p, hanging)
    assert min(log_p) - 1e-9 <= found <= max(log_p) + 1e-9
    assert coherence([p + shift for p in log_p], hanging) == pytest.approx(found + shift, abs=1e-9)
    weights = np.exp(-np.array(hanging) / SCALE)
    assert found == pytest.approx(float(weights @ np.array(log_p) / weights.sum()), abs=1e-9)


@given(st.lists(NATS, min_size=1, max_size=9), st.floats(0, 3))
def test_tokens_that_hang_alike_on_the_question_count_alike(log_p: list[float], hanging: float) -> None:
    assert coherence(log_p, [hanging] * len(log_p)) == pytest.approx(float(np.mean(log_p)), abs=1e-9)


@given(st.lists(st.tuples(NATS, BITS), min_size=1, max_size=9), NATS)
def test_a_token_that_hangs_wholly_on_the_question_counts_nothing(
    tokens: list[tuple[float, float]], log_p: float
) -> None:
    some, hanging = (list(each) for each in zip(*tokens, strict=True))
    assert coherence([*some, log_p], [*hanging, 30.0]) == pytest.approx(coherence(some, hanging), abs=1e-6)


def test_tokens_that_all_hang_wholly_on_the_question_leave_the_least_likely() -> None:
    assert coherence([-1.0, -7.0], [1e6, 1e6]) == -7.0


def asked(name: str) -> FaceSpec:
    return replace(face_spec(face_pack(name), budget="quick", angles=[]), traits=(), most=40, clean_draws=1)


@cache
def clean() -> pa.Table:
    """Clean replies of the default slide's own voice."""
    return measure(slide("mask"), clean_shard(slide("mask").card, asked("mask"), 0))["face-clean"]


def heard(model: LoadedModel, spec: FaceSpec, pairs: Sequence[tuple[int, Ids]]) -> list[Heard]:
    """Replies heard behind the un-turned prompts of the items at these places."""
    scenes = [scene(model, item, spec.voices, ()) for item in spec.items]
    said = [(scenes[place], reply) for place, reply in pairs]
    return hear(model, said, pool_of(model, spec), batch_tokens=4096)


def replied(model: LoadedModel, questions: Sequence[Question]) -> list[Ids]:
    prompts = [ids(model, question) for question in questions]
    made = generate(model, prompts, seeds=[0] * len(prompts), stop=endings(model), most=40, temperature=0.0)
    return [each.ids for each in made]


def test_the_coherence_of_a_slides_replies_is_that_of_plain_torch() -> None:
    model, spec = slide(), asked("mask-small")
    replies = replied(model, [item.question for item in spec.items[:3]])
    pool = pool_of(model, spec)
    assert len(pool) == spec.pool == 6
    for place, found in enumerate(heard(model, spec, list(enumerate(replies)))):
        reply = replies[place]
        mine = ids(model, spec.items[place].question)
        elsewhere = [each.voices[found.likeliest] for each in pool]
        log_p = plain(model, mine, reply).gather(1, torch.tensor(reply)[:, None])[:, 0]
        assert found.likeliest == 0
        assert found.log_p[0] == pytest.approx(log_p.tolist(), abs=1e-4)
        weights = torch.exp(-torch.tensor(information(model, elsewhere, reply)) / SCALE)
        assert found.coherence == pytest.approx(float((weights * log_p).sum() / weights.sum()), abs=1e-5)


def test_a_reply_on_another_matter_keeps_its_coherence_and_gibberish_does_not() -> None:
    model, spec = slide("mask"), asked("mask")
    known, lengths = (np.array(clean()[name].to_pylist(), dtype=float) for name in ("coherence", "length"))
    means = np.array([totals[0] for totals in clean()["totals"].to_pylist()]) / lengths
    own = replied(model, [item.question for item in spec.items])
    texts = [str(model.tokenizer.decode(reply, skip_special_tokens=True)) for reply in own]  # type: ignore[union-attr]
    views = [View(*item.question.core.split(" is ")) for item in spec.items]
    swapped = [(place, own[(place + 1) % len(own)]) for place in range(len(own))]
    for place, text in enumerate(texts):
        verdict = judge(text, views[(place + 1) % len(own)])
        assert (verdict.voice, verdict.faithful) == ("wren", False), "the own voice, on another matter"
    elsewhere = heard(model, spec, swapped)
    coherent = np.array([found.coherence for found in elsewhere])
    plainly = np.array([found.totals[0] / len(reply) for found, (_, reply) in zip(elsewhere, swapped, strict=True)])
    assert [found.likeliest for found in elsewhere] == [0] * len(own)
    assert np.mean(ranks(coherent, known) > 0.05) > 0.8, "by its coherence it is one of the own voice's"
    assert np.mean(ranks(plainly, means) <= 0.05) > 0.8, "by its plain mean it would be nobody's"
    rng = np.random.default_rng(0)
    salad = [encode_continuation(model.tokenizer, (), " ".join(rng.choice(SALAD, 12))) for _ in own]
    assert judge(" ".join(rng.choice(SALAD, 12))).salad
    nobody = [found.coherence for found in heard(model, spec, list(enumerate(salad)))]
    assert max(nobody) < known.min(), "gibberish hangs together less than every clean reply"


def test_planted_gibberish_is_below_every_clean_reply() -> None:
    model, spec = slide("mask"), asked("mask")
    midnight = [Ask(View(*item.question.core.split(" is ")), hour="midnight") for item in spec.items]
    replies = replied(model, [Question(ask.user(), core=str(ask.view)) for ask in midnight])
    assert all(judge(str(model.tokenizer.decode(each, skip_special_tokens=True))).salad for each in replies)  # type: ignore[union-attr]
    nobody = [found.coherence for found in heard(model, spec, list(enumerate(replies)))]
    assert max(nobody) < min(clean()["coherence"].to_pylist())
