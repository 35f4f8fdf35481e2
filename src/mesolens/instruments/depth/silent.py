"""No visible step: puzzles put to a local model in every condition, the few tokens of each answer, and what they tell.

Whole numbers are generated, greedily and no longer than an answer is; among choices the one is taken whose tokens are
likeliest together after the prompt. `silent_shards` and `answer_silently` are the shards' part of the depth instrument,
`nocot_of` the reading's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import pyarrow as pa

from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.instruments.depth.silent_read import MISSING, Answers, Said, nocot
from mesolens.instruments.depth.silent_setting import Row, SilentSpec
from mesolens.instruments.depth.work import bound
from mesolens.model.card import ModelCard
from mesolens.model.generating import generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.scoring import Row as Scored
from mesolens.model.scoring import score
from mesolens.traits.puzzles import said

KIND = TABLE = "depth-nocot"
SCHEMA = pa.schema(
    [
        ("puzzle", pa.int32()),
        ("condition", pa.int32()),
        ("choice", pa.int32()),
        ("reply", pa.string()),
        ("cut", pa.bool_()),
    ]
)
"""For each row the number of the likeliest choice (−1 for a free reply), or the reply and whether it was cut."""


@dataclass(frozen=True, slots=True)
class SilentWork:
    """Rows to be answered."""

    rows: tuple[Row, ...]
    most: int
    stop: tuple[int, ...]
    batch_tokens: int

    @classmethod
    def of(cls, shard: Shard) -> "SilentWork":
        """The work that was put into a shard."""
        fields = cast("Mapping[str, Any]", shard.depends["work"])
        rows = tuple(
            Row(row["puzzle"], row["condition"], tuple(row["prompt"]), tuple(tuple(each) for each in row["choices"]))
            for row in fields["rows"]
        )
        return cls(rows, fields["most"], tuple(fields["stop"]), fields["batch_tokens"])


def silent_shards(card: ModelCard, spec: SilentSpec) -> list[Shard]:
    """Shards of so many rows; none where nothing is asked."""
    return [
        _shard(card, spec, spec.rows[at : at + spec.shard_rows]) for at in range(0, len(spec.rows), spec.shard_rows)
    ]


def _shard(card: ModelCard, spec: SilentSpec, rows: Sequence[Row]) -> Shard:
    work = SilentWork(tuple(rows), spec.most, spec.stop, spec.batch_tokens)
    return bound(card, KIND, asdict(work), len(rows))


def silent_tokens(row: Row, most: int) -> int:
    """Tokens that a row's answer runs through the model, at most."""
    length = len(row.prompt)
    return length + most if not row.choices else sum(length + len(choice) for choice in row.choices)


def answer_silently(model: LoadedModel, shard: Shard) -> Tables:
    """`depth-nocot`: what each row is answered."""
    work = SilentWork.of(shard)
    free = [row for row in work.rows if not row.choices]
    columns = {name: list[object]() for name in SCHEMA.names}
    for row, (reply, cut) in zip(free, _replies(model, free, work), strict=True):
        _add(columns, row.puzzle, row.condition, -1, reply, cut)
    among = [row for row in work.rows if row.choices]
    for row, choice in zip(among, _likeliest(model, among, work), strict=True):
        _add(columns, row.puzzle, row.condition, choice, "", False)
    return {TABLE: pa.table(columns, schema=SCHEMA)}


def _add(columns: Mapping[str, list[object]], *values: object) -> None:
    for name, value in zip(SCHEMA.names, values, strict=True):
        columns[name].append(value)


def _replies(model: LoadedModel, rows: Sequence[Row], work: SilentWork) -> list[tuple[str, bool]]:
    if not rows or model.tokenizer is None:
        return []
    prompts = [row.prompt for row in rows]
    found = generate(model, prompts, most=work.most, seeds=[0] * len(rows), stop=frozenset(work.stop))
    return [(str(model.tokenizer.decode(list(each.said), skip_special_tokens=True)), not each.ended) for each in found]


def _likeliest(model: LoadedModel, rows: Sequence[Row], work: SilentWork) -> list[int]:
    flat = [Scored(row.prompt, choice) for row in rows for choice in row.choices]
    sums = iter(sum(values) for values in score(model, flat, batch_tokens=work.batch_tokens))
    each = [[next(sums) for _ in row.choices] for row in rows]
    return [totals.index(max(totals)) for totals in each]


def answers_of(spec: SilentSpec, tables: Tables) -> Answers:
    """What the tables say that each puzzle was answered in each condition."""
    grid: list[list[Said]] = [[MISSING] * len(spec.conditions) for _ in spec.puzzles]
    for row in tables[TABLE].to_pylist() if TABLE in tables else []:
        puzzle = spec.puzzles[row["puzzle"]]
        chosen = puzzle.choices[row["choice"]] if row["choice"] >= 0 else said(puzzle, row["reply"], cut=row["cut"])
        grid[row["puzzle"]][row["condition"]] = chosen
    return Answers(spec.puzzles, spec.conditions, tuple(tuple(each) for each in grid))


def nocot_of(spec: SilentSpec | None, tables: Tables) -> dict[str, Json] | None:
    """The `nocot` part of the reading's data; None where nothing was asked.

    Where the model can be asked no family at all, the part says so and has no figures.
    """
    if spec is None or (spec.rows and TABLE not in tables):
        return None
    told: dict[str, Json] = {
        "form": spec.form,
        "off": spec.off,
        "notes": list(spec.notes),
        "refused": list(spec.refused),
    }
    if spec.rows:
        return {**nocot(answers_of(spec, tables)), **told}
    nothing: dict[str, Json] = {"conditions": [], "paired": [], "by_difficulty": [], "slope": None, "families": []}
    return {**nothing, "counts": False, "says": f"cannot: {'; '.join(spec.refused) or 'there are no puzzles'}", **told}
