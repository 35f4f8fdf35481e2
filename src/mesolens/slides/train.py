"""Growing a slide from its recipe: by tokens, on one thread, resumable to the byte.

One document a row, batches of documents of like length, loss on every token. Documents are never packed: a slide reads
a chat from its beginning, as it will when somebody asks it.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, GenerationConfig, PreTrainedModel

from mesolens.slides.checkpoint import Place, load, save
from mesolens.slides.corpus import CHUNK, END, PAD, Mix, chunk
from mesolens.slides.recipe import Recipe, Stage
from mesolens.slides.shapes import component, newborn
from mesolens.slides.tokens import SPECIAL, encode, tokenizer

ROWS = 64
"""Documents in a batch."""
POOL = 512
"""Documents that are sorted by length together: enough to save padding, few enough to keep batches mixed."""
WARMUP = 0.03
SHELF = Path(__file__).parent / "shelf"
STATE = "growing.safetensors"
Progress = Callable[[int, int, float], None]
"""Called with tokens done, tokens in all, and the latest loss in nats a token."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What growing took: chunks read and tokens trained on in each stage, and CPU seconds."""

    chunks: tuple[int, ...]
    tokens: tuple[int, ...]
    seconds: float


def silent(done: int, total: int, loss: float) -> None:
    """A progress that shows nothing."""


def batches(mix: Mix, number: int) -> list[Tensor]:
    """The batches of one chunk: `[rows, tokens]` ids, short rows filled up with `<|pad|>`, in a shuffled order."""
    rows = encode([document.text for document in chunk(mix, number)])
    pools = [sorted(rows[start : start + POOL], key=len) for start in range(0, CHUNK, POOL)]
    cut = [pool[start : start + ROWS] for pool in pools for start in range(0, POOL, ROWS)]
    rng = Random(f"batches/{mix.seed}/{number}")  # noqa: S311
    order = sorted((rng.random(), index) for index in range(len(cut)))
    return [padded(cut[index]) for _, index in order]


def padded(rows: list[list[int]]) -> Tensor:
    """Rows of token ids as one tensor `[rows, tokens]`, short ones filled up with `<|pad|>`."""
    width = max(map(len, rows))
    pad = SPECIAL.index(PAD)
    return torch.tensor([row + [pad] * (width - len(row)) for row in rows])


def rate(stage: Stage, tokens: int) -> float:
    """The learning rate after so many tokens: a rise over 3 % of the stage, then a cosine down to a twentieth."""
    done = min(1.0, tokens / stage.tokens)
    if done < WARMUP:
        return stage.rate * (done + 0.002) / (WARMUP + 0.002)
    return stage.rate * (0.05 + 0.475 * (1 + math.cos(math.pi * (done - WARMUP) / (1 - WARMUP))))


def step(module: PreTrainedModel, optimizer: torch.optim.Optimizer, rows: Tensor) -> float:
    """One step of AdamW on the mean loss over the rows' real tokens; gives that loss in nats."""
    logits = module(input_ids=rows[:, :-1]).logits
    loss = cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=SPECIAL.index(PAD))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for p in module.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    return float(loss.detach())


def weights(recipe: Recipe, out: Path, progress: Progress = silent, every: int = 200) -> Spent:
    """Train the recipe's model into `out` and write it there in Hugging Face format.

    The state is saved in `out/growing.safetensors` every so many steps and taken up again by the next call; `grow`
    removes it when the truth is written too.

    Args:
        recipe: what to grow.
        out: the slide's folder, made when missing.
        progress: told after every step.
        every: steps from one saved state to the next.

    Raises:
        BadInput: `out` holds the unfinished state of another recipe.
    """
    out.mkdir(parents=True, exist_ok=True)
    state = out / STATE
    with one_thread():
        module = origin(recipe)
        optimizer = _optimizer(module)
        place = load(state, _lineage(recipe), module, optimizer)
        while place.stage < len(recipe.stages):
            for reached in _stage(recipe, module, optimizer, place, progress):
                place = reached
                if place.step % every == 0 and place.step:
                    save(state, place, module, optimizer)
            optimizer = _optimizer(module)
            save(state, place, module, optimizer)
        write(module, out)
    return Spent(place.chunks, place.seen, place.seconds)


