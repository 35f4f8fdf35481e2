"""Resuming a model's forward pass in the middle: blocks that were computed before hand out what they gave then.

Inside ``with skipped(model, outputs)`` each named module is not run; its forward pass gives the kept output at once, in
the form in which it came (a tensor, or a tuple whose first tensor is the hidden states).
"""

from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import cast

from torch import Tensor, nn


@contextmanager
def skipped(model: nn.Module, outputs: Mapping[str, object]) -> Generator[None]:
    """Give `outputs[path]` in the place of running the module at `path`, for every path, while the block runs.

    Raises:
        AttributeError: a path names a module that the model does not have; nothing stays changed then.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    >>> with skipped(net, {"0": torch.ones(1, 2)}):
    ...     net(torch.zeros(1, 2)).tolist()
    [[1.0, 1.0]]
    """
    modules = {path: model.get_submodule(path) for path in outputs}
    with ExitStack() as restored:
        for path, module in modules.items():
            restored.callback(_restore, module, module.__dict__.get("forward"))
            module.forward = partial(_give, outputs[path])
        yield


def _give(output: object, *_: object, **__: object) -> object:
    return _copied(output)


def _restore(module: nn.Module, before: object) -> None:
    if before is None:
        del module.forward
    else:  # somebody else had put a forward pass of their own there
        module.forward = before  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def kept(model: nn.Module, paths: Iterable[str]) -> Generator[dict[str, object]]:
    """While open, each forward pass leaves what the modules at `paths` gave in the dictionary given, copied."""
    outputs: dict[str, object] = {}
    with ExitStack() as hooks:
        for path in paths:
            handle = model.get_submodule(path).register_forward_hook(partial(_keep, outputs, path))
            hooks.callback(handle.remove)
        yield outputs


def _keep(outputs: dict[str, object], path: str, _: nn.Module, __: object, output: object) -> None:
    outputs[path] = _copied(output)


def _copied(output: object) -> object:
    """A copy of every tensor, as some families add to the stream in place."""
    if isinstance(output, Tensor):
        return output.clone()
    return tuple(map(_copied, cast(Iterable[object], output))) if isinstance(output, tuple) else output
