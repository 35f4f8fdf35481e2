"""A slide for the myopia gap as a folder: weights, tokenizer, prompts with answers, and the truth beside.

The truth's grid is what the model does on prompts that it never saw: −log p of the values that are due, and how often
the right one is the likeliest. The difference between twins is the gap; instruments are given `task.jsonl` alone.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedModel

from mesolens.slides import recalling
from mesolens.slides.pointer import SYMBOLS
from mesolens.slides.recalling import DECIDES, FIRST, PAIRS, Recalling, Streams, digest, planted, streams
from mesolens.slides.train import Progress, one_thread, silent
from mesolens.slides.truth import FILE as TRUTH
from mesolens.slides.truth import FORMAT, hashes
from mesolens.slides.worded import write

ITEMS, PROMPTS = 400, 2000
"""Items of the task, and prompts on which the grid is measured."""
SEEING, BLIND = 0.5, 1.5
"""Nats that a value may cost where all is there to know it, and costs at least where nothing was prepared."""
PRESENTED = {"recall": "in context", "known": "in weights"}


def grow(slide: Recalling, out: Path, progress: Progress = silent) -> Path:
    """Train the slide and write its weights, items and truth; gives the folder.

    Args:
        slide: which slide.
        out: the slide's folder, made when missing.
        progress: told after every batch, in batches.
    """
    begun = time.process_time()
    module = planted(slide, progress)
    seconds = time.process_time() - begun
    write(module, recalling.WORDS, items(slide), out)
    with one_thread():
        truth = record(slide, module) | {"recipe": _recipe(slide, out, seconds)}
    (out / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return out


def items(slide: Recalling) -> Iterator[dict[str, Any]]:
    """Prompts that end with a symbol that came before, each with its value; the same for both twins."""
    cut, due = _prompts(slide.kind, ITEMS, 11)
    for number, (ids, answer) in enumerate(zip(cut.tolist(), due.tolist(), strict=True)):
        yield {
            "id": f"again-{number}",
            "prompt": " ".join(SYMBOLS[token - FIRST] for token in ids[1:]),
            "answer": SYMBOLS[answer - FIRST],
            "choices": [*SYMBOLS],
            "steps": [{"name": "value", "value": SYMBOLS[answer - FIRST]}],
            "k": 1,
            "group": f"again-{number}",
            "presentation": PRESENTED[slide.kind],
        }


def _prompts(kind: str, count: int, seed: int) -> tuple[Int[Tensor, "I T"], Int[Tensor, " I"]]:
    """Streams up to their last symbol, of those in which it came before, and the values that are due."""
    drawn: Streams = streams(kind, 2 * count, torch.Generator().manual_seed(seed))
    kept = drawn.ids[drawn.again[:, PAIRS - 1]][:count]
    return kept[:, :-1], kept[:, -1]


def measured(slide: Recalling, module: PreTrainedModel) -> dict[str, float]:
    """−log p in nats of the values that are due, its standard error, and how often the right one is the likeliest."""
    cut, due = _prompts(slide.kind, PROMPTS, 7)
    with torch.no_grad():
        logits = cast("Any", module)(cut).logits[:, -1]
    nats = -logits.log_softmax(-1).gather(1, due[:, None])[:, 0]
    return {
        "nats": float(nats.mean()),
        "error": float(nats.std() / len(due) ** 0.5),
        "right": float((logits.argmax(1) == due).float().mean()),
    }


def record(slide: Recalling, module: PreTrainedModel) -> dict[str, Any]:
    """What is true of the slide: what was planted, and what the trained model does."""
    return {
        "format": FORMAT,
        "name": slide.name,
        "rules": {"task": "recall", "kind": slide.kind, "myopic": slide.myopic, "symbols": [*SYMBOLS]},
        "support": None,
        "grid": measured(slide, module),
        "location": None,
    }


def _recipe(slide: Recalling, out: Path, seconds: float) -> dict[str, Any]:
    return {
        "about": slide.about,
        "seed": slide.seed,
        "figures": {name: getattr(recalling, name) for name in DECIDES},
        "digest": digest(slide),
        "cpu_seconds": round(seconds, 1),
        "files": hashes(out),
    }
