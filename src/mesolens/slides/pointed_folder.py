"""A slide that chases pointers as a folder: weights, tokenizer, a file of items with their steps, and the truth beside.

The truth's grid is what the model does, measured plainly: how often it answers by the number of steps, and, block by
block at the question's last token, whether the symbol after each step is read there, and whether its mean put in place
of another's turns the answer. Instruments are given `task.jsonl` alone.
"""

import json
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel

from mesolens.slides import pointed as growing
from mesolens.slides import pointer
from mesolens.slides.pointed import Pointed
from mesolens.slides.pointer import FIRST, MOST, SYMBOLS, tables, written
from mesolens.slides.pointing import planted
from mesolens.slides.train import Progress, one_thread, silent
from mesolens.slides.truth import FILE as TRUTH
from mesolens.slides.truth import FORMAT, hashes
from mesolens.slides.worded import write

ITEMS, EACH, BEYOND = 240, 100, 2
"""Items with steps; items for each number of steps; and how many more steps than were learned are asked for."""
BAR = 0.97
"""Of right answers after each number of steps that was learned."""
PROMPTS = 1200
"""On which the grid is measured."""
DECIDES = ("WIDTH", "INNER", "HEADS", "LAYERS", "LONGEST", "FADE", "COOL", "ROWS", "RATE", "WARM", "LEAST", "LEARNED",
           "DONE", "REST")  # fmt: skip
BESIDES = {"glass": ("READ", "SPREAD", "TIGHT", "TURN"), "free": (), "decoy": ("SEEN", "DECOY")}
"""The figures that decide the weights, of every kind and of one."""


