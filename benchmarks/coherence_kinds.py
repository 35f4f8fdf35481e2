"""Which number of a reply tells nobody's words from somebody's words on another matter; on trained slides.

Replies from every angle are heard as the face hears them, but for the number that its conformal test ranks, at 5 %
among clean replies. All numbers are of the reply's tokens under the likeliest voice, before the prompt was turned; I_t
is the mutual information of token and prompt, and q(y_t) the largest p(y_t) behind no order and each order of a trait
(:mod:`mesolens.instruments.face.coherence`).

================ ======================================================================
kind             of a reply
================ ======================================================================
plain mean       mean of log p(y_t), as the design first said
least token      min of log p(y_t)
typicality       mean of log p(y_t) + H_t: surprisal against what the voice expects of it
envelope         mean of the largest log p(y_t) behind any prompt of the pool or its own
no order         mean of log p(y_t) with weights exp(−I_t / scale), I_t over a pool
weighted         the same of log q(y_t): the face's own
================ ======================================================================

The last is also ranked voice by voice, where the face ranks all other voices together.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from benchmarks.row import Row
from benchmarks.said import KINDS, Ids, Said, at, clean, from_angles, in_portions, judged, kinds, log_p
from benchmarks.three_way import balanced
from mesolens import api
from mesolens.evidence.conformal import ranks
from mesolens.evidence.row import Bar
from mesolens.instruments.face import FaceSpec, face_spec
from mesolens.instruments.face.asking import ordered, scene
from mesolens.instruments.face.calibration import NOBODY, OTHER, OWN, Clean, outcomes
from mesolens.instruments.face.coherence import SCALE
from mesolens.instruments.face.setting import POOL
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Moments, score, score_moments
from mesolens.model.scoring import Row as Scored
from mesolens.slides.facepack import face_pack

SLIDES = "mask,mask-seed-1,mask-seed-2"
POOLS = (4, 8, 16)
SCALES = (0.1, 0.3, 1.0)
CHOSEN_POOL = POOL["standard"]
BAR = Bar("≥", 0.95)
PORTION = 64
"""Replies whose distributions behind the largest pool are held at once."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is known of a reply's T tokens under the voice that it fits best, in nats.

    Attributes:
        log_p, entropy: behind its own prompt, un-turned; `excused` the best log p behind it and each order.
        elsewhere: the largest log p behind that prompt and each of the pool.
        information: by size of the pool, I_t.
    """

    log_p: Float[np.ndarray, " T"]
    excused: Float[np.ndarray, " T"]
    entropy: Float[np.ndarray, " T"]
    elsewhere: Float[np.ndarray, " T"]
    information: Mapping[int, Float[np.ndarray, " T"]]


Kind = Callable[[Tokens], float]


def plain_mean(tokens: Tokens) -> float:
    """The mean log-likelihood."""
    return float(tokens.log_p.mean())


def least_token(tokens: Tokens) -> float:
    """The log-likelihood of the unlikeliest token."""
    return float(tokens.log_p.min())


def typicality(tokens: Tokens) -> float:
    """How much less surprising the reply is than the voice expects its own words to be."""
    return float((tokens.log_p + tokens.entropy).mean())


def envelope(tokens: Tokens) -> float:
    """The mean log-likelihood, each token behind the prompt that suits it best."""
    return float(tokens.elsewhere.mean())


def weighted(scale: float, pool: int, tokens: Tokens) -> float:
    """The mean log-likelihood at the best of all orders, tokens that hang on the prompt counting less."""
    return _weighted(tokens.excused, tokens.information[pool], scale)


def no_order(scale: float, pool: int, tokens: Tokens) -> float:
    """The same without orders."""
    return _weighted(tokens.log_p, tokens.information[pool], scale)


def _weighted(log_p_T: Float[np.ndarray, " T"], information_T: Float[np.ndarray, " T"], scale: float) -> float:
    weights_T = np.exp(-information_T / scale)
    return float((weights_T * log_p_T).sum() / weights_T.sum()) if weights_T.sum() > 0 else float(log_p_T.min())


def named(scale: float, pool: int) -> str:
    """What the weighted mean is called."""
    return f"weighted, scale {scale:g}, pool {pool}"


CHOSEN = named(SCALE, CHOSEN_POOL)
ALONE = f"{CHOSEN}, voice by voice"
_PAIRS = [*((scale, CHOSEN_POOL) for scale in SCALES), *((SCALE, pool) for pool in POOLS if pool != CHOSEN_POOL)]
ALL: Mapping[str, Kind] = {
    "plain mean": plain_mean,
    "least token": least_token,
    "typicality": typicality,
    "envelope": envelope,
    f"no order, scale {SCALE:g}, pool {CHOSEN_POOL}": partial(no_order, SCALE, CHOSEN_POOL),
    **{named(scale, pool): partial(weighted, scale, pool) for scale, pool in _PAIRS},
    ALONE: partial(weighted, SCALE, CHOSEN_POOL),
}


def rows() -> list[Row]:
    """How often each kind is right, and what it errs in, on every slide of `MESOLENS_BENCH_SLIDES`."""
    torch.set_num_threads(1)
    slides = os.environ.get("MESOLENS_BENCH_SLIDES", SLIDES).split(",")
    return [row for slide in slides for row in of_slide(slide)]


def of_slide(slide: str) -> list[Row]:
    """The rows of one slide; `MESOLENS_BENCH_BUDGET` says how many prompts and angles."""
    print(f"coherence_kinds: {slide}", file=sys.stderr, flush=True)
    spec = face_spec(face_pack(slide), budget=os.environ.get("MESOLENS_BENCH_BUDGET", "standard"))
    model = api.load(f"slide:{slide}")
    replies = judged(from_angles(model, spec))
    truth, known = kinds(replies), clean(model, spec)
    totals, tokens = heard(model, spec, [*replies, *known])
    count, length = len(replies), np.array([float(len(each.log_p)) for each in tokens])
    found: list[Row] = []
    for name, kind in ALL.items():
        values = np.array([kind(each) for each in tokens])
        of = _clean(known, totals[count:], values[count:], length[count:])
        rank = voice_by_voice if name == ALONE else outcomes
        taken = rank(totals[:count], values[:count], length[:count], of, spec.alpha)
        found += _rows(f"{slide}, {name}", taken, truth, name == CHOSEN)
    return found


def voice_by_voice(
    totals_IK: Float[np.ndarray, "I K"],
    coherence_I: Float[np.ndarray, " I"],
    length_I: Float[np.ndarray, " I"],
    of: Clean,
    alpha: float,
) -> Int[np.ndarray, " I"]:
    """What each reply is taken for, ranked among clean replies of the likeliest voice alone."""
    likeliest_I = totals_IK.argmax(1)
    p_I = np.ones(len(likeliest_I))
    for voice in np.unique(likeliest_I):
        here, known = likeliest_I == voice, of.voice == voice
        p_I[here] = ranks(coherence_I[here], of.coherence[known], length_I[here], of.length[known])
    return np.where(p_I <= alpha, NOBODY, np.where(likeliest_I == OWN, OWN, OTHER))


def heard(model: LoadedModel, spec: FaceSpec, replies: Sequence[Said]) -> tuple[Float[np.ndarray, "I K"], list[Tokens]]:
    """Log-likelihood of each reply under every voice, and its tokens under the likeliest."""
    scenes = {each.item: scene(model, each.item, spec.voices, ()) for each in replies}
    scored = iter(score(model, [Scored(x, each.reply) for each in replies for x in scenes[each.item].voices]))
    totals_IK = np.array([[sum(next(scored)) for _ in spec.voices] for _ in replies])
    best = totals_IK.argmax(1).tolist()
    prompts = [scenes[each.item].voices[voice] for each, voice in zip(replies, best, strict=True)]
    moments = score_moments(model, [Scored(x, each.reply) for x, each in zip(prompts, replies, strict=True)])
    excused = _excused(model, spec, replies, best)
    asked = [
        _Asked(each.reply, x, tuple(_pool(model, spec, each, voice)), known, orders)
        for each, voice, x, known, orders in zip(replies, best, prompts, moments, excused, strict=True)
    ]
    # In the order of their pools, so that what these share is run once.
    order = sorted(range(len(asked)), key=lambda place: (asked[place].pool, asked[place].reply))
    told = in_portions([asked[place] for place in order], partial(_tokens, model), PORTION)
    return totals_IK, [each for _, each in sorted(zip(order, told, strict=True), key=lambda pair: pair[0])]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A reply, its prompt under the voice that fits best, and those of the largest pool under the same; with what is
    known of the reply behind that prompt, and its log p behind each order."""

    reply: Ids
    prompt: Ids
    pool: tuple[Ids, ...]
    moments: Moments
    orders: tuple[tuple[float, ...], ...]


