"""The marker that compiles a function when the module that holds it is first imported; needs the extra `fast`.

numba is looked up by name because it is an extra: what is declared as a dependency is what the house imports.
"""

from collections.abc import Callable
from importlib import import_module
from inspect import unwrap
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

Number = Any
"""A number inside compiled code, an int or one of NumPy's: numba finds which, and a checker cannot follow it."""

_njit: Any = import_module("numba").njit


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code, made at its first call and kept on the disk for the next process.

    What the tests wrap around a function to check shapes is taken off: numba cannot look through it. What is kept of a
    function that calls another file's does not notice that the other has changed: whoever edits one deletes
    `__pycache__/*.nb?` beside it.
    """
    return cast("Callable[P, R]", _njit(cache=True, nogil=True, boundscheck=False)(unwrap(function)))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`compiled`, written out at each call.

    A call that passes arrays counts references to them, and such a count holds up all looks at memory under way.
    """
    return cast("Callable[P, R]", _njit(inline="always", boundscheck=False)(unwrap(function)))