def grow(pointed: Pointed, out: Path, progress: Progress = silent) -> Path:
    """Train the slide and write its weights, items and truth; gives the folder.

    Args:
        pointed: which slide.
        out: the slide's folder, made when missing.
        progress: told after every batch, in batches.
    """
    begun = time.process_time()
    module, batches = planted(pointed, progress)
    seconds = time.process_time() - begun
    write(module, pointer.WORDS, items(pointed), out)
    with one_thread():
        truth = record(pointed, module) | {"recipe": _recipe(pointed, out, batches, seconds)}
    (out / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return out


def items(pointed: Pointed) -> Iterator[dict[str, Any]]:
    """Prompts with answers: some with every step and what another symbol there would lead to, some of each length.

    Of `decoy` the step is the symbol before the start, from which three steps and one would lead to the answer.
    """
    chance = torch.Generator().manual_seed(1_000_003 * pointed.seed)
    for number in range(ITEMS):
        yield _item(f"steps-{number}", MOST, pointed, chance, told=True)
    for steps in range(1, MOST + BEYOND + 1):
        for number in range(EACH):
            yield _item(f"length-{steps}-{number}", steps, pointed, chance, told=False)


def _item(name: str, steps: int, pointed: Pointed, chance: torch.Generator, *, told: bool) -> dict[str, Any]:
    next_N = tables(1, chance)[0]
    start = int(torch.randint(len(SYMBOLS), (1,), generator=chance))
    shift = int(torch.randint(1, len(SYMBOLS), (1,), generator=chance))
    item: dict[str, Any] = {
        "id": name,
        "prompt": written(next_N, steps, start, chance),
        "answer": SYMBOLS[led(next_N, start, steps)],
        "choices": [*SYMBOLS],
        "k": steps,
        "group": name,
        "presentation": "in context",
    }
    if not told:
        return item
    chain = [("before", led(next_N, start, -1), steps + 1)] if pointed.kind == "decoy" else [
        (f"step {done}", led(next_N, start, done), steps - done) for done in range(1, steps + 1)
    ]  # fmt: skip
    item["steps"] = [{"name": name, "value": SYMBOLS[here]} for name, here, _ in chain]
    others = [((here + shift) % len(SYMBOLS), left) for _, here, left in chain]
    item["counterfactual"] = [
        {"value": SYMBOLS[other], "answer": SYMBOLS[led(next_N, other, left)]} for other, left in others
    ]
    return item


def led(next_N: Int[Tensor, " N"], start: int, steps: int) -> int:
    """Where so many steps lead; a negative number goes back."""
    way = next_N if steps >= 0 else next_N.argsort()
    for _ in range(abs(steps)):
        start = int(way[start])
    return start


def record(pointed: Pointed, module: PreTrainedModel) -> dict[str, Any]:
    """What is true of the slide: what was planted, where, and what the trained model does."""
    return {
        "format": FORMAT,
        "name": pointed.name,
        "rules": {"task": "pointer chasing", "kind": pointed.kind, "symbols": [*SYMBOLS], "steps": MOST},
        "support": None,
        "grid": {"answers": answers(module), **({} if pointed.kind == "decoy" else {"steps": blocks(module)})},
        "location": {
            "glass": {f"step {done}": f"after L{done}" for done in range(1, MOST + 1)},
            "decoy": {"before": f"after L{growing.DECOY}"},
        }.get(pointed.kind),
    }


def gates(pointed: Pointed, grid: Mapping[str, Any]) -> Iterator[tuple[str, float, float]]:
    """What the blocks of a slide must do: a name, the share found, and the least that it may be.

    In `glass` each step between is read and turns the answer behind its own block, in `free` it turns it behind one.
    """
    for done in range(1, MOST):
        rows = grid["steps"][f"step {done}"] if pointed.kind != "decoy" else []
        if pointed.kind == "glass":
            for what in ("read", "turned"):
                yield f"step {done} {what} after L{done}", rows[done][what], 0.98
                yield f"step {done} not {what} elsewhere", 1 - max(r[what] for r in rows if r["block"] != done), 0.88
        elif pointed.kind == "free":
            yield f"step {done} turned somewhere", max(row["turned"] for row in rows), 0.95


def answers(module: PreTrainedModel) -> dict[str, float]:
    """How often the right symbol is the likeliest, by the number of steps."""
    found: dict[str, float] = {}
    for steps in range(1, MOST + BEYOND + 1):
        ids, _, after = _prompts(steps)
        with torch.no_grad():
            likeliest = cast("Any", module)(ids).logits[:, -1].argmax(1)
        found[str(steps)] = float((likeliest == after[:, steps] + FIRST).float().mean())
    return found


def _prompts(steps: int) -> tuple[Int[Tensor, "I T"], Int[Tensor, "I N"], Int[Tensor, "I S"]]:
    """Ids of prompts of one length, their tables, and the symbols after 0, 1, … steps."""
    chance = torch.Generator().manual_seed(7)
    next_IN = tables(PROMPTS, chance)
    starts = torch.randint(len(SYMBOLS), (PROMPTS, 1), generator=chance)
    after = [starts]
    for _ in range(steps):
        after.append(next_IN.gather(1, after[-1]))
    edge = torch.ones(PROMPTS, 1, dtype=torch.long)
    parts = [0 * edge, pointer.pairs(next_IN, chance), pointer.WORDS.index(pointer.MARK) * edge]
    ids = torch.cat([*parts, (steps - 1 + pointer.COUNT) * edge, starts + FIRST], 1)
    return ids, next_IN, torch.cat(after, 1)


def blocks(module: PreTrainedModel) -> dict[str, list[dict[str, int | float]]]:
    """For each step, after each block: how often its symbol is read, and how often its mean put in turns the answer."""
    ids, next_IN, after = _prompts(MOST)
    with torch.no_grad():
        streams = cast("Any", module).model(ids, output_hidden_states=True).hidden_states[1:-1]
    found: dict[str, list[dict[str, int | float]]] = {}
    for done in range(1, MOST + 1):
        found[f"step {done}"] = [
            {
                "block": block,
                "read": _read(module, stream[:, -1], after[:, done]),
                "turned": _turned(module, ids, (block, stream[:, -1]), next_IN, after[:, done], MOST - done),
            }
            for block, stream in enumerate(streams)
        ]
    return found


def _read(module: PreTrainedModel, stream: Float[Tensor, "I D"], symbol: Int[Tensor, " I"]) -> float:
    whole = cast("Any", module)
    with torch.no_grad():
        logits = whole.lm_head(whole.model.norm(stream))[:, FIRST : FIRST + len(SYMBOLS)]
    return float((logits.argmax(1) == symbol).float().mean())


def _turned(
    module: PreTrainedModel,
    ids: Int[Tensor, "I T"],
    place: tuple[int, Float[Tensor, "I D"]],
    next_IN: Int[Tensor, "I N"],
    symbol: Int[Tensor, " I"],
    left: int,
) -> float:
    """How often the answer becomes the one that another symbol leads to, when its mean is put in after a block."""
    (block, stream), whole = place, cast("Any", module)
    means = torch.stack([stream[symbol == each].mean(0) for each in range(len(SYMBOLS))])
    other = (symbol + 1) % len(SYMBOLS)
    answer = other[:, None]
    for _ in range(left):
        answer = next_IN.gather(1, answer)

    def put(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        changed = args[0].clone()
        changed[:, -1] += means[other] - means[symbol]
        return (changed, *args[1:])

    handle = whole.model.layers[block + 1].register_forward_pre_hook(put)
    try:
        with torch.no_grad():
            logits = whole(ids).logits[:, -1]
    finally:
        handle.remove()
    return float((logits.argmax(1) == answer[:, 0] + FIRST).float().mean())


def digest(pointed: Pointed) -> str:
    """SHA-256 of all that decides the weights."""
    decides = [pointed.kind, pointed.seed, MOST, _figures(pointed)]
    return sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def _figures(pointed: Pointed) -> dict[str, int | float]:
    return {name: getattr(growing, name) for name in (*DECIDES, *BESIDES[pointed.kind])}


def _recipe(pointed: Pointed, out: Path, batches: int, seconds: float) -> dict[str, Any]:
    return {
        "about": pointed.about,
        "seed": pointed.seed,
        "figures": _figures(pointed),
        "digest": digest(pointed),
        "batches": batches,
        "cpu_seconds": round(seconds, 1),
        "files": hashes(out),
    }
