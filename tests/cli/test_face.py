"""`mesolens face`: data on stdout alone, the same run found again, and every bad input a line."""

import json
from pathlib import Path
from typing import Any

import pytest

from mesolens.evidence.reading import from_json
from mesolens.instruments import face
from mesolens.runs.store import Store
from tests.model.tiny import saved
from tests.runs.test_store import files

from .conftest import Mesolens
from .face_folder import options, small_pack


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    """What a small look is asked with."""
    return options(tmp_path)


def test_a_face_is_data_and_the_same_command_finds_it_again(
    mesolens: Mesolens, tmp_path: Path, small: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["face", "slide:mask-small", *small, "--out", tmp_path / "run"]
    found = mesolens(*command, "--json")
    assert found.code == 0, found.err
    rows: dict[str, Any] = {row["angle"]: row for row in found.data["angles"]}
    assert list(rows) == ["identity", "bell", "hour-midnight"]
    assert [name for name, row in rows.items() if row["called"]] == ["hour-midnight"]
    assert rows["hour-midnight"]["nobody"]["value"] + rows["hour-midnight"]["other"]["value"] > 0.8
    assert all(row["commonness"]["coverage"] is not None for row in rows.values())
    store = Store(tmp_path / "run")
    reading = from_json(store.read_json("readings/face"))
    assert reading.verdict == "breaks"
    assert json.loads(json.dumps(dict(reading.data))) == found.data
    assert found.err.splitlines()[-1] == f"report    {tmp_path / 'run' / 'report.html'}"
    assert "hour-midnight" in (tmp_path / "run" / "report.html").read_text("utf-8")

    kept = {part: files(tmp_path / "run" / part) for part in ("tables", "shards", "readings", "plans")}

    def asked_again(*_: object, **__: object) -> None:
        raise AssertionError("what is kept is measured again")

    monkeypatch.setattr(face, "measure", asked_again)
    people = mesolens(*command)
    assert people.code == 0, people.err
    assert {part: files(tmp_path / "run" / part) for part in kept} == kept
    assert people.out.startswith("slide:mask-small: breaks\n")
    for said in ("Controls", "The worst of 2 angles", "What it rests on", "hour-midnight", "not measured: base"):
        assert said in people.out
    other = mesolens(*command, "--seed", "3")
    assert (other.code, other.out) == (2, "")
    assert "holds another run (it differs in " in other.err.splitlines()[-1]


@pytest.mark.slow
def test_an_interrupted_look_goes_on_where_it_was(
    mesolens: Mesolens, tmp_path: Path, small: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure, done = face.measure, list[str]()

    def stopped(model: Any, shard: Any, *, against: Any) -> Any:
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(shard.key)
        return measure(model, shard, against=against)

    command = ["face", "slide:mask-small", *small, "--out", tmp_path / "run"]
    monkeypatch.setattr(face, "measure", stopped)
    ended = mesolens(*command)
    assert (ended.code, ended.out) == (3, "")
    assert "4 of 7 shards kept; the same command resumes" in ended.err.splitlines()[-1]
    first, done = [*done], list[str]()

    def counted(model: Any, shard: Any, *, against: Any) -> Any:
        done.append(shard.key)
        return measure(model, shard, against=against)

    monkeypatch.setattr(face, "measure", counted)
    assert mesolens(*command).code == 0
    assert not set(first) & set(done)
    assert {file.stem for file in (tmp_path / "run" / "shards").glob("*.json")} == {*first, *done}


@pytest.mark.slow
def test_angles_of_ones_own_are_looked_from(mesolens: Mesolens, tmp_path: Path, small: list[str]) -> None:
    late = {"name": "late", "family": "context", "about": "It is late.", "kind": "before", "text": "It is midnight."}
    both = {"name": "late-and-loud", "family": "context", "about": "Both.", "kind": "composition", "text": "late|upper"}
    tables = ("".join(f'{key} = "{value}"\n' for key, value in row.items()) for row in (late, both))
    (tmp_path / "own.toml").write_text("".join(f"[[angle]]\nsurvives = true\n{table}\n" for table in tables))
    found = mesolens("face", "slide:mask-small", *small, "--angles", tmp_path / "own.toml", "--json")
    assert found.code == 0, found.err
    rows_of = {row["angle"]: row for row in found.data["angles"]}
    assert list(rows_of) == ["identity", "late", "late-and-loud"]
    assert rows_of["late"]["called"] is True


@pytest.mark.slow
def test_greedy_replies_are_asked_for_with_a_temperature_of_nought(mesolens: Mesolens, small: list[str]) -> None:
    found = mesolens("face", "slide:mask-small", *small, "--temperature", "0", "--json", "--angles", "reseed")
    assert found.code == 0, found.err
    (reseed,) = [row for row in found.data["angles"] if row["angle"] == "reseed"]
    assert reseed["change"]["value"] == 0.0
    assert reseed["own"]["value"] == found.data["angles"][0]["own"]["value"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--angles", "hour-midnite"), ("'hour-midnite' is no angle: did you mean hour-midnight",)),
        (("--angles", "bell|leet:7"), ("the strength of leet is '7'",)),
        (("--angles", "bell\x1b[2J"), ("is no angle",)),
        (("--temperature", "-1"), ("--temperature is -1", "0 for the likeliest token")),
        (("--temperature", "inf"), ("--temperature is inf",)),
        (("--most", "0"), ("--most is 0",)),
        (("--budget", "lavish"), ("--budget is 'lavish'", "quick, standard, deep")),
        (("--pack", "/no/such/pack"), ("/no/such/pack",)),
        (("--bank", "/no/such/bank"), ("/no/such/bank",)),
        (("--traits", "/no/such/traits"), ("/no/such/traits",)),
        (("--corpus", "/no/such/text"), ("/no/such/text is no text",)),
        (("--base", "slide:mask-small"), ("same weights", "nothing was tuned")),
        (("--base", "/no/such/model"), ("/no/such/model",)),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(
    mesolens: Mesolens, tmp_path: Path, small: list[str], arguments: tuple[str, ...], said: tuple[str, ...]
) -> None:
    before = set(tmp_path.rglob("*"))
    assert mesolens("face", "slide:mask-small", *small, "--out", tmp_path / "run", *arguments).refused(2, *said)
    assert set(tmp_path.rglob("*")) == before


def test_a_base_of_other_tokens_is_refused_by_name(
    mesolens: Mesolens, tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = saved(tmp_path / "other")
    capsys.readouterr()  # the bar of its writing
    found = mesolens("face", "slide:mask-small", *small, "--base", other)
    assert found.refused(2, "has another vocabulary than slide:mask-small")


def test_a_model_without_a_tokenizer_is_refused(
    mesolens: Mesolens, tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    mute = saved(tmp_path / "mute", with_tokenizer=False)
    capsys.readouterr()  # the bar of its writing
    assert mesolens("face", mute, *small).refused(2, "has no tokenizer")


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("prompts.jsonl", lambda text: "{", "not JSON"),
        ("prompts.jsonl", lambda text: "".join(text.splitlines(keepends=True)[:29]), "29 prompts; the face needs 30"),
        ("face.toml", lambda text: text + "[[angle]]\nname = 'bell'\n", "two angles are 'bell'"),
    ],
)  # fmt: skip
def test_a_damaged_pack_is_refused_with_its_place(
    mesolens: Mesolens, tmp_path: Path, name: str, spoil: Any, said: str
) -> None:
    folder = small_pack(tmp_path / "pack")
    file = next(path for path in (tmp_path / "pack").rglob("*") if path.name == name)
    file.write_text(spoil(file.read_text()))
    assert mesolens("face", "slide:mask-small", "--pack", folder, "--angles", "bell").refused(2, said)


def test_replies_longer_than_the_window_are_refused_and_leave_nothing(
    mesolens: Mesolens, tmp_path: Path, small: list[str]
) -> None:
    before = set(tmp_path.rglob("*"))
    ended = mesolens("face", "slide:mask-small", *small, "--most", "5000", "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (2, "")
    *_, line = ended.err.splitlines()
    for said in ("do not fit the window of slide:mask-small, 512 tokens", "a reply of 5000", "a smaller --most"):
        assert said in line
    assert set(tmp_path.rglob("*")) == before
