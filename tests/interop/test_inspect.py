"""Inspect: a pack that goes through a run of Inspect comes back whole, and nothing else comes back as it."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mesolens.errors import BadInput
from mesolens.interop import inspect_log, inspect_task
from mesolens.interop.asked import Asked, pack_mark
from mesolens.interop.inspect_log import read_log
from mesolens.interop.inspect_task import task

INSTALLED = find_spec("inspect_ai") is not None
needs_inspect = pytest.mark.skipif(not INSTALLED, reason="needs inspect-ai: pip install mesolens[inspect]")
ROWS = [
    Asked("tea", "", 0.0, 0, (("user", "Is tea good?"),)),
    Asked("tea", "leet:0.3", 0.3, 1, (("system", "Be brief."), ("user", "1s t3a g00d?"))),
    Asked("tea", "leet:0.3", 0.3, 2, (("system", "Be brief."), ("user", "1s t3a g00d?"))),
    Asked("fox ü", "prefill", 1.0, 0, (("user", "Say hi."), ("assistant", "H"), ("user", " go\non"))),
]


@pytest.fixture(autouse=True)
def warnings_of_others() -> Iterator[None]:
    """Inspect and what it stands on may warn; that is theirs."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ran(folder: Path, rows: list[Asked], reply: Callable[..., Any], **options: Any) -> Path:
    """The log of a run of a pack on a model that replies as told."""
    from inspect_ai import eval as run
    from inspect_ai.model import get_model

    model = get_model("mockllm/model", custom_outputs=reply, memoize=False)
    settings = {"log_dir": str(folder), "display": "none", "log_format": "json", **options}
    (log,) = run(task(rows, "face"), model=model, **settings)
    return Path(log.location.removeprefix("file://"))


def said(words: str, stop: str = "stop") -> Any:
    """A reply, with the usage that Inspect would go on the net to count."""
    from inspect_ai.model import ModelOutput, ModelUsage

    output = ModelOutput.from_content("mockllm", words, stop_reason=stop)  # pyright: ignore
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output


def echo(messages: list[Any], tools: object, choice: object, config: Any) -> Any:
    """A reply that tells what was asked, and with which seed."""
    return said(f"{messages[-1].text}/{len(messages)}/{config.seed}/{config.max_tokens}")


@needs_inspect
@pytest.mark.parametrize("form", ["json", "eval"])
def test_a_pack_comes_back_with_the_replies_to_its_own_rows(tmp_path: Path, form: str) -> None:
    log = read_log(ran(tmp_path, ROWS, echo, log_format=form), pack_mark(ROWS))
    assert (log.model, log.pack, log.whole) == ("mockllm/model", pack_mark(ROWS), True)
    assert {each.asked.name for each in log.rows} == {row.name for row in ROWS}
    for each in log.rows:
        assert each.asked in ROWS
        messages = each.asked.messages
        assert each.reply == f"{messages[-1][1]}/{len(messages)}/{each.asked.seed}/{inspect_task.LONGEST}"
        assert each.why == "stop"


@needs_inspect
def test_a_log_of_another_pack_is_refused(tmp_path: Path) -> None:
    path = ran(tmp_path, ROWS, echo)
    with pytest.raises(BadInput, match=f"answers the pack {pack_mark(ROWS)}, not {pack_mark(ROWS[:2])}"):
        read_log(path, pack_mark(ROWS[:2]))


@needs_inspect
def test_a_run_that_stopped_half_way_is_read_and_says_so(tmp_path: Path) -> None:
    log = read_log(ran(tmp_path, ROWS, echo, limit=2), pack_mark(ROWS))
    assert not log.whole
    assert [each.asked for each in log.rows] == ROWS[:2]


