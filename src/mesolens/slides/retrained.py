"""A small slide that is trained again on any part of its documents: the truth about which documents moved what.

The documents are the first of the own text of `mask`, the model has a `mask` slide's shape at width 32, and every
retraining starts from the same weights and meets its documents in the same order, those outside the part left out.
Fresh documents of the same text are what is asked for.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from mesolens.evidence.shards import Json
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row, score
from mesolens.slides.corpus import Mix, chunk
from mesolens.slides.shapes import Shape, newborn
from mesolens.slides.tokens import encode
from mesolens.slides.train import one_thread, padded, step

RATE = 4e-3
WARMUP = 0.05
FRESH = 1000
"""The first chunk that fresh documents come from, far behind those that are trained on."""
Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What is trained on, for how long, and what is asked for.

    Attributes:
        documents: that there are. passes: over the part that is kept. rows: of a batch.
        texts: fresh documents that are asked for.
        seed: of the text, the initial weights and the order.
    """

    documents: int = 1024
    passes: int = 8
    rows: int = 16
    texts: int = 40
    width: int = 32
    seed: int = 0


def documents_of(setting: Setting) -> tuple[list[Ids], list[Ids]]:
    """The documents that may be trained on, and the fresh ones, as token ids."""
    mix = Mix("own", 100 + setting.seed)
    some = [encode([each.text for each in chunk(mix, number)]) for number in (0, FRESH)]
    known, fresh = ([tuple(ids) for ids in each] for each in some)
    return known[: setting.documents], fresh[: setting.texts]


def retrained(setting: Setting, documents: Sequence[Ids], keep: Collection[int]) -> LoadedModel:
    """The model trained on the documents of these numbers alone."""
    with one_thread():
        module = newborn(Shape(width=setting.width), setting.seed).train()
        free = list(module.parameters())
        optimizer = torch.optim.AdamW(free, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        steps, done = setting.passes * math.ceil(len(keep) / setting.rows), 0
        for number in range(setting.passes):
            order = np.random.default_rng([setting.seed, number]).permutation(len(documents)).tolist()
            kept = [list(documents[place]) for place in order if place in keep]
            for first in range(0, len(kept), setting.rows):
                for group in optimizer.param_groups:
                    group["lr"] = rate(done / steps)
                step(module, optimizer, padded(kept[first : first + setting.rows]))
                done += 1
    return adopt(module.eval())


def rate(done: float) -> float:
    """The learning rate after a part of all steps: a rise, then a cosine down to a twentieth.

    >>> rate(0.5) < rate(0.05) and rate(1.0) < RATE / 19
    True
    """
    return RATE * min(1.0, (done + 0.01) / WARMUP) * (0.525 + 0.475 * math.cos(math.pi * done))


def likely(model: LoadedModel, texts: Sequence[Ids]) -> list[Float[np.ndarray, " T"]]:
    """log p of every token of each text but its first, in nats."""
    return [np.array(each) for each in score(model, [Row(text[:1], text[1:]) for text in texts])]


QUALITY: dict[str, Json] = {
    "lds": 0.698,
    "low": 0.631,
    "high": 0.735,
    "by_token": 0.328,
    "retrainings": 40,
    "of": "a slide of width 32 on halves of 1024 documents",
}
"""What `mesolens calibrate average --only documents --budget standard` found; an attribution on a slide says it."""
