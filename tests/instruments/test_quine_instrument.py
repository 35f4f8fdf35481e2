"""The instrument from plan to reading: what is keyed, what is skipped, and what is concluded from verdicts."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading, from_json
from mesolens.instruments import quine
from mesolens.instruments.quine.asking import measure
from mesolens.instruments.quine.concluding import read
from mesolens.instruments.quine.honesty import Bench
from mesolens.instruments.quine.judging import judge_reply
from mesolens.instruments.quine.ladder import items
from mesolens.instruments.quine.spec import QuineSpec
from mesolens.instruments.quine.table import SCHEMA, TABLE
from mesolens.instruments.quine.work import asked_of, plan
from mesolens.model.card import ModelCard
from mesolens.runs.chapters import Instrument
from tests.instruments.quines import solved
from tests.instruments.tiny import build
from tests.runs.card import card as a_card


@pytest.fixture
def card() -> ModelCard:
    return replace(a_card(), tokenizer_hash="words")


SPEC = QuineSpec(items(2, 0), shard_items=8)


def table(spec: QuineSpec, **columns: object) -> dict[str, pa.Table]:
    """A row for each item, with the same in every row but for columns given as lists."""
    same: dict[str, object] = {"missing": "", "reply": "", "ended": True, "program": "p", "verdict": "wrong"}
    same |= {"reason": "r", "checks": [], "family": "percent", "likeness": 0.9}
    same |= {"comments": 0.25, "dead_code": 0.0, "ms": 20.0, **columns}
    rows = [
        {
            **{name: value[at] if isinstance(value, list) and value else value for name, value in same.items()},
            "id": item.id,
            "item": item.id,
            "rung": item.rung,
            "language": item.language,
            "prompt": item.prompt,
        }
        for at, item in enumerate(spec.items)
    ]
    return {TABLE: pa.Table.from_pylist(rows, schema=SCHEMA)}


def test_it_is_an_instrument() -> None:
    assert isinstance(quine, Instrument)
    assert quine.NAME == "quine"
    assert set(dir(quine)) >= {"plan", "measure", "follow", "read", "cost"}


def test_shards_hold_all_items_once_and_give_them_back(card: ModelCard) -> None:
    shards = plan(card, SPEC)
    assert [item for shard in shards for item in asked_of(shard).items] == list(SPEC.items)
    assert sum(shard.rows for shard in shards) == len(SPEC.items)
    assert asked_of(shards[0]).limits == SPEC.limits
    keys = {shard.key for shard in shards}
    assert keys.isdisjoint(shard.key for shard in plan(card, replace(SPEC, most=9)))
    assert keys.isdisjoint(shard.key for shard in plan(replace(card, weights_hash="other"), SPEC))
    assert keys == {shard.key for shard in plan(card, replace(SPEC, novel_below=0.5))}


def test_what_cannot_be_planned_is_refused(card: ModelCard) -> None:
    for spec in (replace(SPEC, items=()), replace(SPEC, draws=0)):
        with pytest.raises(BadInput):
            plan(card, spec)
    with pytest.raises(BadInput, match="no tokenizer"):
        plan(replace(card, tokenizer_hash=""), SPEC)


def test_without_a_sandbox_nothing_is_asked_and_the_reading_says_why(card: ModelCard) -> None:
    spec = replace(SPEC, why_not="bubblewrap is not installed")
    (shard,) = plan(card, spec)
    found = measure(build("llama"), shard)
    reading = read(found, spec, card)
    assert reading.verdict == "skipped, because bubblewrap is not installed"
    assert reading.data["sandbox"] == {
        "available": False,
        "why": "bubblewrap is not installed",
        "limits": spec.limits.to_json(),
    }
    assert reading.data["programs"] == []
    assert from_json(reading.to_json()) == reading


def words(reading: Reading) -> tuple[str, float]:
    share = next(number for number in reading.numbers if number.name == "honest programs")
    return reading.verdict, share.value


def test_one_honest_program_is_enough_and_none_takes_many(card: ModelCard) -> None:
    many = len(SPEC.items)
    verdicts = ["honest", *["wrong"] * (many - 1)]
    assert words(read(table(SPEC, verdict=verdicts), SPEC, card)) == ("writes quines", pytest.approx(1 / many))
    assert words(read(table(SPEC), SPEC, card)) == ("writes none", 0.0)
    few = replace(SPEC, items=SPEC.items[:3])
    assert words(read(table(few), few, card)) == ("not determined", 0.0)


def test_replies_that_were_cut_say_nothing_of_what_it_cannot(card: ModelCard) -> None:
    assert words(read(table(SPEC, ended=False), SPEC, card)) == ("not determined", 0.0)


def test_a_model_that_cannot_be_asked_is_not_judged(card: ModelCard) -> None:
    reading = read(table(SPEC, missing="too long"), SPEC, card)
    assert reading.verdict == "not determined"
    assert "too long" in reading.sentence
    assert reading.numbers == ()


def test_rungs_count_honest_and_new_programs(card: ModelCard) -> None:
    rng = np.random.default_rng(0)
    hits, like = rng.random(len(SPEC.items)) < 0.5, rng.random(len(SPEC.items))
    verdicts = ["honest" if hit else "cheats" for hit in hits]
    reading = read(table(SPEC, verdict=verdicts, likeness=like.tolist()), SPEC, card)
    for rung in reading.data["rungs"]:  # pyright: ignore[reportGeneralTypeIssues, reportOptionalIterable]
        assert isinstance(rung, dict)
        mine = np.array([item.rung == rung["name"] for item in SPEC.items])
        assert rung["items"] == mine.sum()
        assert rung["honest"] == (mine & hits).sum()
        assert rung["novel"] == (mine & hits & (like < SPEC.novel_below)).sum()
        assert 0 <= rung["low"] <= rung["honest"] / rung["items"] <= rung["high"] <= 1


def test_a_reply_without_a_program_is_told_from_a_wrong_one(jail: Bench) -> None:
    (item,) = items(1, 0, rungs=["identifier"], languages=["python"])
    said = {
        "I would rather not.": "no program",
        "": "no program",
        "```python\n\n```": "no program",
        "```python\nprint(1)\n```": "wrong",
        "```python\nwhile 1: print(1)\n```": "stopped",
        f"```python\n{item.nonce}=1;print(open(__file__).read(),end='')\n```": "cheats",
        f"```python\n{solved(item)[0].replace(item.nonce, 'other')}\n```": "breaks constraint",
        f"```python\n{solved(item)[0]}\n```": "honest",
    }
    assert {reply: judge_reply(jail, item, reply).verdict for reply in said} == said


@pytest.mark.parametrize("rung", ["relay", "generations", "multi", "reversed"])
def test_a_sequence_that_looks_at_itself_on_the_way_cheats(jail: Bench, rung: str) -> None:
    (item,) = items(1, 0, rungs=[rung], languages=["python"])
    name, number = item.nonce, item.number
    cheats = {
        "reversed": [f"{name}=open(__file__).read()\nprint({name}[::-1],end='')"],
        "relay": [f"import json\n{name}=open(__file__).read()\nprint('{name}='+json.dumps({name})+';print({name})')"],
        "generations": [
            f"n=0\n{name}=open(__file__).read()\nprint({name}.replace('n=%d'%n,'n=%d'%((n+1)%{number}),1),end='')\n"
        ],
        "multi": [
            f"import sys\nn={n}\n{name}=open(__file__).read()\n"
            f"print({name}.replace('n=%d'%n,'n=%d'%((n+len(sys.argv)-1)%2),1),end='')\n"
            for n in range(2)
        ],
    }
    reply = "".join(f"```python\n{text}\n```\n" for text in cheats[rung])
    judged = judge_reply(jail, item, reply)
    assert judged.verdict in ("cheats", "wrong"), judged
    if rung in ("generations", "multi"):
        assert judged.verdict == "cheats", judged


def test_a_reader_that_died_is_begun_anew(jail: Bench) -> None:
    with Bench(jail.room, jail.limits) as bench:
        (item,) = items(1, 0, rungs=["identifier"], languages=["python"])
        reply = f"```python\n{solved(item)[0]}\n```"
        assert judge_reply(bench, item, reply).verdict == "honest"
        child = bench._reader._child  # pyright: ignore[reportPrivateUsage]
        assert child is not None
        child.kill()
        child.wait()
        assert judge_reply(bench, item, reply).verdict == "honest"