@needs_inspect
def test_a_reply_that_did_not_come_is_missing_and_not_empty(tmp_path: Path) -> None:
    def failing(messages: list[Any], tools: object, choice: object, config: Any) -> Any:
        if config.seed == 1:
            raise RuntimeError("out of \x1b[2J luck")
        return said("" if config.seed == 2 else "yes", "max_tokens")

    log = read_log(ran(tmp_path, ROWS, failing, fail_on_error=False))
    replies = {each.asked.name: (each.reply, each.why) for each in log.rows}
    assert log.whole
    assert replies[ROWS[0].name] == ("yes", "max_tokens")
    assert replies[ROWS[2].name] == ("", "max_tokens")
    reply, why = replies[ROWS[1].name]
    assert reply is None
    assert "luck" in why
    assert "\x1b" not in why


@needs_inspect
def test_rows_that_were_asked_more_than_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="more than once"):
        read_log(ran(tmp_path, ROWS, echo, epochs=2))


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A log with something else in it."""
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")
    return path


def another_question(log: dict[str, Any]) -> None:
    log["samples"][0]["input"][-1]["content"] = "Is coffee good?"


def another_angle(log: dict[str, Any]) -> None:
    log["samples"][1]["metadata"]["angle"] = "upper"


def no_angle(log: dict[str, Any]) -> None:
    del log["samples"][1]["metadata"]["angle"]


def a_row_of_somebody(log: dict[str, Any]) -> None:
    sample = next(each for each in log["samples"] if each["id"] == ROWS[0].name)
    sample["metadata"] |= {"item": "other", inspect_task.MARK: replace(ROWS[0], item="other").mark}


def no_pack(log: dict[str, Any]) -> None:
    log["eval"]["metadata"] = {}


def a_later_form(log: dict[str, Any]) -> None:
    log["eval"]["metadata"][inspect_task.FORMAT] = 2


def still_running(log: dict[str, Any]) -> None:
    log["status"] = "started"


def plain_input(log: dict[str, Any]) -> None:
    log["samples"][0]["input"] = "Is tea good?"


@needs_inspect
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (another_question, "does not hold what its row asked"),
        (another_angle, "does not hold what its row asked"),
        (no_angle, "are texts"),
        (a_row_of_somebody, "rows are not those of its pack"),
        (no_pack, "holds no pack of Mesolens"),
        (a_later_form, "in form 1"),
        (still_running, "not over"),
        (plain_input, "asks nothing"),
    ],
)
def test_a_log_with_something_else_in_it_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    path = changed(ran(tmp_path, ROWS, echo), change)
    with pytest.raises(BadInput, match=says):
        read_log(path)


@needs_inspect
def test_files_that_are_no_logs_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", "utf-8")
    (tmp_path / "b.eval").write_text("no archive", "utf-8")
    with zipfile.ZipFile(tmp_path / "c.eval", "w") as archive:
        archive.writestr("header.json", "[]")
    (tmp_path / "d.txt").write_text("", "utf-8")
    for name, says in (("a.json", "cannot be read"), ("b.eval", "cannot"), ("c.eval", "cannot"), ("d.txt", "ends in")):
        with pytest.raises(BadInput, match=says) as refusal:
            read_log(tmp_path / name)
        assert "\n" not in str(refusal.value)
    with pytest.raises(BadInput, match="there is no log"):
        read_log(tmp_path / "nowhere.eval")


def absent(name: str) -> object:
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_without_inspect_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", "utf-8")
    with patch.object(inspect_task, "import_module", absent):
        for work in (lambda: task(ROWS, "face"), lambda: read_log(tmp_path / "a.json")):
            with pytest.raises(BadInput, match=r"pip install mesolens\[inspect\]"):
                work()


def test_a_part_that_inspect_itself_lacks_is_not_hidden() -> None:
    def broken(name: str) -> object:
        raise ModuleNotFoundError("No module named 'anyio'", name="anyio")

    with patch.object(inspect_task, "import_module", broken), pytest.raises(ModuleNotFoundError, match="anyio"):
        task(ROWS, "face")


def test_a_pack_that_cannot_be_told_apart_makes_no_task() -> None:
    with pytest.raises(BadInput, match="own seed"):
        task([ROWS[0], ROWS[0]], "face")
    assert inspect_log.VERSION == 1
