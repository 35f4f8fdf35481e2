"""Find the writers of any causal language model by running it, not by knowing its name.

A few random tokens are enough. One pass as it is shows where the stream runs; a second, with noise added to every
block's input and a voice lent to silent modules, gives least squares a problem without coincidences (a ReLU that sleeps
on these tokens, an untrained zero matrix); two more tell attention, recurrence and multilayer perceptron apart. What
was found is then measured by `check.py`. What does not close is refused, with the number, and the level above remains.
"""

from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from mesolens.errors import BadInput
from mesolens.model.anatomy import Anatomy, Block, Writer
from mesolens.model.behaviour import Behaviour, behaviours
from mesolens.model.check import measure
from mesolens.model.closing import Closing, close, rounding_bar
from mesolens.model.linears import LastLinear, find_last_linear, leaves_error, weight_columns
from mesolens.model.recording import Recording, record
from mesolens.model.stream import find_blocks, find_final_norm, find_head
from mesolens.model.taps import Action, Point

TOKENS = 12
ROWS = 2
_HEAD_COUNTS = ("num_attention_heads", "num_heads", "n_heads", "n_head")


def find_anatomy(module: PreTrainedModel) -> Anatomy:
    """The blocks of `module`, their writers and leaves, and the measured errors of each claim.

    Costs about a dozen forward passes of 24 tokens, without gradients. Modes, hooks and random state stay as they were.

    Raises:
        BadInput: the model does not run, a module gives NaN (named), no residual stream was found, or its blocks run
            more than once in a pass.
    """
    with probing(module) as generator:
        ids_BT = random_tokens(module, generator)
        clean = _first_pass(module, ids_BT)
        paths = find_blocks(module, clean)
        stirred = record(module, ids_BT, _stirring(clean, paths, generator), voice=generator)
        closings = [close(stirred, path) for path in paths]
        found = Found(module, paths, clean, stirred, behaviours_of(module, ids_BT, stirred, paths, closings))
        anatomy = Anatomy(
            blocks=tuple(_block(found, layer, paths[layer], closings[layer]) for layer in range(len(paths))),
            final_norm=find_final_norm(clean, paths),
            head=find_head(module, clean),
            stream_width=clean.given(paths[0]).shape[-1],
            checks=(),
        )
        return measure(module, anatomy, clean, ids_BT, generator)


@dataclass(frozen=True, slots=True)
class Found:
    """What the passes gave, held together: the plain recording, the stirred one, and each writer's behaviour."""

    model: PreTrainedModel
    blocks: tuple[str, ...]
    clean: Recording
    stirred: Recording
    behaviour: dict[str, Behaviour]


@contextmanager
def probing(module: nn.Module) -> Generator[torch.Generator]:
    """Evaluation mode and a generator of our own for the time being; modes and global random state come back."""
    modes = {part: part.training for part in module.modules()}
    device = next(module.parameters()).device
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), torch.no_grad():
            module.eval()
            yield torch.Generator().manual_seed(0)
    finally:
        for part, mode in modes.items():
            part.training = mode


def random_tokens(module: PreTrainedModel, generator: torch.Generator) -> Tensor:
    """Token ids [rows, tokens] that fit the model's vocabulary and window, on its device."""
    embedding = module.get_input_embeddings()
    windows = (getattr(module.config, name, None) for name in ("max_position_embeddings", "n_positions", "max_seq_len"))
    longest = min((w for w in windows if isinstance(w, int) and w > 0), default=TOKENS)
    shape = (ROWS, min(TOKENS, longest))
    vocabulary = cast(Tensor, embedding.weight).shape[0]
    vocabulary = min(vocabulary, int(getattr(module.config, "vocab_size", vocabulary) or vocabulary))
    return torch.randint(vocabulary, shape, generator=generator).to(next(module.parameters()).device)


def behaviours_of(
    module: PreTrainedModel, ids_BT: Tensor, stirred: Recording, paths: tuple[str, ...], closings: list[Closing]
) -> dict[str, Behaviour]:
    """The behaviour of every writer of the blocks that close, heard at its last linear map's input where it has one."""
    points: dict[str, Point] = {}
    for path, closing in zip(paths, closings, strict=True):
        for writer, _ in closing.terms if closing.error <= closing.bar else ():
            linear = find_last_linear(module, stirred, path, writer)
            points[writer] = Point(writer, "out") if linear is None else Point(linear.path, "in")
    return behaviours(module, ids_BT, stirred, points, paths)


def _first_pass(module: PreTrainedModel, ids_BT: Tensor) -> Recording:
    try:
        return record(module, ids_BT)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as failure:
        reason = str(failure).splitlines()[0]
        raise BadInput(f"{type(module).__name__} does not run on token ids in {module.dtype}: {reason}") from failure


