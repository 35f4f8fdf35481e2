"""One forward pass with everything written down: what each module was given, what it gave, and in which order.

Every tensor is cloned as it passes, because some blocks (Falcon's) add in place. A module that gives nothing but zeros
(an untrained or cut component) may be lent a voice: noise in place of its zeros, so that one can see where its output
would be added.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_utils import AttentionInterface

from mesolens.errors import BadInput
from mesolens.model.taps import Action, Point, tapped


@dataclass(frozen=True, slots=True)
class Passing:
    """One call of one module: its first floating tensors in and out, and when it ended (0 ended first)."""

    order: int
    given: Tensor | None
    gave: Tensor | None


@dataclass(slots=True)
class Recording:
    """What passed in one forward pass.

    Attributes:
        passings: the last call of each module, by dotted path.
        repeated: modules that ran more than once; no single place in the model is theirs.
        attention: what transformers' attention interface returned, [B, T, H, width], by the module that called it.
        logits: [B, T, vocabulary].
    """

    passings: dict[str, Passing] = field(default_factory=dict[str, Passing])
    repeated: set[str] = field(default_factory=set[str])
    attention: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    logits: Tensor = field(default_factory=lambda: torch.empty(0))

    def given(self, path: str) -> Tensor:
        """The first floating tensor that the module at `path` was given."""
        return _present(self.passings[path].given, path)

    def gave(self, path: str) -> Tensor:
        """The first floating tensor that the module at `path` gave."""
        return _present(self.passings[path].gave, path)


def forward(model: PreTrainedModel, ids_BT: Tensor) -> Tensor:
    """The logits [B, T, vocabulary] of a plain pass without gradients and without a cache."""
    with torch.no_grad():
        return cast(Tensor, model(input_ids=ids_BT, use_cache=False).logits)


def record(
    model: PreTrainedModel,
    ids_BT: Tensor,
    actions: Mapping[Point, Action] | None = None,
    voice: torch.Generator | None = None,
) -> Recording:
    """Run the model once on `ids_BT` under `actions` and write down everything that passes.

    Args:
        voice: where given, modules that give only zeros give noise drawn from it instead.

    Raises:
        BadInput: a module gives NaN; the message names the first.
    """
    recording = Recording()
    with tapped(model, actions or {}), _heard(model, recording, voice), _attention_heard(model, recording):
        recording.logits = forward(model, ids_BT).clone()
    return recording


def first_floats(passing: object) -> Tensor | None:
    """The tensor, or the first floating tensor of a tuple or list; None when there is none."""
    values = cast(Iterable[object], passing) if isinstance(passing, tuple | list) else (passing,)
    return next((v for v in values if isinstance(v, Tensor) and v.is_floating_point()), None)


@dataclass(frozen=True, slots=True)
class _Listener:
    """What the hooks of one pass share."""

    model: nn.Module
    recording: Recording
    voice: torch.Generator | None
    given: dict[str, list[Tensor | None]] = field(default_factory=dict[str, list[Tensor | None]])

    def before(self, path: str, _: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        self.given.setdefault(path, []).append(_copy(first_floats((*args, *kwargs.values()))))

    def after(self, path: str, _: nn.Module, __: tuple[object, ...], output: object) -> object:
        spoken = output if self.voice is None else _voiced(output, self.voice)
        gave = _copy(first_floats(spoken))
        _refuse_nan(self.model, path, gave)
        passings = self.recording.passings
        if path in passings:
            self.recording.repeated.add(path)
        passings[path] = Passing(len(passings), self.given[path].pop(), gave)
        return spoken


@contextmanager
def _heard(model: nn.Module, recording: Recording, voice: torch.Generator | None) -> Generator[None]:
    listener = _Listener(model, recording, voice)
    with ExitStack() as hooks:
        for path, module in model.named_modules():
            before, after = partial(listener.before, path), partial(listener.after, path)
            hooks.callback(module.register_forward_pre_hook(before, with_kwargs=True).remove)
            hooks.callback(module.register_forward_hook(after).remove)
        yield


@contextmanager
def _attention_heard(model: nn.Module, recording: Recording) -> Generator[None]:
    """Listen to the attention interface, whichever implementation the user chose, the eager default included."""
    paths = {module: path for path, module in model.named_modules()}
    original = AttentionInterface.get_interface

    def get_interface(self: AttentionInterface, implementation: str, default: Callable[..., object]) -> object:
        inner = cast(Callable[..., tuple[Tensor, object]], original(self, implementation, default))

        def listening(module: nn.Module, *args: object, **kwargs: object) -> tuple[Tensor, object]:
            result = inner(module, *args, **kwargs)
            if module in paths:
                recording.attention[paths[module]] = result[0].detach().clone()
            return result

        return listening

    AttentionInterface.get_interface = get_interface  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        AttentionInterface.get_interface = original


def _voiced(output: object, voice: torch.Generator) -> object:
    tensor = first_floats(output)
    if tensor is None or tensor.ndim < 2 or tensor.any():
        return output
    noise = torch.randn(tensor.shape, generator=voice).to(tensor)
    if isinstance(output, tuple | list):
        return tuple(noise if value is tensor else value for value in cast(Iterable[object], output))
    return noise


def _refuse_nan(model: nn.Module, path: str, gave: Tensor | None) -> None:
    if gave is None or not gave.isnan().any():
        return
    module = model.get_submodule(path)
    weights = [f"{path}.{name}".lstrip(".") for name, w in module.named_parameters() if w.isnan().any()]
    where = f"the weights {weights[0]} contain NaN" if weights else f"module {path or 'the model'!r} gives NaN"
    raise BadInput(f"{where}; the model cannot be measured, reload or re-download its weights")


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().clone()


def _present(tensor: Tensor | None, path: str) -> Tensor:
    if tensor is None:
        raise BadInput(f"no floating tensor passes module {path!r}")
    return tensor
