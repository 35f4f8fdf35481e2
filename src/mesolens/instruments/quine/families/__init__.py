"""Families of quines that are known, one program of each in a file beside this one, and how like them a program is.

The programs are written for this folder, each after one idea by which quines are commonly built. Likeness is that of
their shapes (:func:`mesolens.instruments.quine.facts.likeness`): names, data and layout play no part.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mesolens.instruments.quine.facts import likeness
from mesolens.instruments.quine.inside.python_facts import shape
from mesolens.instruments.quine.javascript_reading import read_javascript

_ENDINGS = {"python": ".py.txt", "javascript": ".js.txt"}


@dataclass(frozen=True, slots=True)
class Nearest:
    """The family that a program is most like, and how like it is, from 0 to 1."""

    family: str
    likeness: float


def texts(language: str) -> dict[str, bytes]:
    """The program of each family of a language, by the family's name."""
    ending = _ENDINGS[language]
    files = sorted(file for file in Path(__file__).parent.iterdir() if file.name.endswith(ending))
    return {file.name.removesuffix(ending): file.read_bytes() for file in files}


@cache
def shapes(language: str) -> Mapping[str, Mapping[str, int]]:
    """The shape of each family's program; these are our own texts, so they are read in this process."""
    if language == "python":
        return {name: shape(ast.parse(text)) for name, text in texts(language).items()}
    return {name: read_javascript(text.decode("utf-8")).facts.shape for name, text in texts(language).items()}


def nearest(language: str, found: Mapping[str, int]) -> Nearest:
    """The family that a shape is most like, the first of equals."""
    like = {name: likeness(found, known) for name, known in shapes(language).items()}
    best = max(like, key=like.__getitem__)
    return Nearest(best, like[best])