def _excused(
    model: LoadedModel, spec: FaceSpec, replies: Sequence[Said], best: Sequence[int]
) -> list[tuple[tuple[float, ...], ...]]:
    """Log p of each reply's tokens behind its prompt under every order of a trait, said to the voice that fits best."""
    asked = dict.fromkeys((each.item, voice) for each, voice in zip(replies, best, strict=True))
    prompts = {(item, voice): ordered(model, item, spec.voices[voice], spec.traits) for item, voice in asked}
    known = [prompts[each.item, voice] for each, voice in zip(replies, best, strict=True)]
    rows = [Scored(x, each.reply) for each, some in zip(replies, known, strict=True) for x in some]
    scored = iter(score(model, rows))
    return [tuple(next(scored) for _ in some) for some in known]


def _pool(model: LoadedModel, spec: FaceSpec, reply: Said, voice: int) -> list[Ids]:
    begun = reply.item.question.prefill
    items = [replace(item, question=replace(item.question, prefill=begun)) for item in spec.clean[-max(POOLS) :]]
    return [scene(model, item, spec.voices[voice : voice + 1], ()).voices[0] for item in items]


def _tokens(model: LoadedModel, asked: Sequence[_Asked]) -> list[Tokens]:
    pairs = [(prompt, each.reply) for each in asked for prompt in each.pool]
    behind = iter(log_p(model, pairs))
    return [_of_one(each, torch.stack([next(behind) for _ in each.pool])) for each in asked]


