"""`mesolens depth`: data on stdout alone, the same run found again or gone on with, and every bad input a line."""

import json
from pathlib import Path
from typing import Any

import pytest

from mesolens.evidence.reading import from_json
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments import depth
from mesolens.model.loaded import LoadedModel
from mesolens.runs.store import Store
from mesolens.traits.tasks import Item
from tests.instruments.chained import STEPS, chained, items

from .conftest import Mesolens


def line(item: Item) -> str:
    """An item as the file holds it."""
    others = [{"value_id": s.other.value, "answer_id": s.other.answer} for s in item.steps if s.other is not None]
    steps = [{"name": step.name, "value_id": step.value} for step in item.steps]
    ids = {"prompt_ids": item.prompt, "answer_ids": [item.answer], "choices_ids": item.choices}
    return json.dumps({**ids, "steps": steps, "counterfactual": others, "k": item.k, "presentation": "by hand"})


@pytest.fixture(scope="module")
def glass(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model set by hand, and its task beside it."""
    folder = tmp_path_factory.mktemp("glass")
    chained("glass").module.save_pretrained(folder)
    (folder / "task.jsonl").write_text("\n".join(map(line, items(80))))
    return folder


def command(glass: Path, run: Path) -> list[object]:
    return ["depth", glass, "--task", glass / "task.jsonl", "--budget", "quick", "--out", run]


def test_depth_is_data_of_the_contract_and_the_same_command_finds_it_again(
    mesolens: Mesolens, tmp_path: Path, glass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    found = mesolens(*command(glass, run), "--json")
    assert found.code == 0, found.err
    data: dict[str, Any] = found.data
    assert data.keys() >= {"task", "read", "present", "used", "k50", "bound", "nocot", "planning"}
    assert all(data[name]["says"].startswith("cannot: the model has no tokenizer") for name in ("nocot", "planning"))
    assert data["task"]["steps"] == ["step 1", "step 2", "step 3"]
    assert data["task"]["accuracy"] == 1.0
    assert data["read"].keys() >= {"lens", "cells", "chance", "tuned"}
    assert data["present"].keys() >= {"cells", "shuffled", "newborn", "chance"}
    assert data["used"].keys() >= {"cells", "patched", "chance"}
    for part in ("read", "present", "used"):
        cells = data[part]["cells"]
        assert [len(row) for row in cells] == [STEPS] * (STEPS + 1)
        assert all(cell["low"] <= cell["value"] <= cell["high"] for row in cells for cell in row)
        assert len(data[part]["chance"]) == STEPS
    assert data["k50"][0]["says"] == "beyond k = 3: accuracy is still 1.00 there"
    assert data["bound"] == {
        "layers": 3,
        "serial": 6,
        "says": "at most 6 serial steps without a token: 6 attention and perceptron writes in 3 blocks",
    }
    reading = from_json(Store(run).read_json("readings/depth"))
    assert reading.verdict == "thinks in steps"
    assert json.loads(json.dumps(dict(reading.data))) == data
    assert (run / "report.html").is_file()

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("what is kept is measured again")

    monkeypatch.setattr(depth, "measure", asked_again)
    people = mesolens(*command(glass, run))
    assert people.code == 0, people.err
    assert "thinks in steps" in people.out.splitlines()[0]
    for title in ("READ", "PRESENT", "USED", "by hand: beyond k = 3"):
        assert title in people.out


def test_a_run_that_was_stopped_goes_on_with_what_it_lacks(
    mesolens: Mesolens, tmp_path: Path, glass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []
    whole = depth.measure

    def counted(model: LoadedModel, shard: Shard, *, against: LoadedModel | None = None) -> Tables:
        measured.append(str(shard.depends["kind"]))
        if len(measured) == 3:
            raise KeyboardInterrupt
        return whole(model, shard, against=against)

    monkeypatch.setattr(depth, "measure", counted)
    stopped = mesolens(*command(glass, tmp_path / "run"), "--json")
    assert (stopped.code, stopped.out) == (3, "")
    assert mesolens(*command(glass, tmp_path / "run"), "--json").code == 0
    assert measured == ["answers", "read", "tuned", "tuned", "tuned", "present", "newborn", "used", "used"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{", ("bad.jsonl:2", "not JSON")),
        ('{"prompt_ids": [1], "answer_ids": [1, 2]}', ("bad.jsonl:2", "has 2 tokens")),
        ('{"prompt_ids": [1], "answer_ids": [9999]}', ("bad.jsonl:2", "token id 9999")),
        ('{"prompt": "a", "answer": "b"}', ("no tokenizer",)),
    ],
)
def test_a_bad_task_is_one_line_and_leaves_nothing(
    mesolens: Mesolens, tmp_path: Path, glass: Path, written: str, said: tuple[str, ...]
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(line(items(1)[0]) + "\n" + written + "\n")
    assert mesolens("depth", glass, "--task", file, "--out", tmp_path / "run").refused(2, *said)
    assert set(tmp_path.iterdir()) == {file}


def test_other_bad_input_is_one_line(mesolens: Mesolens, tmp_path: Path, glass: Path) -> None:
    assert mesolens("depth", glass, "--task", tmp_path / "none.jsonl").refused(2, "none.jsonl")
    assert mesolens("depth", glass, "--texts", tmp_path / "none.txt").refused(2, "none.txt")
    assert mesolens("depth", glass, "--budget", "lavish").refused(2, "--budget is 'lavish'")
    assert mesolens("depth", "slide:nobody").refused(2, "'nobody'")


def test_a_text_takes_the_place_of_the_prompts_for_the_tuned_lens(mesolens: Mesolens, tmp_path: Path) -> None:
    text, task = tmp_path / "text.txt", tmp_path / "task.jsonl"
    text.write_text("The cat is here. The dog is there. " * 60)
    rows = [
        {"prompt": f"The {a} is", "answer": f" {b}", "steps": [{"value": " a"}]} for a in ["cat", "dog"] for b in "ab"
    ]
    task.write_text(
        "\n".join(json.dumps({**row, "answer": " the" if row["answer"] == " b" else " a"}) for row in rows * 4)
    )
    both = [mesolens("depth", "slide:mask-small", "--task", task, *more, "--json") for more in ((), ("--texts", text))]
    assert [found.code for found in both] == [0, 0], both[1].err
    assert all(found.data["read"]["tuned"] is not None for found in both)
    runs = [json.loads(path.read_text()) for path in (tmp_path / "mesolens-runs").glob("*/readings/depth.json")]
    assert sorted(run["protocol"]["tuned lens"] for run in runs) == [
        "on given texts",
        "on the prompts of the other half by group",
    ]


def test_a_twin_tells_the_gap_and_its_own_weights_are_refused(mesolens: Mesolens, tmp_path: Path, glass: Path) -> None:
    """Both models are set by hand: the second one's steps cannot be read, and it answers as the first does."""
    other = tmp_path / "other"
    chained("hidden").module.save_pretrained(other)
    run = tmp_path / "run"
    found = mesolens(*command(glass, run), "--myopic", other, "--json")
    assert found.code == 0, found.err
    gap = found.data["planning"]["myopia"]
    assert gap["rows"] == 80
    assert abs(gap["gap"]) < 0.5
    assert gap["low"] <= gap["gap"] <= gap["high"]
    assert "depth-myopia" in Store(run).tables("depth")
    same = mesolens(*command(glass, tmp_path / "same"), "--myopic", glass, "--json")
    assert same.code == 2
    assert "--myopic" in same.err
    assert "same weights" in same.err
