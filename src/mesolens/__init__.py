"""From a language model's personality down to the heads and neurons that make it, with every sum kept on the way.

    >>> import mesolens as ml
    >>> "load" in dir(ml)
    True

The names below come from :mod:`mesolens.api` on first use, so that importing the package costs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesolens.api import (
        Averages,
        Contrast,
        Depth,
        Face,
        LoadedModel,
        Organs,
        Reading,
        Tree,
        average,
        depth,
        face,
        load,
        middle,
        organ_twins,
        organs,
        twins,
    )

__all__ = [
    "Averages",
    "Contrast",
    "Depth",
    "Face",
    "LoadedModel",
    "Organs",
    "Reading",
    "Tree",
    "__version__",
    "average",
    "depth",
    "face",
    "load",
    "middle",
    "organ_twins",
    "organs",
    "twins",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'mesolens' has no attribute {name!r}")
    found = getattr(import_module("mesolens.api"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
