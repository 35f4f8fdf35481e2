"""The one way to touch a running model: read, blend or replace what passes a point, and leave no trace.

A :class:`Point` is a module's input or output. An action receives the tensor that passes and returns another to take
its place, or None to leave it. Inside ``with tapped(model, {point: action})`` the actions run at each forward pass;
when the block ends, by whatever way, every hook is gone.

    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    >>> seen = []
    >>> with tapped(net, {Point("0", "out"): seen.append}):
    ...     _ = net(torch.zeros(1, 2))
    >>> len(seen), len(net[0]._forward_hooks)
    (1, 0)
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

Action = Callable[[Tensor], Tensor | None]
Call = tuple[tuple[object, ...], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Point:
    """A place where a tensor passes: the first tensor argument (`in`) or the first output (`out`) of a module."""

    module: str
    side: Literal["in", "out"]


@contextmanager
def tapped(model: nn.Module, actions: Mapping[Point, Action]) -> Generator[None]:
    """Run `actions` at their points during every forward pass inside the block.

    Raises:
        AttributeError: a point names a module that the model does not have; nothing stays hooked then.
    """
    given = _Given()
    with ExitStack() as hooks:
        hooks.callback(model.register_forward_pre_hook(given.see, with_kwargs=True).remove)
        for point, action in actions.items():
            handle = _attach(model.get_submodule(point.module), point, partial(given.shaped, action))
            hooks.callback(handle.remove)
        yield


@dataclass(slots=True)
class _Given:
    """The rows and tokens of the pass that runs."""

    rows: int = 0
    tokens: int = 0

    def see(self, _: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        ids = kwargs.get("input_ids", args[0] if args else None)
        known = isinstance(ids, Tensor) and ids.dim() == 2 and not ids.is_floating_point()
        self.rows, self.tokens = ids.shape if isinstance(ids, Tensor) and known else (0, 0)

    def shaped(self, action: Action, tensor: Tensor) -> Tensor | None:
        """The action on [B, T, …], and its answer in the form in which the tensor came."""
        if tensor.dim() != 2 or self.rows == 0 or len(tensor) != self.rows * self.tokens:
            return action(tensor)
        changed = action(tensor.unflatten(0, (self.rows, self.tokens)))
        return None if changed is None else changed.flatten(0, 1)


def _attach(module: nn.Module, point: Point, action: Action) -> RemovableHandle:
    if point.side == "in":
        return module.register_forward_pre_hook(partial(_before, action), with_kwargs=True)
    return module.register_forward_hook(partial(_after, action))


def _before(action: Action, _: nn.Module, args: tuple[object, ...], kwargs: dict[str, object]) -> Call | None:
    tensor = first_tensor((*args, *kwargs.values()))
    changed = action(tensor)
    if changed is None:
        return None
    return (
        tuple(changed if value is tensor else value for value in args),
        {name: changed if value is tensor else value for name, value in kwargs.items()},
    )


def _after(action: Action, _: nn.Module, __: tuple[object, ...], output: object) -> object:
    tensor = first_tensor(output)
    changed = action(tensor)
    if changed is None or isinstance(output, Tensor):
        return changed
    return tuple(changed if value is tensor else value for value in cast(Iterable[object], output))


def first_tensor(passing: object) -> Tensor:
    """The hidden states among what passes: the tensor itself, or the first tensor of a tuple or list.

    Raises:
        TypeError: there is no tensor in it.
    """
    if isinstance(passing, Tensor):
        return passing
    if isinstance(passing, tuple | list):
        for value in cast(Iterable[object], passing):
            if isinstance(value, Tensor):
                return value
    raise TypeError(f"no tensor among what passes here: {type(passing).__name__}")