def _of_one(asked: _Asked, log_p_MPV: Float[Tensor, "M P V"]) -> Tokens:
    own = np.array(asked.moments.logp)
    other = torch.tensor([prompt != asked.prompt for prompt in asked.pool])
    near_MP = at(log_p_MPV, asked.reply)[-CHOSEN_POOL:][other[-CHOSEN_POOL:]].double().numpy()
    information = {size: _information(log_p_MPV[-size:][other[-size:]]) for size in POOLS}
    excused = np.vstack([own, *asked.orders]).max(0)
    return Tokens(own, excused, np.array(asked.moments.entropy), np.vstack([own, near_MP]).max(0), information)


def _information(log_p_MPV: Float[Tensor, "M P V"]) -> Float[np.ndarray, " P"]:
    """Mean over prompts of KL(p_j ‖ mean p), which is their mutual information with the token."""
    p_MPV = log_p_MPV.exp()
    mixed_PV = p_MPV.mean(0).clamp_min(1e-30).log()
    return (p_MPV * (log_p_MPV - mixed_PV)).sum(-1).mean(0).clamp_min(0).double().numpy()


def _clean(
    known: Sequence[Said],
    totals: Float[np.ndarray, "C K"],
    values: Float[np.ndarray, " C"],
    length: Float[np.ndarray, " C"],
) -> Clean:
    names = tuple(each.item.id for each in known)
    return Clean(np.array([each.voice for each in known]), totals, totals.argmax(1), values, length, names, names)


def _rows(subject: str, taken: Int[np.ndarray, " I"], truth: Int[np.ndarray, " I"], chosen: bool) -> list[Row]:
    right = balanced(taken, truth)
    told = (str(BAR), BAR.holds(right)) if chosen else ("", None)
    errors = {
        f"replies of {who} taken for nobody's": float((taken[truth == kind] == NOBODY).mean())
        for kind, who in enumerate(("the own voice", "other voices"))
    }
    errors["broken replies taken for somebody's"] = float((taken[truth == KINDS.index("nobody")] != NOBODY).mean())
    quantity = "balanced accuracy, own, other, nobody"
    first = Row("coherence_kinds", subject, quantity, right, None, None, *told)
    return [first, *(Row("coherence_kinds", subject, name, share) for name, share in errors.items())]
