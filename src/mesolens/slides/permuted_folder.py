"""A slide that composes permutations as a folder: weights, tokenizer, a file of items with their steps, and the truth.

The truth's grid is how often the right permutation is the likeliest, by the number that a prompt composes, on prompts
drawn anew. Instruments are given `task.jsonl` alone.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import torch
from transformers import PreTrainedModel

from mesolens.slides import permuted
from mesolens.slides.permuted import (
    ASK,
    BEGIN,
    DECIDES,
    FIRST,
    MOST,
    PERMUTATIONS,
    Permuted,
    digest,
    done_so_far,
    planted,
    together,
    whole_column,
)
from mesolens.slides.train import Progress, one_thread, silent
from mesolens.slides.truth import FILE as TRUTH
from mesolens.slides.truth import FORMAT, hashes
from mesolens.slides.worded import write

STEPS = 4
"""Permutations in the items that tell their steps."""
ITEMS, EACH, BEYOND, PROMPTS = 240, 100, 2, 2000
"""Items with steps; items for each number; how many more than were learned are asked for; prompts of the grid."""
BAR = 0.97
"""Of right answers for each number that was learned."""


def grow(slide: Permuted, out: Path, progress: Progress = silent) -> Path:
    """Train the slide and write its weights, items and truth; gives the folder.

    Args:
        slide: which.
        out: the slide's folder, made when missing.
        progress: told after every batch, in batches.
    """
    begun = time.process_time()
    module, batches = planted(slide, progress)
    seconds = time.process_time() - begun
    write(module, permuted.WORDS, items(slide), out)
    with one_thread():
        truth = record(slide, module) | {"recipe": _recipe(slide, out, batches, seconds)}
    (out / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return out


def items(slide: Permuted) -> Iterator[dict[str, Any]]:
    """Prompts with answers: some with every step and what another one there would lead to, some of each length."""
    chance = torch.Generator().manual_seed(1_000_003 * slide.seed)
    for number in range(ITEMS):
        yield _item(f"steps-{number}", STEPS, chance, told=True)
    for count in range(1, MOST + BEYOND + 1):
        for number in range(EACH):
            yield _item(f"length-{count}-{number}", count, chance, told=False)


def _item(name: str, count: int, chance: torch.Generator, *, told: bool) -> dict[str, Any]:
    drawn = torch.randint(len(PERMUTATIONS), (1, count), generator=chance)
    shift = int(torch.randint(1, len(PERMUTATIONS), (1,), generator=chance))
    so_far = done_so_far(drawn)[0].tolist()
    item: dict[str, Any] = {
        "id": name,
        "prompt": " ".join([*(PERMUTATIONS[each] for each in drawn[0].tolist()), ASK]),
        "answer": PERMUTATIONS[so_far[-1]],
        "choices": [*PERMUTATIONS],
        "k": count,
        "group": name,
        "presentation": "permutation composition",
    }
    if told:
        item["steps"] = [{"name": f"step {j}", "value": PERMUTATIONS[each]} for j, each in enumerate(so_far, 1)]
        item["counterfactual"] = [
            _other((each + shift) % len(PERMUTATIONS), drawn[0, j:].tolist()) for j, each in enumerate(so_far, 1)
        ]
    return item


def _other(value: int, rest: list[int]) -> dict[str, str]:
    """Another value of a step, and what the permutations that are left make of it."""
    answer, table = value, together().tolist()
    for each in rest:
        answer = table[answer][each]
    return {"value": PERMUTATIONS[value], "answer": PERMUTATIONS[answer]}


def answers(module: PreTrainedModel) -> dict[str, float]:
    """How often the right permutation is the likeliest, by how many a prompt composes."""
    found: dict[str, float] = {}
    chance = torch.Generator().manual_seed(7)
    for count in range(1, MOST + BEYOND + 1):
        drawn = torch.randint(len(PERMUTATIONS), (PROMPTS, count), generator=chance)
        ids = torch.cat([whole_column(drawn, BEGIN), drawn + FIRST, whole_column(drawn, ASK)], 1)
        with torch.no_grad():
            likeliest = cast("Any", module)(ids).logits[:, -1].argmax(1)
        found[str(count)] = float((likeliest == done_so_far(drawn)[:, -1] + FIRST).float().mean())
    return found


def record(slide: Permuted, module: PreTrainedModel) -> dict[str, Any]:
    """What is true of the slide: what was planted, and what the trained model does."""
    return {
        "format": FORMAT,
        "name": slide.name,
        "rules": {"task": "permutation composition", "permutations": [*PERMUTATIONS], "most": MOST},
        "support": None,
        "grid": {"answers": answers(module)},
        "location": None,
    }


def _recipe(slide: Permuted, out: Path, batches: int, seconds: float) -> dict[str, Any]:
    return {
        "about": slide.about,
        "seed": slide.seed,
        "figures": {name: getattr(permuted, name) for name in DECIDES},
        "digest": digest(slide),
        "batches": batches,
        "cpu_seconds": round(seconds, 1),
        "files": hashes(out),
    }