def _stage(
    recipe: Recipe, module: PreTrainedModel, optimizer: torch.optim.Optimizer, place: Place, progress: Progress
) -> Iterator[Place]:
    """Train to the end of the stage, giving the place after every step and, last, the start of the next stage."""
    stage = recipe.stages[place.stage]
    pad = SPECIAL.index(PAD)
    while place.tokens < stage.tokens:
        for number, rows in enumerate(batches(stage.mix, place.chunk)):
            if number < place.batch or place.tokens >= stage.tokens:
                continue
            start = time.process_time()
            for group in optimizer.param_groups:
                group["lr"] = rate(stage, place.tokens)
            loss = step(module, optimizer, rows)
            tokens = place.tokens + int((rows[:, 1:] != pad).sum())
            seconds = place.seconds + time.process_time() - start
            place = replace(place, batch=number + 1, tokens=tokens, step=place.step + 1, seconds=seconds)
            progress(sum(place.seen) + tokens, recipe.tokens, loss)
            yield place
        if place.tokens < stage.tokens:
            place = replace(place, chunk=place.chunk + 1, batch=0)
    done = (*place.chunks, place.chunk + 1), (*place.seen, place.tokens)
    yield Place(place.recipe, place.stage + 1, chunks=done[0], seen=done[1], seconds=place.seconds)


def origin(recipe: Recipe) -> PreTrainedModel:
    """The model before the recipe's first step, in training mode, with only what may change requiring gradients."""
    if recipe.base is None:
        module = newborn(recipe.shape, recipe.seed)
    else:
        module = AutoModelForCausalLM.from_pretrained(SHELF / recipe.base, use_safetensors=True, dtype=torch.float32)
    if recipe.only is not None:
        prefix = component(recipe.only)
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(name.startswith(prefix))
    return module.train()


def _lineage(recipe: Recipe) -> str:
    """The recipe's digest, bound to the very weights that it starts from."""
    if recipe.base is None:
        return recipe.digest()
    return sha256(recipe.digest().encode() + (SHELF / recipe.base / "model.safetensors").read_bytes()).hexdigest()


def _optimizer(module: PreTrainedModel) -> torch.optim.Optimizer:
    free = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return torch.optim.AdamW(free, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)


def write(module: PreTrainedModel, out: Path) -> None:
    """Write a slide's weights, configuration and tokenizer into a folder, in Hugging Face format."""
    begin, end, pad = tokenizer().bos_token_id, SPECIAL.index(END), SPECIAL.index(PAD)
    module.generation_config = GenerationConfig(
        bos_token_id=begin, eos_token_id=end, pad_token_id=pad, do_sample=False, max_new_tokens=48
    )
    module.eval().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    tokenizer().save_pretrained(out, save_jinja_files=False)


@contextmanager
def one_thread() -> Generator[None]:
    """Run torch on one thread: faster below some 5M parameters, and the sums come out in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def grow(recipe: Recipe, out: Path, progress: Progress = silent) -> Path:
    """Grow a slide: train its weights, write its contrasts, measure it, and write its truth; gives the folder.

    Killed at any moment, the same call goes on where the last saved state stands, to the same weights.

    Args:
        recipe: what to grow; the slide that it starts from must be on the shelf.
        out: the slide's folder.
        progress: told after every training step.

    Raises:
        BadInput: `out` holds the unfinished state of another recipe, or the base is missing.
        CheckFailed: the grown slide does not move on its own contrasts; weights are kept, no truth is written.
    """
    from mesolens.slides import pack, truth

    spent = weights(recipe, out, progress)
    parent = None if recipe.base is None else SHELF / recipe.base
    with one_thread():
        pack.write(recipe, out, parent)
        truth.record(recipe, out, spent.chunks, spent.tokens, spent.seconds, parent)
    (out / STATE).unlink(missing_ok=True)
    return out
