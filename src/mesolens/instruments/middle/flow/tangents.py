"""Derivatives taken forwards: every tensor carries how it moves, and a module moves what it gives."""

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import forward_ad
from transformers import PreTrainedModel


@contextmanager
def carried() -> Generator[None]:
    """While open, dual tensors carry their tangents through every operation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's own, when it first loads what it needs for this
        import_module("torch._decomp.decompositions_for_jvp")
    with forward_ad.dual_level():
        yield


def moving(value: Tensor, tangent: Tensor) -> Tensor:
    """A value that moves by `tangent`."""
    return forward_ad.make_dual(value, tangent)


def parts(value: Tensor) -> tuple[Tensor, Tensor]:
    """A value and how it moves, zeros where it rests."""
    primal, tangent = forward_ad.unpack_dual(value)
    return primal, torch.zeros_like(primal) if tangent is None else tangent


def after_norms(
    model: PreTrainedModel, norms: Sequence[str], given: Float[Tensor, "B T D"], change: Float[Tensor, "B T D"]
) -> Float[Tensor, "B T D"]:
    """How what leaves the last of some modules moves, when what enters the first moves by `change`."""
    with torch.no_grad(), carried():
        passing = moving(given, change)
        for norm in norms:
            passing = model.get_submodule(norm)(passing)
        return parts(passing)[1]
