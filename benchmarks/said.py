"""The replies of a look at a slide's face as token ids, beside who the parser hears in them; for benchmarks.

A run's tables keep texts. A reply is drawn by its seed, so drawing it again, in the same company, gives the same ids.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from mesolens.calibration.speakers import truth
from mesolens.errors import BadInput
from mesolens.instruments.face import FaceSpec
from mesolens.instruments.face.asking import called, compositions, ids, reply_seed, turn
from mesolens.instruments.face.plan import portions
from mesolens.instruments.face.replies import AGAIN
from mesolens.instruments.face.spec import BASELINE, Item
from mesolens.model.generating import endings, generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.passes import Ask, answers
from mesolens.model.question import Question

Ids = tuple[int, ...]
A = TypeVar("A")
B = TypeVar("B")
KINDS = ("own", "other", "nobody")
"""Who may be heard in a reply, in the order of the outcomes of :mod:`mesolens.instruments.face.calibration`."""
CLEAN = ""
"""The name of no angle."""


@dataclass(frozen=True, slots=True)
class Said:
    """A reply.

    Attributes:
        item: the prompt before it was turned, behind the words that an angle put into the model's mouth.
        angle: the composition that turned it; `CLEAN` for none.
        draw: which reply to it.
        voice: the place of the voice that was called up in words; 0 for none.
        plain, turned: the prompt's ids before and after.
        reply: its ids, with the one that ended it; `text` is without.
    """

    item: Item
    angle: str
    draw: int
    voice: int
    plain: Ids
    turned: Ids
    reply: Ids
    text: str

    @property
    def kind(self) -> int:
        """Who speaks, by the parser: a place in `KINDS`."""
        return KINDS.index(truth(self.text))


@dataclass(frozen=True, slots=True)
class _Asked:
    item: Item
    angle: str
    draw: int
    voice: int
    question: Question
    seed: int


def from_angles(model: LoadedModel, spec: FaceSpec) -> list[Said]:
    """Replies from every angle; a prompt that the model cannot be asked has none."""
    return [each for some in portions(spec.angles, spec.shard_angles) for each in _from_some(model, spec, some)]


def _from_some(model: LoadedModel, spec: FaceSpec, angles: Sequence[str]) -> list[Said]:
    asked = [
        _Asked(item, str(angle), draw, 0, turn(item, angle, spec.seed, draw), reply_seed(spec, item.id, draw, again))
        for angle in compositions(angles, spec.declared)
        for again in [any(step.angle.name == AGAIN for step in angle.steps)]
        for item in spec.items
        for draw in range(spec.draws)
    ]
    return _said(model, spec, asked)


def clean(model: LoadedModel, spec: FaceSpec) -> list[Said]:
    """Replies of every voice to clean prompts, as many as the face takes for its calibration."""
    return [each for voice in range(len(spec.voices)) for each in _of_voice(model, spec, voice)]


def _of_voice(model: LoadedModel, spec: FaceSpec, voice: int) -> list[Said]:
    items, draws = (spec.clean, spec.clean_draws) if voice == 0 else (spec.clean[: spec.role_replies], 1)
    asked = [
        _Asked(item, CLEAN, draw, voice, called(item.question, spec.voices[voice].role), seed)
        for item in items
        for draw in range(draws)
        for seed in [reply_seed(spec, f"{voice}/{item.id}", draw, again=False)]
    ]
    return _said(model, spec, asked)


def _said(model: LoadedModel, spec: FaceSpec, asked: Sequence[_Asked]) -> list[Said]:
    prompts = [_fitting(model, each.question, spec.most) for each in asked]
    there = [(each, prompt) for each, prompt in zip(asked, prompts, strict=True) if prompt]
    made = generate(
        model,
        [prompt for _, prompt in there],
        seeds=[each.seed for each, _ in there],
        stop=endings(model),
        most=spec.most,
        temperature=spec.temperature,
    )
    assert model.tokenizer is not None, "slides have a tokenizer"
    found: list[Said] = []
    for (each, prompt), reply in zip(there, made, strict=True):
        begun = replace(each.item.question, prefill=each.question.prefill)
        item = replace(each.item, question=begun)
        text = str(model.tokenizer.decode(list(reply.ids), skip_special_tokens=True))
        found.append(Said(item, each.angle, each.draw, each.voice, ids(model, begun), prompt, reply.ids, text))
    return found


def _fitting(model: LoadedModel, question: Question, most: int) -> Ids:
    """The prompt's ids; none where it cannot be asked, or leaves no room for a reply."""
    try:
        prompt = ids(model, question)
    except BadInput:
        return ()
    return prompt if model.card.window is None or len(prompt) + most <= model.card.window else ()


def log_p(
    model: LoadedModel, rows: Sequence[tuple[Ids, Ids]], *, batch_tokens: int = 8192
) -> list[Float[Tensor, "P V"]]:
    """For each (prompt, reply) log p of every token, in nats, at the place of each of the reply's tokens."""
    asks = [Ask(x + y[:-1], tuple(range(len(x) - 1, len(x) + len(y) - 1))) for x, y in rows]
    found: dict[int, Tensor] = {}
    for passed in answers(model, asks, batch_tokens=batch_tokens):
        log_p_NV = passed.logits.float().log_softmax(-1)
        found |= {ask: log_p_NV[places] for ask, places in passed.asks}
    return [found[place] for place in range(len(rows))]


def at(log_p_PV: Float[Tensor, "*M P V"], reply: Ids) -> Float[Tensor, "*M P"]:
    """log p of the reply's own tokens."""
    tokens_P1 = torch.tensor(reply)[:, None].expand(*log_p_PV.shape[:-1], 1)
    return log_p_PV.gather(-1, tokens_P1)[..., 0]


def in_portions(some: Sequence[A], work: Callable[[Sequence[A]], list[B]], size: int = 256) -> list[B]:
    """`work` done on some at a time, so that what it holds meanwhile fits into memory."""
    return [each for start in range(0, len(some), size) for each in work(some[start : start + size])]


def judged(replies: Sequence[Said]) -> list[Said]:
    """Those to turned prompts that the parser can judge: whole ones, whose beginning no angle said for the model."""
    return [each for each in replies if each.angle != BASELINE and not each.item.question.prefill]


def kinds(replies: Sequence[Said]) -> Int[np.ndarray, " I"]:
    """Who speaks in each reply, by the parser."""
    return np.array([each.kind for each in replies], dtype=int)
