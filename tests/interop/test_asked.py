"""Packs of questions: what is written is read again, and marks tell any two packs apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.interop.asked import ROLES, Asked, check_pack, pack_mark, read_pack, row_from, write_pack

TEA = Asked("tea", "leet:0.3|json", 0.3, 2, (("system", "Be brief."), ("user", "t3a?")))
TEXT = st.text(max_size=12)
FIELDS = st.tuples(
    TEXT,
    TEXT,
    st.floats(0, 1),
    st.integers(-5, 5),
    st.lists(st.tuples(st.sampled_from(ROLES), TEXT), min_size=1, max_size=3).map(tuple),
)
PACKS = st.lists(FIELDS, min_size=1, max_size=6, unique_by=lambda each: (each[0], each[1], f"{each[2]:g}", each[3]))


@given(PACKS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_pack_that_is_written_is_read_again(tmp_path: Path, pack: list[tuple]) -> None:
    rows = [Asked(*fields) for fields in pack]
    if len({row.name for row in rows}) < len(rows):
        return
    write_pack(rows, tmp_path / "pack.jsonl")
    assert read_pack(tmp_path / "pack.jsonl") == rows


@given(PACKS, st.randoms())
def test_a_packs_mark_is_that_of_its_rows_in_any_order_and_of_no_other(pack: list[tuple], chance: object) -> None:
    rows = [Asked(*fields) for fields in pack]
    mixed = list(rows)
    chance.shuffle(mixed)  # pyright: ignore
    assert pack_mark(mixed) == pack_mark(rows)
    assert pack_mark(rows[1:]) != pack_mark(rows)
    turned = replace(rows[0], messages=(*rows[0].messages, ("user", "x")))
    assert pack_mark([turned, *rows[1:]]) != pack_mark(rows)


def test_a_strength_has_one_mark_however_it_is_written() -> None:
    one = row_from(
        {**json.loads(json.dumps({"item": "a", "angle": "", "seed": 0})), "strength": 1, "messages": [["user", "b"]]}
    )
    assert one.mark == Asked("a", "", 1.0, 0, (("user", "b"),)).mark


@pytest.mark.parametrize("change", [{"item": "x"}, {"angle": ""}, {"strength": 0.31}, {"seed": 3}])
def test_every_field_counts_for_the_mark(change: dict[str, object]) -> None:
    assert replace(TEA, **change).mark != TEA.mark  # pyright: ignore


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"messages": ()}, "'tea' asks nothing"),
        ({"messages": (("tool", "x"),)}, "message of 'tool'"),
        ({"strength": 1.5}, "turned by 1.5"),
        ({"strength": float("nan")}, "turned by nan"),
    ],
)
def test_rows_that_cannot_be_asked_are_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        replace(TEA, **change)  # pyright: ignore


def test_rows_that_could_not_be_told_apart_are_refused() -> None:
    with pytest.raises(BadInput, match="give each its own seed"):
        check_pack([TEA, replace(TEA, messages=(("user", "other"),))])
    with pytest.raises(BadInput, match="without rows"):
        check_pack([])


GOOD = {"item": "a", "angle": "", "strength": 0.5, "seed": 1, "messages": [["user", "b"]]}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "pack.jsonl:2: not JSON"),
        ("[]", "pack.jsonl:2: a row has the fields"),
        (json.dumps({**GOOD, "more": 1}), "fields item, angle"),
        (json.dumps({**GOOD, "item": 3}), "texts"),
        (json.dumps({**GOOD, "messages": [["user"]]}), "pairs"),
        (json.dumps({**GOOD, "messages": [["user", 4]]}), "pairs"),
        (json.dumps({**GOOD, "messages": "hi"}), "pairs"),
        (json.dumps({**GOOD, "seed": 1.5}), "whole number"),
        (json.dumps({**GOOD, "seed": True}), "whole number"),
        (json.dumps({**GOOD, "strength": "1"}), "number"),
        (json.dumps({**GOOD, "messages": []}), "asks nothing"),
    ],
)
def test_lines_that_are_no_rows_are_refused_by_place(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "pack.jsonl").write_text(json.dumps({**GOOD, "seed": 7}) + "\n" + line, "utf-8")
    with pytest.raises(BadInput, match=says):
        read_pack(tmp_path / "pack.jsonl")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.jsonl").write_bytes(b"\xff\xfe")
    for name in ("pack.jsonl", "nowhere.jsonl"):
        with pytest.raises(BadInput, match="cannot be read"):
            read_pack(tmp_path / name)
