"""The unit of work that can be lost: a shard, named by the hash of all that its result depends on.

An instrument's `plan` turns a card and a specification into shards; `measure` turns one shard into tables. Two shards
with one key would give the same bytes, so a result is computed once, kept under its key and found again on resume.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pyarrow as pa

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
else:  # what checks types at run time cannot follow a name that means itself
    Json = None | bool | int | float | str | list | dict
Tables = dict[str, pa.Table]


def content_key(value: Json) -> str:
    """Sixteen hex digits of SHA-256 over `value` in canonical JSON.

    >>> content_key({"b": 1, "a": 2}) == content_key({"a": 2, "b": 1})
    True

    Raises:
        ValueError: `value` holds a NaN or an infinity, which JSON cannot name.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Shard:
    """A piece of an instrument's work.

    Attributes:
        instrument: whose work it is.
        depends: all that the result depends on, the model's hash and the instrument's version included.
        rows: how many items it holds, for progress and estimates.
    """

    instrument: str
    depends: Mapping[str, Json]
    rows: int
    key: str = field(init=False)

    def __post_init__(self) -> None:
        document = cast(Json, {"instrument": self.instrument, "depends": dict(self.depends)})
        object.__setattr__(self, "key", content_key(document))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work will take at most: floating-point operations, and bytes of memory beside the weights."""

    flops: float
    bytes: float
