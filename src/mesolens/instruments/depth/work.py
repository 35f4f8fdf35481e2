"""Shards' work in the instrument's own terms, to JSON and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from mesolens.evidence.shards import Json, Shard
from mesolens.model.card import ModelCard
from mesolens.traits.task_ids import Asked, Ids

NAME = "depth"
VERSION = 1


@dataclass(frozen=True, slots=True)
class AnswersWork:
    """Items to be answered, and their numbers among all."""

    items: tuple[Asked, ...]
    numbers: tuple[int, ...]
    batch_tokens: int

    @classmethod
    def of(cls, shard: Shard) -> "AnswersWork":
        """The work that was put into a shard."""
        fields = _fields(shard)
        return cls(_items(fields["items"]), tuple(fields["numbers"]), cast(int, fields["batch_tokens"]))


@dataclass(frozen=True, slots=True)
class LevelWork:
    """What is done on the items of the level.

    Attributes:
        items: those that the work is done on: all of the level, except where a lens tells of a half.
        places: numbers in the level: of the items, or of those among all that this shard is to tell of.
        folds: each item's fold.
        right: which items are answered rightly.
        fit: rows that a lens is fitted on.
        seed: of shuffles, donors and new weights.
    """

    items: tuple[Asked, ...]
    places: tuple[int, ...]
    folds: tuple[int, ...]
    right: tuple[bool, ...]
    fit: tuple[Ids, ...]
    batch_tokens: int
    seed: int

    @classmethod
    def of(cls, shard: Shard) -> "LevelWork":
        """The work that was put into a shard."""
        fields = _fields(shard)
        return cls(
            _items(fields["items"]),
            tuple(fields["places"]),
            tuple(fields["folds"]),
            tuple(fields["right"]),
            tuple(tuple(row) for row in fields["fit"]),
            cast(int, fields["batch_tokens"]),
            cast(int, fields["seed"]),
        )


def shard_of(card: ModelCard, kind: str, work: AnswersWork | LevelWork, rows: int) -> Shard:
    """A shard of one kind of work, bound to the model and the version."""
    return bound(card, kind, asdict(work), rows)


def bound(card: ModelCard, kind: str, fields: Mapping[str, object], rows: int) -> Shard:
    """The same for work that is a mapping already."""
    depends: dict[str, Json] = {
        "version": VERSION,
        "model": card.weights_hash,
        "dtype": card.dtype,
        "kind": kind,
        "work": cast(Json, fields),
    }
    return Shard(NAME, depends, rows)


def _fields(shard: Shard) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", shard.depends["work"])


def _items(rows: Sequence[Mapping[str, Any]]) -> tuple[Asked, ...]:
    return tuple(_item(row) for row in rows)


def _item(row: Mapping[str, Any]) -> Asked:
    fields: dict[str, Any] = dict(row)
    fields |= {name: tuple(row[name]) for name in ("prompt", "choices", "steps", "values")}
    fields["others"] = tuple(None if other is None else (int(other[0]), int(other[1])) for other in row["others"])
    return Asked(**fields)
