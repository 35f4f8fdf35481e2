"""Names for the places in a model, with a text form that parses back to the same name and to nothing else.

model                  everything
embed, unembed         the residual stream's entry, and the final norm with the head
L3                     a layer
L3.attn, L3.mlp        a writer in a layer (also `ssm`, `moe`; a second of its kind in a layer is `mlpb`)
L3.attn.h1, L3.mlp.n17 a leaf of a writer: a head, a neuron
L3.mlp.g2              a group of neurons that play as one before the referee
L3.mlp.bias            what the writer's last linear map adds whatever its input is
L3.mlp.rest            the leaves of a writer that are not listed one by one
L3.attn.h1@5           the same, as it reads from source token 5
L3.attn.h1@r5          the same, from token 5 of a reference prompt that is not aligned with the clean one
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

Leaf = Literal["h", "n", "g", "bias", "norm", "rest"]
Whole = Literal["model", "embed", "unembed"]

_NUMBER = r"(?:0|[1-9][0-9]*)"
_SITE = re.compile(
    rf"(?:(?P<whole>model|embed|unembed)"
    rf"|L(?P<layer>{_NUMBER})(?:\.(?P<writer>[a-z]+)(?:\.(?:(?P<part>[hng])(?P<index>{_NUMBER})|(?P<other>bias|norm|rest)))?)?)"
    rf"(?:@(?P<side>r?)(?P<token>{_NUMBER}))?"
)


@dataclass(frozen=True, slots=True)
class Site:
    """One place in a model; `str(site)` prints it and :func:`parse` reads it back.

    Raises ValueError when the fields name no place, so a `Site` that exists is always well formed.

    >>> str(Site(layer=12, writer="attn", leaf="h", index=3))
    'L12.attn.h3'
    >>> parse("L12.attn.h3").index
    3
    """

    whole: Whole | None = None
    layer: int | None = None
    writer: str | None = None
    leaf: Leaf | None = None
    index: int | None = None
    token: int | None = None
    from_reference: bool = False

    def __post_init__(self) -> None:
        fields = tuple(getattr(self, name) for name in self.__slots__)
        if _fields(str(self)) != fields:
            raise ValueError(f"no site has the fields {fields}")

    def __str__(self) -> str:
        text = f"L{self.layer}" if self.whole is None else self.whole
        text += "" if self.writer is None else f".{self.writer}"
        text += "" if self.leaf is None else f".{self.leaf}"
        text += "" if self.index is None else f"{self.index}"
        return text if self.token is None else f"{text}@{'r' if self.from_reference else ''}{self.token}"

    def parent(self) -> "Site | None":
        """The site one level up: token → leaf → writer → layer → model; None for the model itself."""
        if self.token is not None:
            return replace(self, token=None, from_reference=False)
        if self.leaf is not None:
            return replace(self, leaf=None, index=None)
        if self.writer is not None:
            return replace(self, writer=None)
        return None if self.whole == "model" else MODEL


def _fields(text: str) -> tuple[object, ...] | None:
    found = _SITE.fullmatch(text)
    if found is None:
        return None
    layer, index, token = (None if (n := found[g]) is None else int(n) for g in ("layer", "index", "token"))
    return found["whole"], layer, found["writer"], found["part"] or found["other"], index, token, found["side"] == "r"


def parse(text: str) -> Site:
    """The site that `text` names.

    Raises:
        ValueError: `text` is not exactly what some site prints.
    """
    fields = _fields(text)
    if fields is None:
        raise ValueError(f"{text!r} names no site; sites look like L3, L3.attn, L3.attn.h1, L3.mlp.n17 or embed@5")
    return Site(*fields)  # pyright: ignore[reportArgumentType]


def parent_of(text: str) -> str | None:
    """What `parse(text).parent()` prints, without making any `Site`: for very many of them.

    Raises:
        ValueError: `text` is not exactly what some site prints.
    """
    if _SITE.fullmatch(text) is None:
        parse(text)
    if "@" in text:
        return text.partition("@")[0]
    if "." in text:
        return text.rpartition(".")[0]
    return None if text == "model" else "model"


MODEL = Site(whole="model")
EMBED = Site(whole="embed")
UNEMBED = Site(whole="unembed")
