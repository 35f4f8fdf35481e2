"""The heavy step: a model replies to some items, and each reply's program is judged in the sandbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyarrow as pa

from mesolens.errors import BadInput
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.quine.begun_anew import Replied, begun_anew, spoken
from mesolens.instruments.quine.honesty import bench
from mesolens.instruments.quine.judging import Judged, judge_reply
from mesolens.instruments.quine.spec import Item, QuineSpec
from mesolens.instruments.quine.table import PLANNING, PLANNING_SCHEMA, SCHEMA, TABLE
from mesolens.instruments.quine.work import asked_of
from mesolens.model.generating import endings, generate
from mesolens.model.loaded import LoadedModel
from mesolens.model.question import Question
from mesolens.model.writing import written

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """An item put to the model once; `missing` says why it cannot be."""

    item: Item
    draw: int
    prompt: tuple[int, ...]
    missing: str


def measure(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
    """`quine-programs`: for each item and draw the reply, the program in it, and the verdict with its checks.

    `quine-planning` has the replies that were begun anew. Where the specification says that there is no sandbox,
    nothing is asked and the tables are empty.

    Raises:
        Unsafe: the sandbox that the plan counted on is not there.
    """
    del against
    spec = asked_of(shard)
    asked = [_asked(model, spec, item, draw) for item in spec.items for draw in range(spec.draws)]
    rows, anew = ([], []) if spec.why_not else _rows(model, spec, asked)
    return {
        TABLE: pa.Table.from_pylist(rows, schema=SCHEMA),
        PLANNING: pa.Table.from_pylist(anew, schema=PLANNING_SCHEMA),
    }


def _asked(model: LoadedModel, spec: QuineSpec, item: Item, draw: int) -> Asked:
    try:
        prompt = written(model.tokenizer, Question(item.prompt, system=spec.system)).ids
    except BadInput as problem:
        return Asked(item, draw, (), str(problem))
    window = model.card.window
    if window is not None and len(prompt) + spec.most > window:
        return Asked(
            item, draw, (), f"{len(prompt)} tokens and a reply of {spec.most} do not fit the window of {window}"
        )
    return Asked(item, draw, prompt, "")


def _rows(model: LoadedModel, spec: QuineSpec, asked: Sequence[Asked]) -> tuple[list[Row], list[Row]]:
    put = [each for each in asked if not each.missing]
    said = generate(
        model,
        [each.prompt for each in put],
        most=spec.most,
        seeds=[_seed(spec, each) for each in put],
        stop=endings(model),
        temperature=spec.temperature,
    )
    replies = iter(said)
    rows: list[Row] = []
    with bench(spec.limits) as table:
        for each in asked:
            known = _known(each, spec.draws)
            if not each.missing:
                made = next(replies)
                reply = spoken(model, made.said)
                known |= {"reply": reply, "ended": made.ended, **_row(judge_reply(table, each.item, reply))}
            rows.append(known)
        first = [(each, made) for each, made in zip(put, said, strict=True) if each.draw == 0]
        told = [Replied(each.item, each.prompt, tuple(made.said)) for each, made in first]
        return rows, begun_anew(model, spec, table, told)


def _seed(spec: QuineSpec, asked: Asked) -> int:
    return int.from_bytes(sha256(f"{spec.seed}/{asked.item.id}/{asked.draw}".encode()).digest()[:6], "big")


def _known(asked: Asked, draws: int) -> Row:
    item = asked.item
    return {
        "id": item.id if draws == 1 else f"{item.id}/{asked.draw}",
        "item": item.id,
        "rung": item.rung,
        "language": item.language,
        "prompt": item.prompt,
        "missing": asked.missing,
    }


def _row(judged: Judged) -> Row:
    near = judged.nearest
    return {
        "program": judged.program,
        "verdict": judged.verdict,
        "reason": judged.reason,
        "checks": [{"name": check.name, "passed": check.passed, "says": check.says} for check in judged.checks],
        "family": None if near is None else near.family,
        "likeness": None if near is None else near.likeness,
        "comments": judged.comments,
        "dead_code": judged.dead_code,
        "ms": judged.ms,
    }