def _stirring(clean: Recording, paths: Iterable[str], generator: torch.Generator) -> dict[Point, Action]:
    sizes = {path: float(clean.given(path).double().std()) for path in paths}
    return {Point(path, "in"): partial(_stir, generator, size) for path, size in sizes.items()}


def _stir(generator: torch.Generator, size: float, tensor: Tensor) -> Tensor:
    return tensor + size * torch.randn(tensor.shape, generator=generator).to(tensor)


def _block(found: Found, layer: int, path: str, closing: Closing) -> Block:
    if not closing.error <= closing.bar:
        reason = (
            f"the modules inside add up to the change of the stream to {closing.error:.1e} only (bar {closing.bar:.0e})"
        )
        return Block(layer, path, (), closing.error, reason)
    kinds = Counter[str]()
    writers: list[Writer] = []
    for module, scale in closing.terms:
        linear = find_last_linear(found.model, found.stirred, path, module)
        kind = _kind(found, module, linear)
        name = kind + " bcdefg"[kinds[kind]].strip()
        kinds[kind] += 1
        writers.append(_writer(found, layer, name, (module, scale), linear))
    return Block(layer, path, tuple(writers), closing.error)


def _writer(found: Found, layer: int, name: str, term: tuple[str, float], linear: LastLinear | None) -> Writer:
    module, scale = term
    if linear is None:
        reason = f"{module} ends in no single linear map whose input could be split ({_parts(found.model, module)})"
        return Writer(layer, name, module, scale, None, (), 0, 0, 1.0, refusal=reason)
    columns = weight_columns(found.model.get_submodule(linear.path)).shape[1]
    leaves = heads_of(found, module, linear) if name.startswith("attn") else columns
    width = columns // leaves if leaves else 0
    error = leaves_error(found.model, found.clean, linear.path, leaves, width)
    bar = rounding_bar(found.model.dtype)
    if error <= bar:
        attends = attends_at(found.clean, linear) if name.startswith("attn") else None
        return Writer(layer, name, module, scale, linear.path, linear.post, leaves, width, error, attends)
    reason = f"{leaves} leaves of width {width} add up to {linear.path} to {error:.1e} only (bar {bar:.0e})"
    return Writer(layer, name, module, scale, None, (), 0, 0, error, refusal=reason)


def _kind(found: Found, module: str, linear: LastLinear | None) -> str:
    behaviour = found.behaviour[module]
    if callers_of(found, module, linear) or (behaviour.mixes and behaviour.averages):
        return "attn"
    if behaviour.mixes:
        return "ssm"
    return "moe" if linear is None and _has_experts(found.model, module) else "mlp"


def callers_of(found: Found, module: str, linear: LastLinear | None) -> list[str]:
    """Modules that call the attention interface and whose result this writer passes on."""
    exact = None if linear is None else attends_at(found.clean, linear)
    if exact is not None:
        return [exact]
    owner = module if linear is None else linear.path.rpartition(".")[0]
    near = [part for part in (module, owner) if part not in found.blocks]
    return [c for c in found.clean.attention if any(f"{c}.".startswith(f"{part}.") for part in near)]


def attends_at(recording: Recording, linear: LastLinear) -> str | None:
    """The caller of the attention interface whose result, heads side by side, is exactly the linear map's input."""
    given = recording.given(linear.path)
    for caller, result in recording.attention.items():
        if result.numel() == given.numel() and torch.equal(result.reshape(given.shape), given):
            return caller
    return None


def heads_of(found: Found, module: str, linear: LastLinear) -> int:
    """How many heads: the tensor's own axis where attention goes through the interface, else what the config says."""
    callers = callers_of(found, module, linear)
    if callers:
        return found.clean.attention[callers[0]].shape[2]
    owners = [found.model.get_submodule(linear.path.rpartition(".")[0]), found.model.config]
    counts = (getattr(owner, name, None) for owner in owners for name in _HEAD_COUNTS)
    return next((count for count in counts if isinstance(count, int) and count > 0), 0)


def _has_experts(model: nn.Module, module: str) -> bool:
    part = model.get_submodule(module)
    lists = (child for child in part.modules() if isinstance(child, nn.ModuleList))
    return any(p.ndim == 3 for p in part.parameters()) or any(len(children) > 1 for children in lists)


def _parts(model: nn.Module, module: str) -> str:
    names = [type(child).__name__ for child in model.get_submodule(module).children()]
    return "made of " + ", ".join(names) if names else type(model.get_submodule(module)).__name__
