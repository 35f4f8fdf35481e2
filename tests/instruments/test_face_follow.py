"""What is asked next: it follows from the tables alone, ends, and finds what was planted in compositions."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from mesolens.angles.catalog import CATALOG
from mesolens.evidence.shards import Shard
from mesolens.instruments.face import FaceSpec, follow, read
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OWN
from mesolens.instruments.face.doses import MOST
from mesolens.instruments.face.follow import brackets, broken, first_stage, losses, natural, tail_names, tail_scores
from mesolens.instruments.face.search import budget
from mesolens.instruments.face.spec import Item, Search
from tests.instruments.face_tables import first_tables, reader, spec, stages, states_table

ROOT = Path(__file__).parents[2]
NATURAL = ("leet", "upper", "json", "yaml", "xml", "csv")
SMALL = Search(brackets=2, compositions=9, tail=8)


def searching(search: Search = SMALL, prompts: int = 8) -> FaceSpec:
    return replace(spec(NATURAL, prompts=prompts), search=search)


def whole(item: Item, angle: str, draw: int) -> int:
    return OWN


def at_depth(outcome: int, depth: int, every: int = 1) -> Callable[[Item, str, int], int]:
    """Replies of compositions of so many steps have the outcome, for every so many-th prompt."""
    return lambda item, angle, _: outcome if angle.count("|") + 1 == depth and int(item.id[5:]) % every == 0 else OWN


def keys(shards: list[Shard]) -> list[str]:
    return [shard.key for shard in shards]


@pytest.mark.parametrize(
    ("outcome", "depth", "every"), [(OTHER, 1, 1), (NOBODY, 2, 3), (MISSING, 1, 3), (MISSING, 3, 3)]
)
def test_a_run_ends_and_asks_nothing_twice(outcome: int, depth: int, every: int) -> None:
    asked = searching()
    tables, done = stages(asked, at_depth(outcome, depth, every))
    assert follow(reader(), asked, tables) == []
    every_key = [key for some in done for key in keys(some)]
    assert len(every_key) == len(set(every_key))


def test_what_cannot_be_asked_is_not_asked_again_and_has_lost_nothing() -> None:
    asked = searching()
    tables, _ = stages(asked, at_depth(MISSING, 3))
    deep = [name for name in dict.fromkeys(tables["face-replies"]["angle"].to_pylist()) if name.count("|") == 2]
    assert deep
    assert not any(any(row) for row in losses(asked, first_stage(asked, tables), tables, deep).values())


def test_a_run_begun_again_asks_for_the_same_shards_stage_by_stage() -> None:
    asked = searching()
    tables, done = stages(asked, at_depth(OTHER, 2))
    again, redone = stages(asked, at_depth(OTHER, 2))
    assert [keys(some) for some in redone] == [keys(some) for some in done]
    assert again == tables
    assert read(again, asked, reader()) == read(tables, asked, reader())


def test_the_search_finds_what_only_a_composition_breaks() -> None:
    asked = searching(Search(brackets=2, compositions=18, tail=0))
    tables, _ = stages(asked, at_depth(OTHER, 2))
    found = cast("dict[str, Any]", read(tables, asked, reader()).data["search"])
    assert found["best"].count("|") == 1
    assert found["own"] == 0.0
    assert found["trace"][-1] == [found["evaluations"], 0.0]
    assert found["evaluations"] <= found["spent"] <= 2 * budget(18, 8, asked.search.keep)
    assert found["spent"] - 16 < found["random_spent"] <= found["spent"], "as many, to a whole composition"


def test_halving_is_not_credited_with_what_others_asked() -> None:
    asked = searching(Search(brackets=1, compositions=6, depth=1, tail=0))
    tables, _ = stages(asked, whole)
    (bracket,) = brackets(asked, first_stage(asked, tables), tables)
    let_go = bracket.drawn[1]  # nothing is lost on its first prompts, and so the first one drawn goes on
    tables, _ = stages(asked, lambda item, angle, _: OTHER if angle == let_go and item.id == "item/7" else OWN)
    found = cast("dict[str, Any]", read(tables, asked, reader()).data["search"])
    assert found["best"] == let_go, "the first stage asked from it on every prompt"
    assert (found["trace"], found["evaluations"]) == ([], None)
    assert found["spent"] == 6, "who lost nothing on its first prompt is given up"


def test_nothing_is_found_where_nothing_breaks() -> None:
    asked = searching()
    tables, _ = stages(asked, whole)
    reading = read(tables, asked, reader())
    found = cast("dict[str, Any]", reading.data["search"])
    assert (found["own"], found["trace"], found["evaluations"]) == (1.0, [], None)
    assert (reading.verdict, reading.data["doses"]) == ("holds", [])


@pytest.mark.slow
def test_a_reading_does_not_depend_on_how_a_process_hashes() -> None:
    script = (
        "from tests.instruments.test_face_follow import *; import json; asked = searching();"
        "tables, _ = stages(asked, at_depth(OTHER, 2));"
        "print(json.dumps(read(tables, asked, reader()).to_json()))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
            capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert len(said[0]) > 1000
    assert said[0] == said[1]


def test_natural_steps_survive_can_be_undone_cost_little_and_break_nothing_alone() -> None:
    angles = ("leet", "upper", "json", "pirate", "prefill-role", "glued", "rot13", "reseed", "shuffled-words")
    asked = replace(spec(angles), search=SMALL)
    tables = first_tables(asked, lambda item, angle, _: OTHER if angle == "rot13" else OWN)
    rows = tables["face-states"].to_pylist()
    dear = [row | {"bits": 900.0} if row["angle"] in ("json", "glued") else row for row in rows]
    first = first_stage(asked, tables)
    assert [first.grid.angles[place] for place in broken(first, asked)] == ["rot13"]
    known = {str(each): each for each in first.compositions}
    allowed = {
        name
        for name, each in known.items()
        if each.survives and each.undoing != "none" and name not in ("rot13", "json", "glued", "identity", "reseed")
    }
    assert set(natural(asked, first, tables | {"face-states": states_table(dear)})) == allowed
    assert {"leet", "upper"} <= allowed
    assert natural(replace(asked, search=None), first, tables) == []


def test_only_what_broke_and_has_a_dial_is_tried_at_lesser_strengths() -> None:
    asked = spec(("leet", "typos", "json", "upper", "leet:0.5|json"))
    tables = first_tables(asked, lambda item, angle, _: OWN if angle in ("identity", "upper") else OTHER)
    more = follow(reader(), asked, tables)
    named = [name for shard in more for name in cast("dict[str, Any]", shard.depends["work"])["angles"]]
    dialled = [name for name in ("leet", "typos", "json", "upper") if CATALOG[name].dial]
    assert {"leet", "typos"} <= set(dialled)
    assert named == [f"{name}:{s}" for name in dialled if name not in ("json", "upper") for s in asked.strengths] + [
        f"json:{s}" for s in asked.strengths if CATALOG["json"].dial
    ]
    assert len({name.partition(":")[0] for name in named}) <= MOST
    unbroken = first_tables(asked, whole)
    assert follow(reader(), asked, unbroken) == []


def test_the_tail_rests_on_the_first_prompts_and_its_scores_are_what_was_lost() -> None:
    asked = replace(searching(Search(brackets=0, compositions=1, tail=12, tail_items=4)))
    tables, done = stages(asked, at_depth(OTHER, 2))
    first = first_stage(asked, tables)
    names = tail_names(asked, first, tables)
    assert len(names) == len(set(names)) == 12
    works = [cast("dict[str, Any]", shard.depends["work"]) for some in done[1:] for shard in some]
    assert {(work["first"], work["end"]) for work in works} == {(0, 4)}
    scores = tail_scores(asked, first, tables)
    np.testing.assert_allclose(scores, [name.count("|") == 1 for name in names], atol=1e-4)
