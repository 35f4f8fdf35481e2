"""Every example of the documentation runs, and prints what the page says that it prints."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.house.pages import Block, blocks_of, commands, run, run_console, run_python

ROOT = Path(__file__).resolve().parents[2]
PAGES = {str(page.relative_to(ROOT)): page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
BLOCKS = {name: blocks_of(page.read_text("utf-8")) for name, page in PAGES.items()}
NOT_RUN = [(f"{name}:{block.line}", block.reason) for name, found in BLOCKS.items() for block in found if block.reason]
EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "src" / "mesolens").rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


@pytest.mark.slow
@pytest.mark.parametrize("page", [name for name, found in BLOCKS.items() if any(not b.reason for b in found)])
def test_a_page_does_what_it_says(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__page__"}
    for block in BLOCKS[page]:
        run(block, page, tmp_path, names)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "reason"), NOT_RUN, ids=[place for place, _ in NOT_RUN])
def test_what_is_shown_and_not_run_is_counted(place: str, reason: str) -> None:
    pytest.skip(f"{place} is not run: {reason}")


def test_commands_are_written_as_commands() -> None:
    run_here = [(name, block) for name, found in BLOCKS.items() for block in found if not block.file]
    shells = [(name, block) for name, block in run_here if block.language != "python"]
    assert [f"{name}:{block.line}" for name, block in shells if block.language != "console"] == []
    assert [f"{name}:{block.line}" for name, block in shells if not list(commands(block.code))] == []


def test_every_design_note_is_listed() -> None:
    notes = {note.name for note in (ROOT / "design").glob("*.md")} - {"README.md"}
    listed = (ROOT / "design" / "README.md").read_text("utf-8")
    assert {note for note in notes if f"({note})" not in listed} == set()


@pytest.mark.parametrize("module", EXAMPLES)
def test_a_docstring_does_what_it_says(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert done.attempted > 0
    assert done.failed == 0


def block(code: str) -> Block:
    """The only block of a page that has this code as a console block."""
    return blocks_of(f"# A page\n\n```console\n{code}```\n")[0]


def test_a_command_that_fails_is_seen(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="gave 3"):
        run_console(block("$ exit 3\n"), tmp_path)


def test_a_command_that_prints_something_else_is_seen(tmp_path: Path) -> None:
    run_console(block("$ echo one \\\n    two\none ...\n$ echo three\n"), tmp_path)
    with pytest.raises(AssertionError, match="the page says"):
        run_console(block("$ echo one\ntwo\n"), tmp_path)


def test_an_error_points_to_its_line() -> None:
    found = blocks_of("# A page\n\n```python\nx = 1\nraise KeyError\n```\n")[0]
    with pytest.raises(KeyError) as error:
        run_python(found, "page.md", {})
    assert error.traceback[-1].lineno == 4


def test_a_named_block_is_written(tmp_path: Path) -> None:
    (found,) = blocks_of('<!-- file: one.json -->\n```json\n{"a": 1}\n```\n\n```json\n{}\n```\n')
    run(found, "page.md", tmp_path, {})
    assert (tmp_path / "one.json").read_text("utf-8") == '{"a": 1}\n'


def test_a_reason_belongs_to_the_block_below_it() -> None:
    one, two = blocks_of("<!-- not run: a hub -->\n\n```console\n$ x\n```\n\n```console\n$ y\n```\n")
    assert (one.reason, two.reason) == ("a hub", "")
